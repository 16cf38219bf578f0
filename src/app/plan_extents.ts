import { HoldfastError, isKind } from "../core/error.ts";
import { type FetchLimits, type PackFetch, planFetches } from "../core/pack/extent_ranges.ts";
import type { OpenPack } from "./open_pack.ts";
import type { PackedExtent, PackReader } from "./pack_reader.ts";
import { packFailure } from "./pack_failure.ts";

/**
 * What is to be read: one ranged read, or extents of which it is known before that they cannot be had
 * (kind "damage" or "entry").
 */
export type PlannedRead<E extends PackedExtent> =
  | { readonly pack: OpenPack; readonly fetch: PackFetch<E> }
  | { readonly extents: readonly E[]; readonly failure: HoldfastError };

/** A request costs about as much time as so many bytes between two frames. */
const GAP = 256 * 1024;
/** Bytes of one ranged read: 8 MiB of content, and what is around it. */
const FETCH = 9 * 1024 * 1024;
const LIMITS: FetchLimits = { gap: GAP, most: FETCH };

/** The reads for extents of one pack in order of `at`. Throws kind "key". */
export async function planExtents<E extends PackedExtent>(
  reader: PackReader,
  extents: readonly E[],
): Promise<PlannedRead<E>[]> {
  let pack: OpenPack;
  try {
    pack = await reader.open(extents[0].pack);
  } catch (error) {
    if (!isKind(error, "damage", "entry")) throw error;
    return [{ extents, failure: error }];
  }
  const fetches = plan(pack, extents);
  if (!(fetches instanceof HoldfastError)) return fetches.map((fetch) => ({ pack, fetch }));
  // One that does not fit the frames would take the others with it.
  const reads: PlannedRead<E>[] = [];
  const fitting = extents.filter((extent) => {
    const failure = plan(pack, [extent]);
    if (failure instanceof HoldfastError) reads.push({ extents: [extent], failure });
    return !(failure instanceof HoldfastError);
  });
  return [...reads, ...planFetches(pack, fitting, LIMITS).map((fetch) => ({ pack, fetch }))];
}

function plan<E extends PackedExtent>(
  pack: OpenPack,
  extents: readonly E[],
): PackFetch<E>[] | HoldfastError {
  try {
    return planFetches(pack, extents, LIMITS);
  } catch (error) {
    return packFailure(pack.row, error);
  }
}
