import assert from "node:assert/strict";
import { confirm, confirmTyped } from "../../src/cli/confirm.ts";
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

Deno.test("what nobody can take back is answered by the word, and by nothing else", async () => {
  const answer = async (typed: readonly string[]) => {
    const system = fakeSystem({ terminal: true, typed });
    try {
      return [await confirmTyped(system, signal, "for good?", "compliance"), system.err()];
    } finally {
      system.remove();
    }
  };
  const asked = "for good?\ntype compliance to agree: ";
  assert.deepEqual(await answer(["compliance"]), [true, asked]);
  for (const typed of ["y", "yes", "Compliance", ""]) {
    assert.deepEqual(await answer([typed]), [false, asked], typed);
  }
  const system = fakeSystem({ typed: ["compliance"] });
  const question = confirmTyped(system, signal, "for good?", "compliance");
  await assert.rejects(question, { kind: "guard", hint: /--yes does not answer/ });
  system.remove();
});
