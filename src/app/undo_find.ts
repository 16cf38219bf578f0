import { HoldfastError } from "../core/error.ts";
import type { RunRow } from "../core/index/run_fold.ts";
import type { JobLog } from "../ports/event_log.ts";

/** The backup with this id, or the newest that was not undone. Throws kind "usage". */
export function findRun(log: JobLog, wanted: string): RunRow {
  const undone = new Set<string>();
  for (const event of log.events({ type: "Undone" })) {
    if (event.type === "Undone") undone.add(event.data.run);
  }
  const backups = log.index.runs(Number.MAX_SAFE_INTEGER)
    .filter(({ command }) => command === "backup");
  const found = wanted === "last"
    ? backups.filter(({ run }) => !undone.has(run)).slice(0, 1)
    : backups.filter(({ run }) => run.startsWith(wanted));
  const hint = "`holdfast log --type RunStarted --json` lists the runs";
  if (found.length === 0) {
    const what = wanted === "last" ? "no backup to undo" : `no backup whose id begins ${wanted}`;
    throw new HoldfastError("usage", `there is ${what}`, { hint });
  }
  if (found.length > 1) {
    throw new HoldfastError("usage", `${found.length} runs begin with ${wanted}`, { hint });
  }
  if (undone.has(found[0].run)) {
    throw new HoldfastError("usage", `run ${found[0].run} was undone already`, { hint });
  }
  return found[0];
}

/** Position of a run's last event. */
export function lastOf(log: JobLog, { run, position }: RunRow): number {
  let last = position;
  for (const line of log.lines({ from: position, run })) last = line.position;
  return last;
}

const CHANGES = ["EntriesObserved", "ObjectsStored", "ObjectCopied", "SourceRenamed"];

/** Whether anything was seen or stored after a position. */
export function changedAfter(log: JobLog, position: number): boolean {
  return CHANGES.some((type) =>
    !log.lines({ from: position + 1, type })[Symbol.iterator]().next().done
  );
}
