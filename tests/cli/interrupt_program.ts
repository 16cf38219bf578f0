import { runProgram } from "../../src/cli/main_program.ts";
import { denoSystem } from "../../src/cli/system.ts";
import { fakeRunner } from "./fake_runner.ts";

/**
 * A program for interrupt_test.ts: `backup` waits until it is interrupted, `backup --yes` for ever,
 * `ls` writes lines without end.
 */
const { runner } = fakeRunner(async ({ globals, output, signal }) => {
  output.raw("started");
  if (globals.yes) await new Promise((resolve) => setTimeout(resolve, 60_000));
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    output.text("line");
  }
  throw new Error("stopped in the middle");
});

Deno.exit(await runProgram(Deno.args, runner, denoSystem()));
