import { batchIntents } from "../app/batch_intents.ts";
import { standingOf } from "../app/survey_restores.ts";
import { warmthSurvey } from "../app/survey_warmth.ts";
import type { RestoresOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import {
  restoreFacts,
  restoreLines,
  restoreRecord,
  type ShownRestore,
} from "../report/restore_job_text.ts";
import { cancelRestore } from "./cancel_restore.ts";
import { simulatedWait } from "./cold_deps.ts";
import { systemEnvironment } from "./environment.ts";
import { checkOwner, openRestores, restoreNamed } from "./known_restores.ts";
import { openForLook } from "./open_log.ts";
import { planResumed } from "./restore_dry_run.ts";
import { resumeRestores } from "./resume_restores.ts";
import { storeToAsk } from "./store_to_ask.ts";
import { withIndex } from "./temporary_index.ts";
import { withPast } from "./with_past.ts";

/** `holdfast restores`, and `restore --wait` without a target. */
export async function runRestores(input: RunInput<RestoresOptions>): Promise<number> {
  const { options } = input;
  switch (options.kind) {
    case "list":
    case "show":
      return await withIndex(input, look);
    case "cancel":
      await checkOwner(input);
      return await cancelRestore(input, options.job);
    case "resume":
      await checkOwner(input);
      return await withPast({ ...input, options }, {
        needs: (log, { since }) => openRestores(log).some(({ restored }) => restored < since),
      }, input.globals.dryRun ? planResumed : resumeRestores);
  }
}

async function look(input: RunInput<RestoresOptions>): Promise<number> {
  const { output, options } = input;
  const { clock } = systemEnvironment();
  const now = () => Number(clock.now() / 1_000_000n);
  const log = openForLook(input);
  try {
    const rows = options.kind === "show" ? [restoreNamed(log, options.job)] : openRestores(log);
    const store = rows.some(({ state, objects }) => state === "open" && objects > 0)
      ? await storeToAsk(input, log)
      : undefined;
    const shown: ShownRestore[] = [];
    try {
      const { signal } = input;
      const survey = store === undefined ? undefined : warmthSurvey({ store, signal, now });
      const intents = batchIntents(log);
      for (const row of rows) {
        const how = { survey, now: now(), simulatedWait: simulatedWait(input), intents };
        shown.push({ row, ...await standingOf(log.index, row, how) });
      }
    } finally {
      store?.close();
    }
    for (const restore of shown) output.record(restoreRecord(restore));
    if (options.kind === "show") output.text(...restoreFacts(shown[0], now(), output.zone));
    else if (shown.length > 0) output.text(...restoreLines(shown, now(), output.zone));
    else output.signal({ kind: "notice", text: "no restore is open" });
    return EXIT.done;
  } finally {
    log.close();
  }
}
