import { fastAnswer } from "./cli/fast_answer.ts";
import type { Runner } from "./cli/runner.ts";

/**
 * The composition root: each command's use case and adapters are imported when it is called and not
 * before, because start-up counts.
 */
const runner: Runner = {
  init: async (input) => (await import("./wiring/run_init.ts")).runInit(input),
  backup: async (input) => (await import("./wiring/run_backup.ts")).runBackup(input),
  restore: async (input) => (await import("./wiring/run_restore.ts")).runRestore(input),
  log: async (input) => (await import("./wiring/run_look.ts")).runLog(input),
  logVerify: async (input) => (await import("./wiring/run_log.ts")).runLogVerify(input),
  replay: async (input) => (await import("./wiring/run_log.ts")).runReplay(input),
  snapshots: async (input) => (await import("./wiring/run_look.ts")).runSnapshots(input),
  ls: async (input) => (await import("./wiring/run_look.ts")).runLs(input),
  status: async (input) => (await import("./wiring/run_look.ts")).runStatus(input),
  stats: async (input) => (await import("./wiring/run_look.ts")).runStats(input),
};

async function main(args: readonly string[]): Promise<number> {
  const answer = fastAnswer(args);
  if (answer !== undefined) {
    console.log(answer);
    return 0;
  }
  const { runProgram } = await import("./cli/main_program.ts");
  const { denoSystem } = await import("./cli/system.ts");
  return await runProgram(args, runner, denoSystem());
}

if (import.meta.main) Deno.exit(await main(Deno.args));
