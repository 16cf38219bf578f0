import { fastAnswer } from "./cli/fast_answer.ts";
import type { RunInput, Runner } from "./cli/runner.ts";

/**
 * The composition root: each command's use case and adapters are imported when it is called and not
 * before, because start-up counts.
 */
const runner: Runner = {
  init: async (input) => (await import("./wiring/run_init.ts")).runInit(input),
  backup: async (input) => (await import("./wiring/run_backup.ts")).runBackup(input),
  restore: async (input) => (await import("./wiring/run_restore.ts")).runRestore(input),
  restores: async (input) => (await import("./wiring/run_restores.ts")).runRestores(input),
  log: async (input) => await look(input, (await import("./wiring/run_look.ts")).runLog),
  logVerify: async (input) => (await import("./wiring/run_log.ts")).runLogVerify(input),
  logShip: async (input) => (await import("./wiring/run_log.ts")).runLogShip(input),
  logCheckpoint: async (input) =>
    (await import("./wiring/run_checkpoint.ts")).runLogCheckpoint(input),
  rebuild: async (input) => (await import("./wiring/run_rebuild.ts")).runRebuild(input),
  takeover: async (input) => (await import("./wiring/run_takeover.ts")).runTakeover(input),
  replay: async (input) => (await import("./wiring/run_log.ts")).runReplay(input),
  snapshots: async (input) =>
    await look(input, (await import("./wiring/run_look.ts")).runSnapshots),
  find: async (input) => await look(input, (await import("./wiring/run_find.ts")).runFind),
  diff: async (input) => await look(input, (await import("./wiring/run_diff.ts")).runDiff),
  history: async (input) => await look(input, (await import("./wiring/run_history.ts")).runHistory),
  forget: async (input) => (await import("./wiring/run_forget.ts")).runForget(input),
  ls: async (input) => await look(input, (await import("./wiring/run_look.ts")).runLs),
  lsRemote: async (input) => (await import("./wiring/run_ls_remote.ts")).runLsRemote(input),
  status: async (input) => await look(input, (await import("./wiring/run_look.ts")).runStatus),
  check: async (input) => (await import("./wiring/run_check.ts")).runCheck(input),
  heal: async (input) => (await import("./wiring/run_heal.ts")).runHeal(input),
  prune: async (input) => (await import("./wiring/run_prune.ts")).runPrune(input),
  delete: async (input) => (await import("./wiring/run_delete.ts")).runDelete(input),
  undo: async (input) => (await import("./wiring/run_undo.ts")).runUndo(input),
  uploads: async (input) => (await import("./wiring/run_uploads.ts")).runUploads(input),
  decrypt: async (input) => (await import("./wiring/run_decrypt.ts")).runDecrypt(input),
  keyGenerate: async (input) =>
    (await import("./wiring/run_key_generate.ts")).runKeyGenerate(input),
  keyRecipients: async (input) =>
    (await import("./wiring/run_key_recipients.ts")).runKeyRecipients(input),
  cost: async (input) => await look(input, (await import("./wiring/run_cost.ts")).runCost),
  stats: async (input) => await look(input, (await import("./wiring/run_look.ts")).runStats),
};

/** Commands that only read work without the job's database, too. */
async function look<Options>(
  input: RunInput<Options>,
  run: (input: RunInput<Options>) => Promise<number>,
): Promise<number> {
  return await (await import("./wiring/temporary_index.ts")).withIndex(input, run);
}

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
