import { restore } from "../app/restore.ts";
import { findSameRestore } from "../app/same_restore.ts";
import type { RestoreOptions, RunInput } from "../cli/runner.ts";
import { configDigest } from "./config_digest.ts";
import { entryTree } from "./entry_tree.ts";
import { systemEnvironment } from "./environment.ts";
import { isFile } from "./open_log.ts";
import { planOnly } from "./restore_dry_run.ts";
import { openRestorePlace } from "./restore_place.ts";
import { selectionOf, wantedState, warmUpOf, WORKERS } from "./restore_selection.ts";
import { standingOf } from "./restore_standing.ts";
import { showRestore } from "./restore_summary.ts";
import { withCopiedIndex, withTemporaryIndex } from "./temporary_index.ts";
import { needsStates, withPast } from "./with_past.ts";

/**
 * `holdfast restore`. On a machine that does not write the job it has a log of its own, which goes on
 * from the job's.
 */
export async function runRestore(input: RunInput<RestoreOptions>): Promise<number> {
  const needs = needsStates(wantedState(input.options.state));
  if (input.globals.dryRun) {
    return isFile(input.stateFile)
      ? await withPast(input, needs, planOnly)
      : await withTemporaryIndex(input, planOnly);
  }
  if (!isFile(input.stateFile)) return await withTemporaryIndex(input, restoreAsGuest);
  switch (await standingOf(input)) {
    case "owner":
      return await withPast(input, needs, (input) => restoreFrom(input, { isGuest: false }));
    case "reader":
      return await withCopiedIndex(input, (copy) => withPast(copy, needs, restoreAsGuest));
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
  const { job, output, options } = input;
  const started = performance.now();
  const place = openRestorePlace(input, systemEnvironment(), { isGuest });
  const { log, rest } = place;
  try {
    const state = place.state(wantedState(options.state));
    const chosen = await options.choose?.(entryTree(state.index), `restore of ${state.label}`);
    const paths = chosen ?? options.paths;
    output.text(`restoring ${state.label}`);
    const deps = await place.deps(options.to);
    output.signal({ kind: "phase", name: "restore", subject: options.to });
    const { include, exclude, overwrite, to } = options;
    const patterns = { include, exclude };
    const same = isGuest ? undefined : findSameRestore(log.index.restores.jobs(), {
      ...{ to, overwrite, paths, patterns, position: state.position },
    });
    const report = await restore(deps, {
      ...{ state, selection: selectionOf({ paths, ...patterns }), patterns, to, overwrite },
      ...{ config: configDigest(job), workers: WORKERS, wait: options.warmUp.wait },
      ...{ rest, ...(same === undefined ? {} : { resume: same.job }) },
      warmUp: warmUpOf(input, same === undefined),
    });
    const seconds = (performance.now() - started) / 1000;
    showRestore(input, report, { to, seconds, isGuest, command: "restore" });
    return report.exitCode;
  } finally {
    place.close();
  }
}
