import { HoldfastError } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { jsonOfText } from "../core/path_text.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { isRacy } from "../core/scan/racy.ts";
import { unpackStat } from "../core/stat_record.ts";
import { timeOfIso } from "../core/time_text.ts";
import type { SourceFile } from "../ports/source.ts";
import { leaveFormer } from "./former_content.ts";
import { wasElsewhere } from "./found_content.ts";
import { hashWhole } from "./hash_whole.ts";
import { checkClass, placeOf, storageClassOf } from "./object_place.ts";
import { confirm, isStoredAlready, isUnsettled, observeAgain, READS } from "./observed_file.ts";
import { resumeUpload } from "./resume_upload.ts";
import type { LeftUpload, StoreContext, Task } from "./store_context.ts";
import { metadataFor, storedEntry } from "./store_marker.ts";
import { sealedReading } from "./seal_content.ts";
import { type UploadedContent, uploadParts } from "./upload_parts.ts";

interface LargeFile {
  readonly row: EntryRow;
  /** Open, nothing of it read yet. */
  readonly file: SourceFile;
  /** An upload of this very content, begun by an earlier run. */
  readonly left: LeftUpload | undefined;
}

/** Stores a file in parts: goes on with the upload that an earlier run has left, or begins one. */
export async function storeLarge(
  context: StoreContext,
  task: Task,
  { row, file, left }: LargeFile,
): Promise<void> {
  if (left === undefined && !task.again && await isEqual(context, task, row, file)) return;
  const { multipart } = context.options.store.features;
  if (!multipart.works) {
    throw new HoldfastError("refused", `larger than part_size, and ${multipart.reason}`, {
      hint: "raise part_size: a file up to that size is one PUT, held in memory",
    });
  }
  if (left !== undefined && await goOn(context, task, { row, file, left })) return;
  await storeAnew(context, task, row);
}

/** True where an equal content is stored already, and that has been recorded. */
async function isEqual(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  file: SourceFile,
): Promise<boolean> {
  const mayBeGone = context.goneSizes.has(unpackStat(row.stat).size);
  if (!mayBeGone && (row.content.stored === 0 || row.content.sha256 === null)) return false;
  const start = context.clock.now();
  const digest = await hashWhole(context, file);
  const isSame = sameRecord(await file.stat(), 0, row.stat);
  if (!isSame) return false;
  const racy = isUnsettled(context, task, row, start);
  if (!isStoredAlready(row, digest)) {
    return wasElsewhere(context, task, { row, sha256: hex(digest), racy });
  }
  confirm(context, task, row, { digest, racy });
  return true;
}

async function goOn(
  context: StoreContext,
  task: Task,
  { row, file, left }: LargeFile & { readonly left: LeftUpload },
): Promise<boolean> {
  const start = context.clock.now();
  const begun = BigInt(timeOfIso(left.started)) * 1_000_000n;
  const { racyWindow } = context.options.sources.get(task.source)!;
  const { own } = placeOf(context, task, row.position);
  const upload = await resumeUpload(context, left, {
    row: own ? row : undefined,
    ...{ file, size: Number(unpackStat(row.stat).size) },
    isWhole: async () => sameRecord(await file.stat(), 0, row.stat),
    settled: !isRacy(row.stat, begun, racyWindow(task.folder)),
  });
  if (upload === undefined) return false;
  const { key } = left;
  await record(context, task, row, {
    ...{ ...upload, key, own, start, storageClass: left.storageClass ?? "STANDARD" },
  });
  return true;
}

async function storeAnew(context: StoreContext, task: Task, row: EntryRow): Promise<void> {
  const { root } = context.options.sources.get(task.source)!;
  let current = row;
  for (let reads = 1;; reads++) {
    const opened = await root.openFile(task.path, {
      ...(reads === 1 ? { record: row.stat } : { record: current.stat, stale: true }),
    });
    try {
      const change = reads <= READS ? "changed" : "unstable";
      current = await observeAgain(context, task, current, await opened.stat(), change);
      const start = context.clock.now();
      const { key, own } = placeOf(context, task, current.position);
      const { position, stat, attributes } = current;
      const size = Number(unpackStat(stat).size);
      const sealed = await sealedUpload(context, opened, size);
      const header = sealed === undefined ? {} : { header: sealed.header };
      const metadata = await metadataFor(context, task, {
        ...{ position, stat, attributes, own, ...header },
      });
      const storageClass = storageClassOf(context, task, stat);
      const isLast = reads > READS;
      const upload = await uploadParts(context, task, {
        ...{ key, metadata, storageClass, observed: position },
        ...(sealed === undefined ? { file: opened, size } : sealed.content),
        row: own ? current : undefined,
        isWhole: async () => isLast || sameRecord(await opened.stat(), 0, stat),
      });
      if (upload === undefined) continue;
      return await record(context, task, current, {
        ...{ ...upload, key, own, storageClass, start },
        ...(sealed === undefined ? {} : sealed.outcome(upload)),
      });
    } finally {
      opened.close();
    }
  }
}

/** A file that is sent as an age file, with a key of its own each time; undefined where it is not. */
async function sealedUpload(
  { options: { sealer, hashing } }: StoreContext,
  file: SourceFile,
  size: number,
) {
  if (sealer === undefined) return undefined;
  const age = await sealer.begin();
  const reading = sealedReading(file, { age, size, hashing });
  const header = age.header.length;
  return {
    header,
    content: { file: reading, size: reading.size, encryption: "age" as const },
    outcome: ({ digest }: UploadedContent) => ({
      ...{ digest: reading.digest(), header, storedSha256: hex(digest) },
    }),
  };
}

interface StoredUpload extends UploadedContent {
  /** SHA-256 of the content. */
  readonly digest: Uint8Array;
  /** Where it is encrypted. */
  readonly header?: number;
  readonly storedSha256?: string;
  readonly key: string;
  readonly own: boolean;
  readonly storageClass: string;
  /** Time (ns) at which reading began. */
  readonly start: bigint;
}

async function record(
  context: StoreContext,
  task: Task,
  row: EntryRow,
  upload: StoredUpload,
): Promise<void> {
  const { log, run } = context;
  const { header, storedSha256 } = upload;
  await checkClass(context, upload.key, upload.storageClass);
  const racy = isUnsettled(context, task, row, upload.start);
  const entry = {
    ...storedEntry(task, upload.object, upload, row.position),
    ...leaveFormer(context.log.index, row, {
      ...upload,
      isSame: isStoredAlready(row, upload.digest),
    }),
    size: upload.bytes.toString(),
    sha256: hex(upload.digest),
    ...(header === undefined ? {} : { header, storedSha256 }),
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
