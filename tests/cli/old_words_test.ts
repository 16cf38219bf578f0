import assert from "node:assert/strict";
import { runProgram } from "../../src/cli/main_program.ts";
import { OLD_WORDS, oldWord } from "../../src/cli/old_words.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { fakeRunner } from "./fake_runner.ts";
import { fakeSystem } from "./fake_system.ts";

async function answer(args: string[]): Promise<{ code: number; err: string }> {
  const system = fakeSystem();
  try {
    const { runner, calls } = fakeRunner();
    const code = await runProgram(args, runner, system);
    assert.deepEqual(calls, []);
    return { code, err: system.err() };
  } finally {
    system.remove();
  }
}

const system = fakeSystem();
system.remove();
const program = buildProgram({ system, launch: () => Promise.resolve() });
const ours = new Set(
  program.commands.flatMap((command) => [command.name(), ...command.aliases()]),
);

Deno.test("every word of another tool that is not ours is answered with its new form", async () => {
  const words = OLD_WORDS.map(({ word }) => word).filter((word) => word !== undefined);
  for (const word of new Set(words)) {
    if (ours.has(word)) continue;
    const { code, err } = await answer([word]);
    assert.equal(code, 2, word);
    const { tool, now } = oldWord(word)!;
    assert.ok(err.startsWith(`error: ${word} is a word of ${tool}\nhint: `), err);
    assert.ok(err.includes(now), err);
  }
});

Deno.test("an option of another tool is answered behind a command of ours, too", async () => {
  const { code, err } = await answer(["backup", "--track-renames"]);
  assert.deepEqual([code, err], [
    2,
    "error: --track-renames is a word of rclone\nhint: not needed: renames are always found\n",
  ]);
  assert.match(
    (await answer(["sync", "--bwlimit=3M", "a", "b"])).err,
    /hint: write holdfast backup/,
  );
});

Deno.test("every new form is a command that there is, with options that it has", () => {
  const names = (flags: readonly { long?: string }[]) => flags.map(({ long }) => long);
  for (const { old, now } of OLD_WORDS) {
    for (const [, form] of now.matchAll(/\bholdfast ([^,:;]*)/g)) {
      const words = form.split(" ");
      const command = program.commands.find((found) => words.includes(found.name()));
      const below = command?.commands.find((found) => words.includes(found.name()));
      const known = [program, command, below].flatMap((found) => names(found?.options ?? []));
      if (command === undefined) assert.match(form, /^--/, `${old}: holdfast ${form}`);
      for (const [flag] of form.matchAll(/--[a-z-]+/g)) {
        assert.ok(known.includes(flag), `${old}: holdfast ${form} has no ${flag}`);
      }
    }
  }
});
