import { HoldfastError, isKind } from "../core/error.ts";
import type { ObservedContent } from "../core/event/event.ts";
import { compareBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectBody, ObjectStore } from "../ports/object_store.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import type { CopiedContent } from "./copied_content.ts";
import type { RestoreItem } from "./restore_items.ts";
import { attributesOf } from "./stored_attributes.ts";

export interface FileDeps {
  readonly store: ObjectStore;
  readonly target: RestoreTarget;
  readonly hashing: Hashing;
  readonly signal: AbortSignal;
  /** Since the state that is restored. */
  readonly copies: CopiedContent;
}

export type FileItem = Extract<RestoreItem, { kind: "entry" }>;

/**
 * Fetches a file's content, checks it by SHA-256, and gives it its name only then. Returns what
 * could not be kept. Throws kind "entry" (also where the content is gone), "damage", "disk-full".
 */
export async function restoreFile(
  deps: FileDeps,
  item: FileItem,
  { replace }: { replace: boolean },
): Promise<string[]> {
  const { target, hashing, signal } = deps;
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
      const body = await fetchContent(deps, item);
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
      context: { path: item.place, key: item.key() },
    },
  );
}

/** Where it is gone from its place, from wherever copies have taken it since. */
async function fetchContent({ store, copies }: FileDeps, item: FileItem): Promise<ObjectBody> {
  const { version, etag, stored, sha256 } = item.row.content;
  const key = item.key();
  try {
    return await store.get(key, version === null ? { ifMatch: etag! } : { versionId: version });
  } catch (error) {
    if (isKind(error, "refused")) throw refused(error);
    if (!isKind(error, "gone", "conflict")) throw error;
    const elsewhere = sha256 === null ? [] : await copies.of(key, stored);
    return await fetchCopy(store, elsewhere) ?? gone(item, key, error);
  }
}

async function fetchCopy(
  store: ObjectStore,
  copies: readonly ObservedContent[],
): Promise<ObjectBody | undefined> {
  for (const { key, version, etag } of copies) {
    try {
      return await store.get(
        key,
        version === undefined ? { ifMatch: etag! } : { versionId: version },
      );
    } catch (error) {
      if (isKind(error, "refused")) throw refused(error);
      if (!isKind(error, "gone", "conflict")) throw error;
    }
  }
  return undefined;
}

function refused(error: HoldfastError): HoldfastError {
  return new HoldfastError("entry", error.message, { context: error.context, cause: error });
}

function gone(item: FileItem, key: string, cause: HoldfastError): never {
  const message = cause.kind === "conflict"
    ? `${key} holds another content now, and the store kept no version`
    : `${key} is no longer in the store`;
  throw new HoldfastError("entry", `gone: ${message}`, {
    context: { path: item.place, key },
    cause,
  });
}
