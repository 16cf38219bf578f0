import type { UploadRow } from "../core/index/run_fold.ts";
import { pathOfKey } from "../core/mirror/object_key.ts";
import { joinPath, type PathText } from "../core/path_text.ts";
import { timeOfIso } from "../core/time_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore, OpenUpload } from "../ports/object_store.ts";
import { abortUpload, pathOfUpload } from "./left_uploads.ts";
import type { ScanContext } from "./scan_context.ts";

/** A multipart upload that the store holds unfinished. */
export interface ListedUpload {
  readonly key: string;
  readonly upload: string;
  /** Of its entry, as `ls` prints it; undefined where the key tells none. */
  readonly path: PathText | undefined;
  /** This job's log has begun it. */
  readonly known: boolean;
  /** When it was begun, in milliseconds since 1970. */
  readonly since: number;
  readonly parts: number;
  /** Of its parts. */
  readonly bytes: number;
}

export interface ListUploadsOptions {
  /** Milliseconds since 1970: younger ones are left out. */
  readonly before: number;
  readonly signal: AbortSignal;
}

/** What is unfinished below the repository's prefix, oldest first. One request for each of them. */
export async function listOpenUploads(
  log: JobLog,
  store: ObjectStore,
  { before, signal }: ListUploadsOptions,
): Promise<ListedUpload[]> {
  const found: ListedUpload[] = [];
  for (const open of await store.listUploads("")) {
    signal.throwIfAborted();
    const row = rowOf(log, open);
    const since = row === undefined ? open.initiated : timeOfIso(row.started);
    if (since > before) continue;
    const parts = await store.listParts(open.key, open.uploadId);
    if (parts === undefined) continue;
    found.push({
      key: open.key,
      upload: open.uploadId,
      path: pathOf(open, row),
      known: row !== undefined,
      since,
      parts: parts.length,
      bytes: parts.reduce((sum, { size }) => sum + size, 0),
    });
  }
  return found.sort((a, b) => a.since - b.since);
}

/** The log's row of an upload; without an id there, of whatever is open under its key. */
function rowOf(log: JobLog, { key, uploadId }: OpenUpload): UploadRow | undefined {
  const row = log.index.tables.upload(key);
  return row !== undefined && (row.upload ?? uploadId) === uploadId ? row : undefined;
}

function pathOf({ key }: OpenUpload, row: UploadRow | undefined): PathText | undefined {
  if (row !== undefined) return joinPath(row.source, pathOfUpload(row));
  return key.startsWith(".holdfast/") ? undefined : pathOfKey(key);
}

/** Aborts them; those that the log has begun are events. */
export async function abortOpenUploads(
  context: Pick<ScanContext, "log" | "run" | "emit" | "signal">,
  store: ObjectStore,
  uploads: readonly ListedUpload[],
): Promise<void> {
  for (const { key, upload } of uploads) {
    context.signal.throwIfAborted();
    const row = rowOf(context.log, { key, uploadId: upload, initiated: 0 });
    if (row === undefined) await store.abortUpload(key, upload);
    else await abortUpload(context, store, row, "asked for");
  }
}
