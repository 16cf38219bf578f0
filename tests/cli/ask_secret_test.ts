import assert from "node:assert/strict";
import { askSecret } from "../../src/cli/ask_secret.ts";
import { type FakeOptions, fakeSystem } from "./fake_system.ts";

const { signal } = new AbortController();

async function ask(options: FakeOptions) {
  const system = fakeSystem(options);
  try {
    const secret = await askSecret(system, signal, "passphrase of k");
    return { secret, shown: system.err() + system.out() };
  } finally {
    system.remove();
  }
}

Deno.test("a passphrase is typed unseen, key by key or at once", async () => {
  for (const typed of [["horse battery\r"], ["ho", "rse ", "battery", "\n"]]) {
    assert.deepEqual(await ask({ terminal: true, typed }), {
      ...{ secret: "horse battery", shown: "passphrase of k: \n" },
    });
  }
});

Deno.test("keys that edit do, and others are no part of it", async () => {
  const secret = async (text: string) => (await ask({ terminal: true, typed: [text] })).secret;
  assert.equal(await secret("hors€x\x7f\b€\r"), "hors€");
  assert.equal(await secret("wrong\x15right\r"), "right");
  assert.equal(await secret("\x1b[Aa\x1bOBb\tc\r"), "abc");
  assert.equal(await secret("🐴x\x7f\x7f\r"), "");
});

Deno.test("a question that is left ends the run", async () => {
  for (const typed of [["half\x03"], ["\x04"], ["half"]]) {
    await assert.rejects(ask({ terminal: true, typed }), { kind: "interrupted" });
  }
  const system = fakeSystem({ terminal: true, typed: [] });
  let closed = false;
  const raw = () => ({
    ...{ read: () => new Promise<undefined>(() => {}), rows: () => 24 },
    close: () => void (closed = true),
  });
  const controller = new AbortController();
  const stdin = { ...system.stdin, raw };
  const asked = askSecret({ ...system, stdin }, controller.signal, "passphrase");
  controller.abort();
  await assert.rejects(asked, { kind: "interrupted" });
  assert.ok(closed, "the terminal is as it was");
  system.remove();
});

Deno.test("without a terminal a passphrase comes from nowhere: kind key", async () => {
  const stdin = new TextEncoder().encode("secret\n");
  for (const options of [{ terminal: true }, { typed: ["secret\n"] }, { stdin }]) {
    await assert.rejects(ask(options), {
      kind: "key",
      message: /passphrase of k/,
      hint: /terminal/,
    });
  }
});
