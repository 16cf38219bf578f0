import { HoldfastError, isKind } from "../core/error.ts";
import type { ObjectContent } from "../core/event/event.ts";
import { IN_PACKS } from "../core/index/rows.ts";
import { compareBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { RestoreTarget, TargetFile } from "../ports/restore_target.ts";
import type { CopiedContent } from "./copied_content.ts";
import type { ContentOpener } from "./open_content.ts";
import type { PackReader } from "./pack_reader.ts";
import { readContent } from "./read_content.ts";
import type { RestoreItem } from "./restore_items.ts";
import { attributesOf } from "./stored_attributes.ts";

export interface FileDeps {
  readonly store: ObjectStore;
  readonly target: RestoreTarget;
  readonly hashing: Hashing;
  readonly signal: AbortSignal;
  /** Since the state that is restored. */
  readonly copies: CopiedContent;
  readonly packs: PackReader;
  readonly opener: ContentOpener;
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
  assertStored(item);
  const file = beginFile(deps, item);
  try {
    for await (const chunk of contentOf(deps, item)) {
      file.write(chunk);
      deps.signal.throwIfAborted();
    }
    return finishFile(file, item, { replace });
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Gives a file whose content is at hand, and checked, its name. Returns what could not be kept. */
export function writeFile(
  deps: FileDeps,
  item: FileItem,
  content: Uint8Array,
  { replace }: { replace: boolean },
): string[] {
  const file = beginFile(deps, item);
  try {
    file.write(content);
    return finishFile(file, item, { replace });
  } catch (error) {
    file.discard();
    throw error;
  }
}

function beginFile({ target }: FileDeps, { place, row }: FileItem): TargetFile {
  return target.createFile(place, { sparse: unpackStat(row.stat).sparse });
}

function finishFile(file: TargetFile, { row }: FileItem, options: { replace: boolean }): string[] {
  return file.finish(unpackStat(row.stat), attributesOf(row.attributes), options);
}

function contentOf(deps: FileDeps, item: FileItem): AsyncIterable<Uint8Array> {
  return item.row.content.etag === IN_PACKS ? packedContent(deps, item) : ownContent(deps, item);
}

function assertStored({ row, place }: FileItem): void {
  if (row.content.stored > 0) return;
  throw new HoldfastError("entry", "its content was not stored yet at that position", {
    context: { path: place },
  });
}

async function* packedContent(deps: FileDeps, item: FileItem): AsyncGenerator<Uint8Array> {
  const sha256 = packedHash(deps, item);
  if (sha256 !== undefined) yield* readContent(deps.packs, sha256);
}

/**
 * By what the file's content is found in packs; undefined where it is empty, or in no pack. Throws
 * kind "damage" where the index does not know it.
 */
export function packedHash(
  { hashing }: FileDeps,
  { row, place }: FileItem,
): Uint8Array | undefined {
  const { etag, sha256, stored } = row.content;
  if (etag !== IN_PACKS || stored <= 0) return undefined;
  if (sha256 === null) {
    throw new HoldfastError("damage", "the index does not have the SHA-256 of its content", {
      context: { path: place },
    });
  }
  const isEmpty = compareBytes(sha256, hashing.sha256(new Uint8Array(0))) === 0;
  return isEmpty ? undefined : sha256;
}

/** The content of the object that the entry has for itself. */
async function* ownContent(deps: FileDeps, item: FileItem): AsyncGenerator<Uint8Array> {
  const hash = deps.hashing.incremental();
  const { size } = unpackStat(item.row.stat);
  let bytes = 0;
  if (size > 0n) {
    for await (const chunk of await fetchContent(deps, item)) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  const { sha256, header } = item.row.content;
  // Only the object is left to tell of it, and that was whole, by the tags of its chunks.
  if (sha256 === null && header > 0 && BigInt(bytes) === size) return;
  checkDigest(item, hash.digest());
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
async function fetchContent(
  { store, copies, opener }: FileDeps,
  item: FileItem,
): Promise<AsyncIterable<Uint8Array>> {
  const { version, etag, stored, sha256, header } = item.row.content;
  const key = item.key();
  try {
    const which = version === null ? { ifMatch: etag! } : { versionId: version };
    return opener.open(await store.get(key, which), { key, header });
  } catch (error) {
    if (isKind(error, "refused")) throw refused(error);
    if (!isKind(error, "gone", "conflict")) throw error;
    const elsewhere = sha256 === null ? [] : await copies.of(key, stored);
    return await fetchCopy({ store, opener }, elsewhere) ?? gone(item, key, error);
  }
}

async function fetchCopy(
  { store, opener }: Pick<FileDeps, "store" | "opener">,
  copies: readonly ObjectContent[],
): Promise<AsyncIterable<Uint8Array> | undefined> {
  for (const { key, version, etag, header = 0 } of copies) {
    try {
      const which = version === undefined ? { ifMatch: etag! } : { versionId: version };
      return opener.open(await store.get(key, which), { key, header });
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
