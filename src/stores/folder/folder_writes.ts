import type { ObjectStore } from "../../ports/object_store.ts";
import { copyVersion } from "./copy_version.ts";
import { deleteObjects } from "./delete_objects.ts";
import type { ArchiveSimulation } from "./archive_simulation.ts";
import type { Disk } from "./disk.ts";
import { onDisk } from "./disk_error.ts";
import { checkKey, limits } from "./key_rules.ts";
import { noArchiveClasses, requestRestore } from "./request_restore.ts";
import type { StoreLayout } from "./store_layout.ts";
import { makeUpload, removeUpload } from "./upload_files.ts";
import { completeParts, keepPart } from "./upload_parts.ts";
import { type VersionWriter, writeVersion } from "./write_version.ts";

/** The calls that change something. `writing` makes the store ready for it, once. */
export function folderWrites(
  disk: Disk,
  layout: StoreLayout,
  writing: () => Promise<VersionWriter>,
  simulation: ArchiveSimulation | undefined,
): Pick<
  ObjectStore,
  | "put"
  | "putStream"
  | "copy"
  | "delete"
  | "createUpload"
  | "uploadPart"
  | "completeUpload"
  | "abortUpload"
  | "requestRestore"
> {
  return {
    put: (key, body, options) =>
      onDisk("store", key, async () => {
        checkKey(key);
        const { sha256 } = options;
        return await writeVersion(await writing(), { key, options, sha256, chunks: [body] });
      }),
    putStream: (key, body, options) =>
      onDisk("store", key, async () => {
        checkKey(key);
        return await writeVersion(await writing(), { key, options, chunks: body });
      }),
    copy: (from, key, options) =>
      onDisk("copy", from.key, async () => {
        checkKey(key);
        return await copyVersion(await writing(), simulation, from, key, options);
      }),
    requestRestore: (object, request) =>
      onDisk("warm up", object.key, async () => {
        if (simulation === undefined) throw noArchiveClasses(object.key);
        return await requestRestore(await writing(), simulation, object, request);
      }),
    delete: (objects) =>
      onDisk("delete", objects[0]?.key ?? "", async () => {
        return await deleteObjects(await writing(), objects);
      }),
    createUpload: (key, options) =>
      onDisk("begin the upload of", key, async () => {
        checkKey(key);
        return await makeUpload((await writing()).state, key, options);
      }),
    uploadPart: (key, uploadId, part, body) =>
      onDisk("store a part of", key, async () => {
        return await keepPart((await writing()).state, key, uploadId, part, body);
      }),
    completeUpload: (key, uploadId, parts, options) =>
      onDisk("complete the upload of", key, async () => {
        return await completeParts(await writing(), limits, key, uploadId, parts, options);
      }),
    abortUpload: (key, uploadId) =>
      onDisk("abort the upload of", key, () => removeUpload(disk, layout, uploadId)),
  };
}
