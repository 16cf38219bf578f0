import { isCold } from "../core/cost/restore_wait.ts";
import { IN_PACKS } from "../core/index/rows.ts";
import { FILE_CODE, unpackStat } from "../core/stat_record.ts";
import type { ObjectHead } from "../ports/object_store.ts";
import type { PackModel } from "../ports/pack_model.ts";
import type { RestoreModel } from "../ports/restore_model.ts";
import type { ColdObject, WaitedObject } from "../ports/waiting_files.ts";
import type { FileItem } from "./restore_file.ts";

export interface Contents {
  readonly packs: PackModel;
  /** What the store was found to have in another class than it was stored in. */
  readonly restores: Pick<RestoreModel, "foundClass">;
}

/**
 * The objects that a file's content is in, as far as is known where the store has them by now; [] where
 * nothing of it is stored.
 */
export function objectsOf({ packs, restores }: Contents, item: FileItem): ColdObject[] {
  const { stat, content } = item.row;
  if (stat[0] !== FILE_CODE || content.stored <= 0) return [];
  if (content.etag === IN_PACKS) {
    return packObjects(packs, content.sha256).map((object) => asLastFound(restores, object));
  }
  const size = Number(unpackStat(stat).size);
  if (size === 0) return [];
  const { version, etag, storageClass } = content;
  return [asLastFound(restores, {
    ...{ key: item.key(), version: version ?? "", etag, archive: null, size },
    storageClass: storageClass ?? "STANDARD",
  })];
}

function asLastFound(restores: Contents["restores"], object: ColdObject): ColdObject {
  const found = restores.foundClass(object);
  if (found === undefined) return object;
  return { ...object, storageClass: found.storageClass, archive: found.archive };
}

function packObjects(packs: PackModel, sha256: Uint8Array | null): ColdObject[] {
  if (sha256 === null) return [];
  const place = packs.locate(sha256);
  if (place === undefined) return [];
  const ids = place.list === 0
    ? [place.pack]
    : packs.chunks(sha256).flatMap((chunk) => packs.locate(chunk)?.pack ?? []);
  return [...new Set(ids)].map((id) => {
    const { key, version, etag, storageClass, size } = packs.pack(id)!;
    return { key, version: version ?? "", etag, storageClass, archive: null, size };
  });
}

/** Whether it is of a class that has to be warmed up. */
export function isArchived({ storageClass, archive }: ColdObject): boolean {
  return isCold(storageClass, archive ?? undefined);
}

/** Intelligent-Tiering tells by HEAD alone in which tier an object is. */
export function mayBeArchived(storageClass: string): boolean {
  return isCold(storageClass) || storageClass === "INTELLIGENT_TIERING";
}

/** Readable as it is, without a restored copy. */
export function isReadable(object: WaitedObject): boolean {
  return object.warmth === "warm" && !isArchived(object);
}

/** As the store has it now: a lifecycle rule may have moved it. */
export function asFound(
  object: ColdObject,
  { storageClass, archiveTier }: Pick<ObjectHead, "storageClass" | "archiveTier">,
): ColdObject {
  return { ...object, storageClass, archive: archiveTier ?? null };
}
