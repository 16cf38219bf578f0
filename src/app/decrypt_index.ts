import type { PackIndexMember } from "../core/pack/pack_index.ts";
import { packIndexKey } from "../core/pack/pack_layout.ts";
import type { PackIndex } from "../core/pack/pack_index_reader.ts";
import type { Opener } from "../ports/cipher.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { PackFile } from "../ports/pack_file.ts";
import { openHeader } from "./decrypt_stream.ts";
import { openPackIndex } from "./read_pack_index.ts";

/** A pack index that lies on a local disk. Throws kind "damage", and "key" where no identity opens it. */
export async function openLocalIndex(
  hashing: Hashing,
  opener: Opener | undefined,
  file: PackFile & { readonly pack: string },
): Promise<PackIndex> {
  const { pack, isEncrypted, size } = file;
  const handle = file.open();
  try {
    const body = new Uint8Array(size);
    const read = body.subarray(0, handle.read(0, body));
    if (isEncrypted) await openHeader(file, handle, opener);
    const frames = isEncrypted ? await opener!.open(read) : read;
    return openPackIndex(hashing, {
      pack,
      isEncrypted,
      frames,
      key: packIndexKey(pack, isEncrypted),
    });
  } finally {
    handle.close();
  }
}

/** Goes through an index beside the pack itself. */
export interface IndexCursor {
  /** Where the next frame behind byte `at` of the zstd stream is, or the pack's end. */
  nextFrame(at: number): number | undefined;
  /** Where the frame at this place begins in the TAR; undefined where the index knows none there. */
  tarAt(at: number): number | undefined;
  /** Those of the index's members, in its order, that lie before byte `end` of the TAR. */
  upTo(end: number): Generator<PackIndexMember>;
}

/** Each member is handed out once. Throws kind "damage" where the index is. */
export function indexCursor({ frames, members }: PackIndex): IndexCursor {
  const places = framePlaces(frames);
  let held: PackIndexMember | undefined;
  return {
    nextFrame: (at) => places[firstBeyond(places, at)]?.at,
    tarAt(at) {
      const place = places[firstBeyond(places, at) - 1];
      return place?.at === at ? place.tar : undefined;
    },
    *upTo(end) {
      for (;;) {
        const member = held ?? next(members);
        held = undefined;
        if (member === undefined) return;
        const isBeyond = member.is !== "chunks" && member.at !== undefined && member.at >= end;
        if (isBeyond) {
          held = member;
          return;
        }
        yield member;
      }
    },
  };
}

function next(members: Generator<PackIndexMember>): PackIndexMember | undefined {
  const { done, value } = members.next();
  return done ? undefined : value;
}

interface FramePlaceInTar {
  readonly at: number;
  readonly tar: number;
}

/** Those of frames with members, and that of the pack's end. */
function framePlaces(frames: PackIndex["frames"]): FramePlaceInTar[] {
  const places: FramePlaceInTar[] = [];
  let [at, tar] = [0, 0];
  for (const [compressed, plain] of frames) {
    if (plain > 0) places.push({ at, tar });
    at += compressed;
    tar += plain;
  }
  places.push({ at, tar });
  return places;
}

/** Index of the first place behind `at`. */
function firstBeyond(places: readonly FramePlaceInTar[], at: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (places[middle].at > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
