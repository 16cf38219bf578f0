import { hex } from "../core/hash.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { SourceFile } from "../ports/source.ts";
import { leaveFormer } from "./former_content.ts";
import { wasElsewhere } from "./found_content.ts";
import { leftUploadOf } from "./left_uploads.ts";
import { checkClass, placeOf, storageClassOf } from "./object_place.ts";
import { confirm, isStoredAlready, isUnsettled, observeAgain, READS } from "./observed_file.ts";
import type { StoreContext, Task } from "./store_context.ts";
import { storeLarge } from "./store_large.ts";
import { metadataFor, storedEntry } from "./store_marker.ts";

/** Reads a file and stores its content, unless an equal content is stored already. */
export async function storeFile(context: StoreContext, task: Task, row: EntryRow): Promise<void> {
  const { root } = context.options.sources.get(task.source)!;
  const file = root.openFile(task.path);
  try {
    const current = observeAgain(context, task, row, file.stat(), "changed");
    const left = await leftUploadOf(context, task, current);
    const isLarge = unpackStat(current.stat).size > BigInt(context.options.partSize);
    if (isLarge || left !== undefined) {
      await storeLarge(context, task, { row: current, file, left });
    } else {
      await storeSmall(context, task, current, file);
    }
  } finally {
    file.close();
  }
}

async function storeSmall(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  file: SourceFile,
): Promise<void> {
  let current = row;
  let opened = file;
  let start = context.clock.now();
  try {
    let content = await readWhole(opened, current);
    for (let reads = 1; !isAsObserved(opened, current, content); reads++) {
      if (opened !== file) opened.close();
      opened = context.options.sources.get(task.source)!.root.openFile(task.path);
      start = context.clock.now();
      current = observeAgain(
        context,
        task,
        current,
        opened.stat(),
        reads < READS ? "changed" : "unstable",
      );
      content = await readWhole(opened, current);
      if (reads >= READS) break;
    }
    await storeBytes(context, task, { row: current, content, start });
  } finally {
    if (opened !== file) opened.close();
  }
}

function isAsObserved(file: SourceFile, row: EntryRow, content: Uint8Array): boolean {
  return BigInt(content.length) === unpackStat(row.stat).size &&
    sameRecord(file.stat(), 0, row.stat);
}

/** The content up to the observed size; shorter where the file has shrunk. */
async function readWhole(file: SourceFile, row: EntryRow): Promise<Uint8Array> {
  const buffer = new Uint8Array(Number(unpackStat(row.stat).size));
  if (buffer.length === 0) return buffer;
  const read = file.read(buffer);
  const length = typeof read === "number" ? read : await read;
  return buffer.subarray(0, length);
}

async function storeBytes(
  context: StoreContext,
  task: Task,
  { row, content, start }: { row: EntryRow; content: Uint8Array; start: bigint },
): Promise<void> {
  const { store, hashing } = context.options;
  const digest = hashing.sha256(content);
  const racy = isUnsettled(context, task, row, start);
  if (isStoredAlready(row, digest)) return confirm(context, task, row, { digest, racy });
  const sha256 = hex(digest);
  if (wasElsewhere(context, task, { row, sha256, racy })) return;
  const { key, own } = placeOf(context, task, row.position);
  const metadata = await metadataFor(context, task, {
    ...{ position: row.position, own, sha256 },
    ...{ stat: row.stat, attributes: row.attributes },
  });
  const storageClass = storageClassOf(context, BigInt(content.length));
  const object = await store.put(key, content, { metadata, storageClass, sha256 });
  await checkClass(context, key, storageClass);
  const former = leaveFormer(context.log.index, row, { key, object });
  context.totals.objects++;
  context.totals.bytes += content.length;
  context.batch.stored(task.source, task.folder, storageClass, {
    ...storedEntry(task, object, { key, own }, row.position),
    ...former,
    size: content.length.toString(),
    sha256,
    ...(racy ? { racy: true as const } : {}),
  });
}
