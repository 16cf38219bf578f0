import { HoldfastError, isKind } from "../core/error.ts";
import { type PackRow, unpackFrames } from "../core/index/pack_rows.ts";
import type { FramedPack } from "../core/pack/extent_ranges.ts";
import type { OpenedFile, Opener } from "../ports/cipher.ts";
import type { ObjectBody, ObjectStore } from "../ports/object_store.ts";
import type { PackModel } from "../ports/pack_model.ts";
import { packDamage, packFailure, shorter } from "./pack_failure.ts";
import { readBody } from "./read_body.ts";

/** A pack that can be read. */
export interface OpenPack extends FramedPack {
  readonly row: PackRow;
  /** Opens a sealed chunk; undefined where the pack is not encrypted. */
  readonly openChunk: OpenedFile["chunk"] | undefined;
  /** Index of the frame that byte `at` of the TAR is in. */
  frameOf(at: number): number;
}

export interface OpenPackDeps {
  readonly store: ObjectStore;
  readonly packs: PackModel;
  /** Asked when the first encrypted pack is opened; undefined where nobody named an identity. */
  readonly identities: () => Promise<Opener | undefined>;
}

/**
 * Reads a pack's header, and what the index knows of its frames. Throws kind "key" where no identity
 * opens it; "damage", and "entry" where the store has it no more (pack_failure.ts).
 */
export async function openPack(deps: OpenPackDeps, id: number): Promise<OpenPack> {
  const row = deps.packs.pack(id);
  if (row === undefined) throw new RangeError(`no pack ${id} in the index`);
  const frames = deps.packs.parts(id).flatMap((part) => unpackFrames(part.frames));
  const ends = tarEnds(frames);
  return {
    ...{ row, frames },
    ...{ encryption: row.encryption, header: row.header, size: row.size },
    openChunk: row.encryption === "none" ? undefined : (await openHeader(deps, row)).chunk,
    frameOf: (at) => firstBeyond(ends, at),
  };
}

/** Some bytes of a pack: of the very object that was stored. */
export function getRange(
  store: ObjectStore,
  { key, version, etag }: PackRow,
  range: { readonly offset: number; readonly length: number },
): Promise<ObjectBody> {
  if (version !== null) return store.get(key, { versionId: version, range });
  return store.get(key, etag === null ? { range } : { ifMatch: etag, range });
}

async function openHeader(
  { store, identities }: OpenPackDeps,
  row: PackRow,
): Promise<OpenedFile> {
  const opener = await identities();
  if (opener === undefined) throw noIdentity(row);
  try {
    const range = { offset: 0, length: row.header };
    const start = await readBody(await getRange(store, row, range));
    if (start.length < row.header) throw new HoldfastError("damage", shorter(row));
    const opened = await opener.begin(start);
    if (opened.header === row.header) return opened;
    throw new HoldfastError("damage", `its header has ${opened.header} bytes, not ${row.header}`);
  } catch (error) {
    if (!isKind(error, "key")) throw packFailure(row, error);
    throw new HoldfastError("key", `the pack ${row.key} is sealed for other keys than the given`, {
      context: { key: row.key },
      hint: error.hint ?? "name the identity file of one of its recipients with --identity",
      cause: error,
    });
  }
}

/** What a command needs and nobody has given it. */
function noIdentity({ key }: PackRow): HoldfastError {
  return new HoldfastError("key", `the pack ${key} is encrypted, and no identity is given`, {
    context: { key },
    hint: "name the identity file with --identity or HOLDFAST_IDENTITY_FILE",
  });
}

/** A pack that is sealed for other keys, though the given ones are right: somebody else put it there. */
export function foreignPack(row: PackRow, cause: unknown): HoldfastError {
  return packDamage(row, "it is sealed for other keys than the given, which open others", cause);
}

function tarEnds(frames: FramedPack["frames"]): Float64Array {
  let end = 0;
  return Float64Array.from(frames, ([, plain]) => end += plain);
}

function firstBeyond(ends: Float64Array, at: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
