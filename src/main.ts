import { fastAnswer } from "./cli/fast_answer.ts";
import type { RunInput, Runner } from "./cli/runner.ts";
import { SMB_CHILD_WORD } from "./smb/child_word.ts";

/**
 * The composition root: each command's use case and adapters are imported when it is called and not
 * before, because start-up counts.
 */
const runner: Runner = {
  init: async (input) => (await import("./wiring/run_init.ts")).runInit(input),
  printPolicy: async (input) => (await import("./wiring/print_policy.ts")).runPrintPolicy(input),
  backup: async (input) => {
    const readsShare = input.job.sources.some(({ share }) => share !== undefined);
    if (readsShare) await (await import("./wiring/early_source.ts")).beginEarly(input);
    return (await import("./wiring/run_backup.ts")).runBackup(input);
  },
  restore: async (input) => (await import("./wiring/run_restore.ts")).runRestore(input),
  restores: async (input) => (await import("./wiring/run_restores.ts")).runRestores(input),
  log: async (input) => await look(input, (await import("./wiring/run_look.ts")).runLog),
  logVerify: async (input) =>
    await look(input, (await import("./wiring/run_log_verify.ts")).runLogVerify),
  logShip: async (input) => (await import("./wiring/run_log.ts")).runLogShip(input),
  logCheckpoint: async (input) =>
    (await import("./wiring/run_checkpoint.ts")).runLogCheckpoint(input),
  logCut: async (input) => (await import("./wiring/run_log_cut.ts")).runLogCut(input),
  logExport: async (input) =>
    await look(input, (await import("./wiring/run_log_export.ts")).runLogExport),
  adopt: async (input) => (await import("./wiring/run_adopt.ts")).runAdopt(input),
  rebuild: async (input) => (await import("./wiring/run_rebuild.ts")).runRebuild(input),
  reconcile: async (input) => {
    const { runReconcile } = await import("./wiring/run_reconcile.ts");
    const { fix, deleteUnknown } = input.options;
    return await (fix || deleteUnknown ? runReconcile(input) : compare(input, runReconcile));
  },
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
  check: async (input) => {
    const { runCheck } = await import("./wiring/run_check.ts");
    return await (input.options.repair ? runCheck(input) : compare(input, runCheck));
  },
  heal: async (input) => (await import("./wiring/run_heal.ts")).runHeal(input),
  prune: async (input) => (await import("./wiring/run_prune.ts")).runPrune(input),
  delete: async (input) => (await import("./wiring/run_delete.ts")).runDelete(input),
  undo: async (input) => (await import("./wiring/run_undo.ts")).runUndo(input),
  uploads: async (input) => {
    const { runUploads } = await import("./wiring/run_uploads.ts");
    return await (input.options.abort ? runUploads(input) : look(input, runUploads));
  },
  decrypt: async (input) => (await import("./wiring/run_decrypt.ts")).runDecrypt(input),
  keyGenerate: async (input) =>
    (await import("./wiring/run_key_generate.ts")).runKeyGenerate(input),
  keyRecipients: async (input) =>
    (await import("./wiring/run_key_recipients.ts")).runKeyRecipients(input),
  shares: async (input) => (await import("./wiring/run_shares.ts")).runShares(input),
  doctor: async (input) => (await import("./wiring/run_doctor.ts")).runDoctor(input),
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

/** What compares the index with the store does so, too, and records it where it writes the job. */
async function compare<Options>(
  input: RunInput<Options>,
  run: (input: RunInput<Options>) => Promise<number>,
): Promise<number> {
  return await (await import("./wiring/as_reader.ts")).asReader(input, run);
}

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === SMB_CHILD_WORD) {
    // A process that reads a share for the one that started it: no command of a person's.
    (await import("./smb/child_loop.ts")).answerQuestions();
    return 0;
  }
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
