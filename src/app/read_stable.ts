import type { EntryRow } from "../core/index/rows.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { SourceFile } from "../ports/source.ts";
import { observeAgain, READS } from "./observed_file.ts";
import type { StoreContext, Task } from "./store_context.ts";

export interface StableContent {
  /** The observation that the content belongs to. */
  readonly row: EntryRow;
  readonly content: Uint8Array;
  /** Time (ns) at which it was begun to be read. */
  readonly start: bigint;
}

/**
 * Reads a small file whole: again where it changed meanwhile, and after READS times as it is, marked
 * unstable. Each other state is observed first. Throws kind "entry".
 */
export async function readStable(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  file: SourceFile,
): Promise<StableContent> {
  let current = row;
  let opened = file;
  let start = context.clock.now();
  try {
    let content = await readWhole(opened, current);
    for (let reads = 1; !await isAsObserved(opened, current, content); reads++) {
      if (opened !== file) opened.close();
      const { root } = context.options.sources.get(task.source)!;
      opened = await root.openFile(task.path, { record: current.stat, stale: true });
      start = context.clock.now();
      const change = reads < READS ? "changed" : "unstable";
      current = await observeAgain(context, task, current, await opened.stat(), change);
      content = await readWhole(opened, current);
      if (reads >= READS) break;
    }
    return { row: current, content, start };
  } finally {
    if (opened !== file) opened.close();
  }
}

async function isAsObserved(
  file: SourceFile,
  row: EntryRow,
  content: Uint8Array,
): Promise<boolean> {
  return BigInt(content.length) === unpackStat(row.stat).size &&
    sameRecord(await file.stat(), 0, row.stat);
}

/** The content up to the observed size; shorter where the file has shrunk. */
async function readWhole(file: SourceFile, row: EntryRow): Promise<Uint8Array> {
  const buffer = new Uint8Array(Number(unpackStat(row.stat).size));
  if (buffer.length === 0) return buffer;
  const read = file.read(buffer);
  const length = typeof read === "number" ? read : await read;
  return buffer.subarray(0, length);
}
