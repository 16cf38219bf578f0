import { findRun } from "../app/undo_find.ts";
import { type UndoReport, undoRun, type UndoTold } from "../app/undo_run.ts";
import type { RunInput, UndoOptions } from "../cli/runner.ts";
import { displayPath, jsonOfText, type PathText } from "../core/path_text.ts";
import { counted } from "../report/count_text.ts";
import { configDigest } from "./config_digest.ts";
import { withUpkeep } from "./upkeep.ts";

/** `holdfast undo`. */
export async function runUndo(input: RunInput<UndoOptions>): Promise<number> {
  const started = performance.now();
  const { job, options, globals } = input;
  const told = globals.dryRun
    ? (step: UndoTold, path: PathText) => tell(input, step, path)
    : () => {};
  const report = await withUpkeep(
    input,
    (deps) => undoRun(deps, { run: options.run, config: configDigest(job), told }),
    { needs: (log, { position }) => findRun(log, options.run).position <= position },
  );
  show(input, report, performance.now() - started);
  return report.exitCode;
}

const STEPS: { readonly [step in UndoTold]: [action: string, reason: string] } = {
  revert: ["revert", "back as it was before the run"],
  folder: ["revert", "folder, as it was before the run"],
  remove: ["remove", "from the index: it was not there before the run"],
  lost: ["keep", "as it is: its former content is no longer in the store"],
};

function tell({ output }: RunInput<UndoOptions>, step: UndoTold, path: PathText): void {
  const [action, reason] = STEPS[step];
  output.record({ record: "step", action, path: jsonOfText(path), size: 0, reason });
  output.text(`${action} ${displayPath(path) || "/"}: ${reason}`);
}

function show(
  { output, job, globals }: RunInput<UndoOptions>,
  report: UndoReport,
  ms: number,
): void {
  const { run: { run, started }, to, reverted, removed, folders, lost, snapshots } = report;
  output.summary({
    ...{ record: "summary", command: "undo", job: job.name, exit: report.exitCode },
    seconds: Math.round(ms) / 1000,
    totals: {
      ...{ run, position: to, reverted, removed, folders, lost, snapshots: [...snapshots] },
      dry_run: globals.dryRun,
    },
  }, [
    `${globals.dryRun ? "plan: undo" : "undid"} run ${run} of ${started}: the index as at ${to}`,
    `${counted(reverted, "entry", "entries")} back as before, ${removed} removed, ` +
    `${counted(folders, "folder")} changed back`,
    ...(lost > 0 ? [`${counted(lost, "entry is", "entries are")} lost, and as after the run`] : []),
    ...snapshots.map((position) => `snapshot ${position} is forgotten`),
    "nothing in the store was changed",
  ]);
}
