import { HoldfastError, isKind } from "../core/error.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import type { Extent, PackFetch } from "../core/pack/extent_ranges.ts";
import { compareBytes } from "../core/path_text.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { PackModel } from "../ports/pack_model.ts";
import { isColdRefusal } from "./cold_refusal.ts";
import { foreignPack, type OpenPack, openPack, type OpenPackDeps } from "./open_pack.ts";
import { packDamage } from "./pack_failure.ts";
import { readFrames } from "./read_frames.ts";

/** A content in a pack, or a chunk of one. */
export interface PackedExtent extends Extent {
  /** Position of the pack's PackStarted. */
  readonly pack: number;
  readonly sha256: Uint8Array;
}

export interface ReadExtent<E extends PackedExtent> {
  readonly extent: E;
  /** Its bytes, which have its SHA-256; or why it cannot be had: kind "damage" or "entry". */
  readonly content: Uint8Array | HoldfastError;
}

/** Reads contents out of packs. */
export interface PackReader {
  readonly packs: PackModel;
  readonly hashing: Hashing;
  /**
   * Throws kind "key" where no identity opens it, "damage", and "entry" where the store has it no
   * more. The last ones are remembered, with their headers.
   */
  open(pack: number): Promise<OpenPack>;
  /** The extents of one ranged read in order, those of a frame at once when it has arrived. */
  read<E extends PackedExtent>(
    pack: OpenPack,
    fetch: PackFetch<E>,
  ): AsyncGenerator<ReadExtent<E>[]>;
  /**
   * Tells a wrong identity from a foreign pack, before anything is done: throws kind "key" where none
   * is given, or it opens neither this pack nor some others. Afterwards a pack that it does not open
   * is a damaged one.
   */
  prove(pack: number): Promise<void>;
  /** Told why a pack does not give a content that another has given in its place. */
  replaced(failure: HoldfastError): void;
}

export interface PackReaderDeps extends OpenPackDeps {
  readonly hashing: Hashing;
  /** Called between frames (breather.ts). */
  readonly breathe: () => Promise<void> | undefined;
  readonly replaced?: (failure: HoldfastError) => void;
}

/** Packs whose header and frames are remembered. */
const REMEMBERED = 64;

export function packReader(deps: PackReaderDeps): PackReader {
  const { packs, hashing } = deps;
  const known = new Map<number, Promise<OpenPack>>();
  let isProven = false;

  function remembered(id: number): Promise<OpenPack> {
    const pack = known.get(id) ?? openPack(deps, id);
    // The one that was asked for last goes last.
    known.delete(id);
    known.set(id, pack);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
    // A cold pack may be warm the next time.
    pack.catch((error) => isColdRefusal(error) && known.get(id) === pack && known.delete(id));
    return pack;
  }

  async function open(id: number): Promise<OpenPack> {
    try {
      return await remembered(id);
    } catch (error) {
      throw isProven && isKind(error, "key") ? foreignPack(packs.pack(id)!, error) : error;
    }
  }

  return {
    ...{ packs, hashing, open, replaced: deps.replaced ?? (() => {}) },
    async *read(pack, fetch) {
      for await (const { frame, plain } of readFrames(deps, pack, fetch)) {
        const pause = deps.breathe();
        if (pause !== undefined) await pause;
        const check = checkedExtents(pack.row, hashing);
        yield frame.extents.map((extent) => ({
          extent,
          content: plain instanceof HoldfastError ? plain : check(extent, plain, frame.tar),
        }));
      }
    },
    async prove(wanted) {
      if (isProven) return;
      let refusal: HoldfastError | undefined;
      let isAnyCold = false;
      for (const id of [wanted, ...samples(packs, wanted)]) {
        const verdict = await verdictOf(open(id));
        if (verdict === "open") {
          isProven = true;
          return;
        }
        if (isKind(verdict, "key")) refusal ??= verdict;
        isAnyCold ||= isColdRefusal(verdict);
        if (await deps.identities() === undefined) break;
      }
      if (refusal !== undefined) throw refusal;
      isProven = !isAnyCold;
    },
  };
}

async function verdictOf(opening: Promise<OpenPack>): Promise<"open" | HoldfastError> {
  try {
    await opening;
    return "open";
  } catch (error) {
    if (isKind(error, "key", "damage", "entry")) return error;
    throw error;
  }
}

/** Packs to be opened before an identity is called wrong. */
const SAMPLES = 7;

/** Encrypted packs from the oldest to the newest, evenly. */
function samples(packs: PackModel, except: number): number[] {
  const ids: number[] = [];
  for (const { id, stored, encryption } of packs.all()) {
    if (stored > 0 && encryption === "age" && id !== except) ids.push(id);
  }
  if (ids.length <= SAMPLES) return ids;
  const step = (ids.length - 1) / (SAMPLES - 1);
  return Array.from({ length: SAMPLES }, (_, i) => ids[Math.round(i * step)]);
}

/** Bytes of a frame by extent. One that several want, next to one another, is hashed once. */
function checkedExtents(row: PackRow, hashing: Hashing) {
  let last: { at: number; size: number; content: Uint8Array; digest: Uint8Array } | undefined;
  return ({ at, size, sha256 }: PackedExtent, plain: Uint8Array, tar: number) => {
    if (last?.at !== at || last.size !== size) {
      const content = plain.subarray(at - tar, at - tar + size);
      last = { at, size, content, digest: hashing.sha256(content) };
    }
    if (compareBytes(last.digest, sha256) === 0) return last.content;
    return packDamage(row, `bytes ${at} to ${at + size} of its TAR have another SHA-256`);
  };
}
