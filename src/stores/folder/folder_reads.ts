import { isSimulatedArchive } from "../../core/cold/simulated_warm_up.ts";
import { HoldfastError } from "../../core/error.ts";
import type { ObjectStore } from "../../ports/object_store.ts";
import { type ArchiveSimulation, checkReadable, restoreOf } from "./archive_simulation.ts";
import type { Disk } from "./disk.ts";
import { diskError, ifThere, onDisk } from "./disk_error.ts";
import { listKeys } from "./list_keys.ts";
import { findObject, readVersion } from "./read_version.ts";
import type { StoreLayout } from "./store_layout.ts";
import { listKeptParts, listOpenUploads } from "./upload_files.ts";
import { headOf, type VersionRecord } from "./version_record.ts";

/** The calls that change nothing. `isPresent` is false for a store that the first write will make. */
export function folderReads(
  disk: Disk,
  layout: StoreLayout,
  isPresent: () => boolean,
  simulation: ArchiveSimulation | undefined,
): Pick<ObjectStore, "get" | "head" | "list" | "listUploads" | "listParts"> {
  // Nothing here ever removes a store, so one that is not there any more says nothing about a key.
  const stillThere = async (): Promise<void> => {
    if (!isPresent() || await ifThere(disk.look(layout.format)) !== undefined) return;
    throw new HoldfastError("gone", `the repository in ${layout.root} is not there any more`, {
      context: { path: layout.root },
      hint: "is its disk still mounted?",
    });
  };

  const find = async (key: string, versionId: string | undefined) => {
    const record = await findObject(disk, layout, key, versionId);
    if (record === undefined) await stillThere();
    return record;
  };

  const restore = async (record: VersionRecord) =>
    simulation === undefined || !isSimulatedArchive(record.storageClass)
      ? {}
      : await restoreOf(disk, layout, record, await simulation.now());

  return {
    get: (key, { versionId, ifMatch, range } = {}) =>
      onDisk("read", key, async () => {
        const record = await find(key, versionId);
        if (record === undefined) throw missing(key, versionId);
        if (ifMatch !== undefined && ifMatch !== record.etag) throw changed(key);
        await checkReadable(simulation, disk, layout, record);
        const body = await readVersion(disk, layout, record, range);
        return { ...body, head: { ...body.head, ...await restore(record) } };
      }),
    head: (key, { versionId } = {}) =>
      onDisk("look at", key, async () => {
        const record = await find(key, versionId);
        if (record === undefined) return undefined;
        return { ...headOf(record), ...await restore(record) };
      }),
    list: async function* (prefix, { startAfter, restoreStatus } = {}) {
      try {
        const asked = restoreStatus ? simulation : undefined;
        yield* listKeys(disk, layout, { prefix, startAfter, simulation: asked });
        await stillThere();
      } catch (error) {
        throw diskError(error, "list", prefix);
      }
    },
    listUploads: (prefix) =>
      onDisk("list the uploads below", prefix, async () => {
        const uploads = await listOpenUploads(disk, layout, prefix);
        await stillThere();
        return uploads;
      }),
    listParts: (key, uploadId) =>
      onDisk("list the parts of", key, async () => {
        const parts = await listKeptParts(disk, layout, key, uploadId);
        if (parts === undefined) await stillThere();
        return parts;
      }),
  };
}

export function missing(key: string, versionId: string | undefined): HoldfastError {
  const version = versionId === undefined ? "" : ` in version ${versionId}`;
  return new HoldfastError("gone", `there is no ${key}${version} in the store`, {
    context: versionId === undefined ? { key } : { key, version: versionId },
  });
}

export function changed(key: string): HoldfastError {
  return new HoldfastError("conflict", `${key} is another content now`, {
    context: { key },
    hint: "read the object's head again",
  });
}
