import { isKind } from "../core/error.ts";
import { entryAt } from "../core/index/row_at.ts";
import { type EntryRow, REMOVED, UNREADABLE } from "../core/index/rows.ts";
import type { UploadRow } from "../core/index/run_fold.ts";
import { type PathText, textOfJson } from "../core/path_text.ts";
import { typeAt } from "../core/stat_record.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { placeOf, storageClassOf } from "./object_place.ts";
import { openUploads } from "./open_uploads.ts";
import type { ScanContext } from "./scan_context.ts";
import type { LeftUpload, StoreContext, Task } from "./store_context.ts";

/**
 * At the start of a run: aborts the uploads of an earlier one that cannot go on, for they would be
 * billed for ever. The others wait for their entry's turn.
 */
export async function abortLeftUploads(context: ScanContext, store: ObjectStore): Promise<void> {
  for (const row of context.log.index.uploads()) {
    if (mayGoOn(context.log, row) || isOfPack(context.log, row)) continue;
    const why = isEncrypted(context.log, row)
      ? ": it is encrypted, and begins again with a new key"
      : "";
    await abortUpload(context, store, row, `left open by an interrupted run${why}`);
  }
}

/** Nobody has its key any more. */
function isEncrypted(log: JobLog, { position }: UploadRow): boolean {
  const [event] = log.events({ from: position, to: position, type: "UploadStarted" });
  return event?.type === "UploadStarted" && event.data.encryption !== undefined;
}

/**
 * True where the entry is still as it was when its upload began. Without an id the answer to the
 * upload's creation was lost: no part of it was sent, so nothing is won by going on with it. One that
 * is encrypted has no size of its parts.
 */
function mayGoOn(log: JobLog, row: UploadRow): row is LeftUpload {
  if (row.upload === null || row.partSize === 0) return false;
  const entry = entryAt(log.index, row.source, pathOfUpload(row));
  return entry !== undefined && entry.position === row.observed &&
    (entry.state & (REMOVED | UNREADABLE)) === 0 && typeAt(entry.stat) === "file";
}

/** Packs are closed, not gone on with (close_packs.ts). */
function isOfPack({ index }: JobLog, { key }: UploadRow): boolean {
  return index.tables.packByKey(key) !== undefined;
}

export function pathOfUpload(row: UploadRow): PathText {
  return textOfJson(JSON.parse(row.path));
}

/** What abortLeftUploads has left, by the place of its entry. */
export function leftUploads(log: JobLog): Map<string, LeftUpload> {
  const rows = log.index.uploads().filter((row) => row.upload !== null) as LeftUpload[];
  return new Map(rows.map((row) => [placeText(row.source, pathOfUpload(row)), row]));
}

export function placeText(source: string, path: PathText): string {
  return `${source}\0${path}`;
}

/**
 * The upload that goes on with this very content, now that it is the entry's turn. One of another
 * content, or one that would go to another key or class than it has now, is aborted.
 */
export async function leftUploadOf(
  context: StoreContext,
  task: Task,
  row: EntryRow,
): Promise<LeftUpload | undefined> {
  const left = context.left.get(placeText(task.source, task.path));
  if (left === undefined) return undefined;
  context.left.delete(placeText(task.source, task.path));
  const reason = left.observed !== row.position
    ? "the file has changed since"
    : context.options.sealer !== undefined
    ? "the job encrypts now"
    : isPlaced(context, task, row, left)
    ? undefined
    : "it belongs under another key or into another class now";
  if (reason === undefined) return left;
  await abortUpload(context, context.options.store, left, reason);
  return undefined;
}

function isPlaced(context: StoreContext, task: Task, row: EntryRow, left: LeftUpload): boolean {
  const storageClass = storageClassOf(context, task, row.stat);
  return left.key === placeOf(context, task, row.position).key &&
    (left.storageClass ?? "STANDARD") === storageClass;
}

/** Aborts an upload that the log knows. Where its id is not known, whatever is open under its key. */
export async function abortUpload(
  { log, run, emit }: Pick<ScanContext, "log" | "run" | "emit">,
  store: ObjectStore,
  { key, upload }: Pick<UploadRow, "key" | "upload">,
  reason: string,
): Promise<void> {
  const ids = upload === null ? await openUploads(store, key) : [upload];
  for (const id of ids) await store.abortUpload(key, id);
  log.append(run, [{
    type: "UploadAborted",
    data: { key, reason, ...(upload === null ? {} : { upload }) },
  }]);
  emit({ kind: "notice", text: `aborted the upload of ${key}: ${reason}` });
}

/**
 * At the end of a run no upload of it is open: neither those whose entry had no turn, nor those that
 * the store has begun and whose answer was lost, so that they were begun once more. `since`: the
 * position that the run began at.
 */
export async function closeUploads(
  context: ScanContext,
  store: ObjectStore,
  since: number,
): Promise<void> {
  for (const row of context.log.index.uploads()) {
    await abortUpload(context, store, row, "its entry was not stored in this run");
  }
  if (keysUploaded(context, since).next().done === true) return;
  try {
    await abortStrays(context, store, since);
  } catch (error) {
    // Keys that only back up may not look: the bucket's rule for incomplete uploads ends those.
    if (isKind(error, "denied")) return;
    if (!isKind(error, "refused")) throw error;
    context.emit({ kind: "notice", text: `cannot look for open uploads: ${error.message}` });
  }
}

async function abortStrays(
  context: ScanContext,
  store: ObjectStore,
  since: number,
): Promise<void> {
  const open = await store.listUploads("");
  if (open.length === 0) return;
  const listed = new Set(open.map(({ key }) => key));
  const ours = new Set<string>();
  for (const key of keysUploaded(context, since)) if (listed.has(key)) ours.add(key);
  for (const { key, uploadId } of open) {
    if (!ours.has(key)) continue;
    await abortUpload(context, store, { key, upload: uploadId }, "it was begun twice");
  }
}

/** Keys of the run's multipart uploads. */
function* keysUploaded({ log, run }: ScanContext, since: number): Generator<string> {
  for (const type of ["UploadStarted", "UploadResumed", "PackStarted"] as const) {
    for (const event of log.events({ from: since, run, type })) {
      if (event.type === type) yield (event.data as { key: string }).key;
    }
  }
}
