import { dirname } from "node:path";
import { openState, type WantedState } from "../app/read_state.ts";
import { measureRestore, restore, type RestoreReport } from "../app/restore.ts";
import type { Selection } from "../app/restore_items.ts";
import type { RestoreOptions, RunInput, StateName } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { formatSize } from "../core/size_text.ts";
import { platformHashing } from "../crypto/hashing.ts";
import type { Rules } from "../ports/rules.ts";
import { counted } from "../report/count_text.ts";
import { gitignoreRules } from "../rules/gitignore_rules.ts";
import { sqliteWorkTables } from "../sqlite/work_tables.ts";
import { openLocalTarget } from "../targets/local/local_target.ts";
import { configDigest } from "./config_digest.ts";
import { entryTree } from "./entry_tree.ts";
import { systemEnvironment } from "./environment.ts";
import { identitiesOf } from "./open_keys.ts";
import {
  isFile,
  openForLook,
  openForReading,
  replayerBeside,
  takeRestoreLock,
} from "./open_log.ts";
import { openRestoreStore, standingOf } from "./restore_standing.ts";
import { withCopiedIndex, withTemporaryIndex } from "./temporary_index.ts";

/** Files under way at once. */
const WORKERS = 16;

/**
 * `holdfast restore`. On a machine that does not write the job it has a log of its own, which goes on
 * from the job's.
 */
export async function runRestore(input: RunInput<RestoreOptions>): Promise<number> {
  if (!isFile(input.stateFile)) return await withTemporaryIndex(input, restoreAsGuest);
  if (input.globals.dryRun) return await restoreFrom(input, { isGuest: false });
  switch (await standingOf(input)) {
    case "owner":
      return await restoreFrom(input, { isGuest: false });
    case "reader":
      return await withCopiedIndex(input, restoreAsGuest);
    case "behind":
      return await withTemporaryIndex(input, restoreAsGuest);
  }
}

function restoreAsGuest(input: RunInput<RestoreOptions>): Promise<number> {
  return restoreFrom(input, { isGuest: true });
}

async function restoreFrom(
  input: RunInput<RestoreOptions>,
  { isGuest }: { isGuest: boolean },
): Promise<number> {
  const { job, output, globals, options, signal } = input;
  const environment = systemEnvironment();
  const started = performance.now();
  const log = openForReading(input, globals.dryRun ? "read" : "write");
  const lock = globals.dryRun ? undefined : takeRestoreLock(input, environment);
  // A backup may go on meanwhile: the state is read from the moment at which it was chosen.
  const moment = openForLook(input);
  const state = openState(
    moment,
    replayerBeside(input.stateFile),
    wantedState(options.state),
    output.signal,
  );
  try {
    const chosen = await options.choose?.(entryTree(state.index), `restore of ${state.label}`);
    const selection = selectionOf({ ...options, paths: chosen ?? options.paths });
    output.text(`restoring ${state.label}`);
    if (globals.dryRun) {
      const { entries, bytes } = measureRestore(state, selection);
      output.text(
        `plan: write ${counted(entries, "entry", "entries")}, ${
          formatSize(bytes)
        }, to ${options.to}`,
      );
      return EXIT.done;
    }
    const { store, shipper } = await openRestoreStore(input, environment, { log, isGuest });
    output.signal({ kind: "phase", name: "restore", subject: options.to });
    try {
      const report = await restore({
        ...{ log, store, shipper, environment, signal, hashing: platformHashing },
        ...{ emit: output.signal, windows: Deno.build.os === "windows" },
        openTarget: () => openLocalTarget(options.to, { random: environment.random.bytes }),
        // By the connection that reads the state: another one would have a cache of its own.
        contents: moment.index.packs,
        ...{ identities: () => identitiesOf(input), recipients: job.recipients },
        work: sqliteWorkTables(dirname(input.stateFile)),
      }, {
        ...{ state, selection, to: options.to, overwrite: options.overwrite },
        ...{ config: configDigest(job), workers: WORKERS },
      });
      show(input, report, (performance.now() - started) / 1000);
      return report.exitCode;
    } finally {
      store.close();
    }
  } finally {
    state.close();
    lock?.release();
    moment.close();
    log.close();
  }
}

export function wantedState(name: StateName | undefined): WantedState {
  return name ?? { kind: "default" };
}

function selectionOf({ paths, include, exclude }: RestoreOptions): Selection {
  return { paths, include: matcher(include), exclude: matcher(exclude) };
}

/** Rules that "exclude" what the patterns match: here that is what is looked for. */
function matcher(patterns: readonly string[]): Rules | undefined {
  if (patterns.length === 0) return undefined;
  return gitignoreRules({ exclude: [...patterns], include: [], ignoreFile: "" });
}

function show(
  { output, job, options }: RunInput<RestoreOptions>,
  report: RestoreReport,
  seconds: number,
): void {
  const { entries, bytes, present, failed } = report;
  output.summary({
    record: "summary",
    command: "restore",
    job: job.name,
    exit: report.exitCode,
    seconds: Math.round(seconds * 1000) / 1000,
    totals: { entries, bytes, present, failed },
  }, [
    `restored ${counted(entries, "entry", "entries")}, ${formatSize(bytes)}, to ${options.to}`,
    ...(present > 0 ? [`${present} of them were there already`] : []),
    ...(failed > 0 ? [`${counted(failed, "entry", "entries")} could not be restored`] : []),
    ...[...report.limits].map(([reason, count]) =>
      `not kept for ${counted(count, "entry", "entries")}: ${reason}`
    ),
    ...report.targetLimits.map((limit) => `note: ${limit}`),
  ]);
}
