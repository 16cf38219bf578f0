import { HoldfastError } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { PACK_INDEX_PREFIX, type PackName, packOfIndexKey } from "../core/pack/pack_layout.ts";
import { type PackIndex, readPackIndex } from "../core/pack/pack_index_reader.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { linesOfFrames } from "./frame_text.ts";
import { readBody } from "./read_body.ts";
import type { BodyCoding } from "./stored_body.ts";

export interface IndexKey extends PackName {
  readonly key: string;
}

export interface ListedIndex extends IndexKey {
  /** Bytes as stored. */
  readonly size: number;
}

/** The index of a pack, fetched and opened, not decompressed: about 70 bytes an entry. */
export interface FetchedIndex extends IndexKey {
  /** zstd frames. */
  readonly frames: Uint8Array;
}

/** Keys of all pack indexes. */
export async function listPackIndexes(store: ObjectStore): Promise<ListedIndex[]> {
  const found: ListedIndex[] = [];
  for await (const page of store.list(PACK_INDEX_PREFIX)) {
    for (const { key, size } of page) {
      const name = packOfIndexKey(key);
      if (name !== undefined) found.push({ key, size, ...name });
    }
  }
  return found;
}

export interface FetchIndexDeps {
  readonly store: ObjectStore;
  readonly coding: BodyCoding;
  readonly hashing: Hashing;
}

/**
 * Throws kind "gone" where there is none, "key" where it is encrypted and cannot be opened, "damage"
 * where its body is not what was written, or no age file although its name says so.
 */
export async function fetchPackIndex(
  { store, coding, hashing }: FetchIndexDeps,
  name: IndexKey,
): Promise<FetchedIndex> {
  const found = await store.get(name.key);
  const stored = await readBody(found);
  // Those of the first versions say nothing of it.
  const { sha256 = undefined } = found.head.metadata;
  if (sha256 !== undefined && sha256 !== hex(hashing.sha256(stored))) {
    throw new HoldfastError("damage", `the index of pack ${name.pack} is not what was written`);
  }
  return { ...name, frames: await coding.open(name.key, stored) };
}

/**
 * What a fetched index says; its members are read frame by frame, as they are asked for, and once.
 * Throws kind "damage", also while they are read, and "failed" where a newer program has written it.
 */
export function openPackIndex(hashing: Hashing, index: FetchedIndex): PackIndex {
  return readPackIndex(linesOf(hashing, index), index);
}

function* linesOf(hashing: Hashing, { frames, pack }: FetchedIndex): Generator<string> {
  try {
    yield* linesOfFrames(hashing, frames);
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    // What the platform's decoders throw of bytes that are none of theirs.
    throw new HoldfastError("damage", `the index of pack ${pack} is no zstd of text`, { cause });
  }
}
