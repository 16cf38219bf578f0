import { hex } from "../core/hash.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import { type EntryRow, UNSTABLE } from "../core/index/rows.ts";
import { compareBytes, jsonOfText } from "../core/path_text.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { isRacy } from "../core/scan/racy.ts";
import { canonicalAttributes } from "./observe_entry.ts";
import type { StoreContext, Task } from "./store_context.ts";

/** A file that changes while it is read is read again so often, then stored and marked. */
export const READS = 3;

/** A file that is not as the scan saw it gets a new observation before its content is stored. */
export async function observeAgain(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  stat: Uint8Array,
  change: "changed" | "unstable",
): Promise<EntryRow> {
  if (change === "changed" && sameRecord(stat, 0, row.stat)) return row;
  const { log, run, clock, options } = context;
  // After the stat: a later change of them shows in a later ctime.
  const attributes = await options.sources.get(task.source)!.root.readAttributes(task.path);
  const entry = observedOfStat(task.name, change, stat, {
    links: row.links,
    attributes: canonicalAttributes(attributes),
    prev: row.position,
  });
  const folders = [{ path: jsonOfText(task.folder), entries: [entry] }];
  const data = { source: task.source, seen: clock.now().toString(), folders };
  // Durable: the key that will be overwritten may hold content.
  log.append(run, [{ type: "EntriesObserved", data }], { durable: true });
  return log.index.tables.findEntry(row.folder, row.name)!;
}

/** Too young when it was read, or never at rest: stored, and looked at again. `start` is in ns. */
export function isUnsettled(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  start: bigint,
): boolean {
  const { racyWindow } = context.options.sources.get(task.source)!;
  return (row.state & UNSTABLE) !== 0 || isRacy(row.stat, start, racyWindow(task.folder));
}

export function isStoredAlready(row: EntryRow, digest: Uint8Array): boolean {
  const { stored, sha256, etag } = row.content;
  return stored !== 0 && etag !== null && sha256 !== null && compareBytes(sha256, digest) === 0;
}

/** The equal re-read is an event, so that nobody has to believe it. */
export function confirm(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  { digest, racy }: { digest: Uint8Array; racy: boolean },
): void {
  context.totals.equal++;
  context.batch.observed(task.source, task.folder, {
    name: jsonOfText(task.name),
    change: "reread",
    type: "file",
    sha256: hex(digest),
    ...(racy ? { racy: true as const } : {}),
    prev: row.position,
  });
}
