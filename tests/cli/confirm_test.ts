import assert from "node:assert/strict";
import { confirm } from "../../src/cli/confirm.ts";
import { type FakeOptions, fakeSystem } from "./fake_system.ts";

const { signal } = new AbortController();

async function answerOf(options: FakeOptions, yes = false) {
  const system = fakeSystem(options);
  try {
    const answer = await confirm(system, { yes }, signal, "delete it?");
    return { answer, asked: system.err() };
  } finally {
    system.remove();
  }
}

Deno.test("a question is answered at the terminal, and anything but yes is no", async () => {
  for (const typed of ["y", "Y", "yes", " YES "]) {
    const { answer, asked } = await answerOf({ terminal: true, typed: [typed] });
    assert.equal(answer, true, typed);
    assert.equal(asked, "delete it? [y/N] ");
  }
  for (const typed of ["", "n", "no", "yess", "of course"]) {
    assert.equal((await answerOf({ terminal: true, typed: [typed] })).answer, false, typed);
  }
  assert.equal((await answerOf({ terminal: true, typed: [] })).answer, false);
});

Deno.test("--yes answers without a question", async () => {
  assert.deepEqual(await answerOf({}, true), { answer: true, asked: "" });
});

Deno.test("where there is no terminal to ask at, --yes is needed", async () => {
  for (const options of [{ terminal: true }, { typed: ["y"] }]) {
    await assert.rejects(answerOf(options), { kind: "usage", hint: /--yes/ });
  }
});

Deno.test("a question that is interrupted ends the run", async () => {
  const system = fakeSystem({ terminal: true, typed: [] });
  const controller = new AbortController();
  const never = { ...system.stdin, readLine: () => new Promise<undefined>(() => {}) };
  const asked = confirm({ ...system, stdin: never }, { yes: false }, controller.signal, "sure?");
  controller.abort();
  await assert.rejects(asked, { kind: "interrupted" });
  system.remove();
});
