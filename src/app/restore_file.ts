import { HoldfastError, isKind } from "../core/error.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import { compareBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import type { RestoreItem } from "./restore_items.ts";
import { attributesOf } from "./stored_attributes.ts";

export interface FileDeps {
  readonly store: ObjectStore;
  readonly target: RestoreTarget;
  readonly hashing: Hashing;
  readonly signal: AbortSignal;
}

export type FileItem = Extract<RestoreItem, { kind: "entry" }>;

/**
 * Fetches a file's content, checks it by SHA-256, and gives it its name only then. Returns what
 * could not be kept. Throws kind "entry" (also where the content is gone), "damage", "disk-full".
 */
export async function restoreFile(
  { store, target, hashing, signal }: FileDeps,
  item: FileItem,
  { replace }: { replace: boolean },
): Promise<string[]> {
  const { row } = item;
  const stat = unpackStat(row.stat);
  if (row.content.stored <= 0) {
    throw new HoldfastError("entry", "its content was not stored yet at that position", {
      context: { path: item.place },
    });
  }
  const file = target.createFile(item.place, { sparse: stat.sparse });
  try {
    const hash = hashing.incremental();
    if (stat.size > 0n) {
      const body = await fetchContent(store, item);
      for await (const chunk of body.stream) {
        hash.update(chunk);
        file.write(chunk);
        signal.throwIfAborted();
      }
    }
    checkDigest(item, hash.digest());
    return file.finish(stat, attributesOf(row.attributes), { replace });
  } catch (error) {
    file.discard();
    throw error;
  }
}

function checkDigest(item: FileItem, actual: Uint8Array): void {
  const { sha256 } = item.row.content;
  if (sha256 !== null && compareBytes(actual, sha256) === 0) return;
  throw new HoldfastError(
    "damage",
    "the stored content is not what was backed up: its SHA-256 differs",
    {
      context: { path: item.place, key: keyOf(item) },
    },
  );
}

function keyOf(item: FileItem): string {
  return item.row.content.key ?? keyOfPath(item.source, item.path, false);
}

async function fetchContent(store: ObjectStore, item: FileItem) {
  const { version, etag } = item.row.content;
  const key = keyOf(item);
  try {
    return await store.get(key, version === null ? { ifMatch: etag! } : { versionId: version });
  } catch (error) {
    if (isKind(error, "conflict")) {
      throw gone(
        item,
        key,
        `${key} holds another content now, and the store kept no version`,
        error,
      );
    }
    if (isKind(error, "gone")) throw gone(item, key, `${key} is no longer in the store`, error);
    if (isKind(error, "refused")) {
      throw new HoldfastError("entry", error.message, { context: error.context, cause: error });
    }
    throw error;
  }
}

function gone(item: FileItem, key: string, message: string, cause: unknown): HoldfastError {
  return new HoldfastError("entry", `gone: ${message}`, {
    context: { path: item.place, key },
    cause,
  });
}
