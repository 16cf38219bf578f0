import type { ObjectStore } from "../ports/object_store.ts";
import type { ScanContext } from "./scan_context.ts";

/** Aborts the multipart uploads that an earlier run has left open; they would be billed for ever. */
export async function abortLeftUploads(
  { log, run, emit }: ScanContext,
  store: ObjectStore,
): Promise<void> {
  for (const { key, upload } of log.index.uploads()) {
    const ids = upload === null
      // The answer to its creation was lost: whatever is open under this very key is that upload.
      ? (await store.listUploads(key)).filter((open) => open.key === key).map((open) =>
        open.uploadId
      )
      : [upload];
    for (const id of ids) await store.abortUpload(key, id);
    const reason = "left open by an interrupted run";
    const data = { key, reason, ...(upload === null ? {} : { upload }) };
    log.append(run, [{ type: "UploadAborted", data }]);
    emit({ kind: "notice", text: `aborted the upload of ${key}, ${reason}` });
  }
}
