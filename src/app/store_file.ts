import { HoldfastError } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import { type EntryRow, UNSTABLE } from "../core/index/rows.ts";
import { compareBytes, jsonOfText } from "../core/path_text.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { isRacy } from "../core/scan/racy.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { SourceFile } from "../ports/source.ts";
import { canonicalAttributes } from "./observe_entry.ts";
import { checkClass, placeOf, storageClassOf } from "./object_place.ts";
import type { StoreContext, Task } from "./store_context.ts";
import { metadataFor, storedEntry } from "./store_marker.ts";
import { uploadParts } from "./upload_parts.ts";

/** A file that changes while it is read is read again so often, then stored and marked. */
const READS = 3;

/** Reads a file and stores its content, unless an equal content is stored already. */
export async function storeFile(context: StoreContext, task: Task, row: EntryRow): Promise<void> {
  const { root } = context.options.sources.get(task.source)!;
  const file = root.openFile(task.path);
  try {
    const current = observeAgain(context, task, row, file.stat(), "changed");
    if (unpackStat(current.stat).size > BigInt(context.options.partSize)) {
      await storeLarge(context, task, current, file);
    } else {
      await storeSmall(context, task, current, file);
    }
  } finally {
    file.close();
  }
}

/** A file that is not as the scan saw it gets a new observation before its content is stored. */
function observeAgain(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  stat: Uint8Array,
  change: "changed" | "unstable",
): EntryRow {
  if (change === "changed" && sameRecord(stat, 0, row.stat)) return row;
  const { log, run, clock, options } = context;
  // After the stat: a later change of them shows in a later ctime.
  const attributes = options.sources.get(task.source)!.root.readAttributes(task.path);
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
  const { key, own } = placeOf(context, task, row.position);
  const sha256 = hex(digest);
  const metadata = await metadataFor(context, task, {
    ...{ position: row.position, own, sha256 },
    ...{ stat: row.stat, attributes: row.attributes },
  });
  const storageClass = storageClassOf(context, BigInt(content.length));
  const object = await store.put(key, content, { metadata, storageClass, sha256 });
  await checkClass(context, key, storageClass);
  context.totals.objects++;
  context.totals.bytes += content.length;
  context.batch.stored(task.source, task.folder, storageClass, {
    ...storedEntry(task, object, { key, own }, row.position),
    size: content.length.toString(),
    sha256,
    ...(racy ? { racy: true as const } : {}),
  });
}

function isUnsettled(context: StoreContext, task: Task, row: EntryRow, start: bigint): boolean {
  const { racyWindow } = context.options.sources.get(task.source)!;
  return (row.state & UNSTABLE) !== 0 || isRacy(row.stat, start, racyWindow(task.folder));
}

function isStoredAlready(row: EntryRow, digest: Uint8Array): boolean {
  const { stored, sha256, etag } = row.content;
  return stored !== 0 && etag !== null && sha256 !== null && compareBytes(sha256, digest) === 0;
}

/** The equal re-read is an event, so that nobody has to believe it. */
function confirm(
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

async function storeLarge(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  file: SourceFile,
): Promise<void> {
  const { root } = context.options.sources.get(task.source)!;
  if (row.content.stored !== 0 && row.content.sha256 !== null) {
    const start = context.clock.now();
    const digest = await hashWhole(context, file);
    const isSame = sameRecord(file.stat(), 0, row.stat);
    if (isSame && isStoredAlready(row, digest)) {
      const racy = isUnsettled(context, task, row, start);
      return confirm(context, task, row, { digest, racy });
    }
  }
  const { multipart } = context.options.store.features;
  if (!multipart.works) {
    throw new HoldfastError("refused", `larger than part_size, and ${multipart.reason}`, {
      hint: "raise part_size: a file up to that size is one PUT, held in memory",
    });
  }
  let current = row;
  for (let reads = 1;; reads++) {
    const opened = root.openFile(task.path);
    try {
      current = observeAgain(
        context,
        task,
        current,
        opened.stat(),
        reads <= READS ? "changed" : "unstable",
      );
      const start = context.clock.now();
      const { key, own } = placeOf(context, task, current.position);
      const { position, stat, attributes } = current;
      const metadata = await metadataFor(context, task, { position, stat, attributes, own });
      const size = unpackStat(current.stat).size;
      const storageClass = storageClassOf(context, size);
      const isLast = reads > READS;
      const upload = await uploadParts(context, task, {
        ...{ key, metadata, storageClass, file: opened, size: Number(size) },
        isWhole: () => isLast || sameRecord(opened.stat(), 0, current.stat),
      });
      if (upload === undefined) continue;
      await checkClass(context, key, storageClass);
      return recordUpload(context, task, current, { ...upload, key, own, storageClass, start });
    } finally {
      opened.close();
    }
  }
}

async function hashWhole(context: StoreContext, file: SourceFile): Promise<Uint8Array> {
  const { partSize, hashing } = context.options;
  await context.budget.acquire(partSize);
  const buffer = context.buffers.take(partSize);
  try {
    const hash = hashing.incremental();
    for (;;) {
      const length = await file.read(buffer);
      if (length === 0) return hash.digest();
      hash.update(buffer.subarray(0, length));
      context.signal.throwIfAborted();
    }
  } finally {
    context.buffers.give(buffer);
    context.budget.release(partSize);
  }
}

function recordUpload(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  upload: {
    object: Awaited<ReturnType<StoreContext["options"]["store"]["put"]>>;
    digest: Uint8Array;
    bytes: number;
    key: string;
    own: boolean;
    storageClass: string;
    start: bigint;
  },
): void {
  const { log, run } = context;
  const racy = isUnsettled(context, task, row, upload.start);
  const entry = {
    ...storedEntry(task, upload.object, upload, row.position),
    size: upload.bytes.toString(),
    sha256: hex(upload.digest),
    ...(racy ? { racy: true as const } : {}),
  };
  context.totals.objects++;
  context.batch.flush();
  log.append(run, [{
    type: "ObjectsStored",
    data: {
      source: task.source,
      class: upload.storageClass,
      folders: [{ path: jsonOfText(task.folder), objects: [entry] }],
      multipart: upload.key,
    },
  }]);
}
