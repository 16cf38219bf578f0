import { HoldfastError } from "../core/error.ts";
import type { PackPartRow, PackRow } from "../core/index/pack_rows.ts";
import type { FetchedFrame } from "../core/pack/extent_ranges.ts";
import { END_FRAME } from "../core/pack/pack_end.ts";
import { AGE_CHUNK, AGE_TAG } from "../core/pack/pack_layout.ts";
import { frameAt } from "../core/pack/zstd_frames.ts";
import { compareBytes } from "../core/path_text.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { OpenPack } from "./open_pack.ts";
import { packDamage, packFailure, shorter } from "./pack_failure.ts";
import { frameTaker, type ReadFrame } from "./pack_frames.ts";
import { hexOfCrc } from "./pack_upload.ts";
import { streamBlocks, type StreamStart } from "./stream_blocks.ts";

/** A frame of a pack's TAR; or why it cannot be had: kind "damage" or "entry". */
export interface WholeFrame {
  /** Offset of its first byte in the TAR stream. */
  readonly tar: number;
  readonly length: number;
  readonly plain: Uint8Array | HoldfastError;
}

export interface WholePackDeps {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  /** Told what is wrong beside the frames: of padding, the end, the checksum. Kind "damage". */
  readonly wrong: (error: HoldfastError) => void;
}

/**
 * Every byte of a pack, from the first to the last: each frame of its TAR, and whether all between
 * and behind them is what it has to be. At no time is more than a frame of it in memory. Throws what
 * is not the pack's fault.
 */
export async function* wholePack(
  deps: WholePackDeps,
  pack: OpenPack,
  parts: readonly PackPartRow[],
): AsyncGenerator<WholeFrame> {
  const { store, hashing } = deps;
  const { row } = pack;
  const taker = frameTaker({
    offset: 0,
    length: row.size,
    chunk: 0,
    start: 0,
    frames: allFrames(pack),
  });
  const whole = checksum(hashing, parts);
  let [size, failure] = [0, packDamage(row, shorter(row))];
  try {
    const { key, version, etag } = row;
    const how = version !== null ? { versionId: version } : etag === null ? {} : { ifMatch: etag };
    const { stream } = await store.get(key, how);
    const counted = counting(stream, (bytes) => {
      size += bytes.length;
      whole.update(bytes);
    });
    for await (const block of streamBlocks(pack, counted, startOf(pack))) {
      for (const read of taker.take(block)) yield* judged(deps, row, read);
    }
  } catch (error) {
    failure = packFailure(row, error);
  }
  for (const read of taker.rest(failure)) yield* judged(deps, row, read);
  if (size > row.size) deps.wrong(packDamage(row, `it is longer than its ${row.size} bytes`));
  else if (whole.differs()) deps.wrong(packDamage(row, "its CRC32 is not what was sent"));
}

/** Those of the table, and the one that ends every pack. */
function allFrames(pack: OpenPack): FetchedFrame<never>[] {
  let [at, tar] = [0, 0];
  const frames = pack.frames.map(([compressed, plain], index) => {
    const frame = { index, at, compressed, tar, plain, extents: [] };
    at += compressed;
    tar += plain;
    return frame;
  });
  const end = { index: frames.length, at, compressed: END_FRAME.length, tar, plain: 0 };
  return [...frames, { ...end, extents: [] }];
}

function* judged(
  { hashing, wrong }: WholePackDeps,
  row: PackRow,
  { frame, packed }: ReadFrame<never>,
): Generator<WholeFrame> {
  const { tar, plain: length } = frame;
  if (length === 0) {
    const what = packed instanceof HoldfastError ? packed : paddingDamage(row, packed);
    if (what !== undefined) wrong(what);
    return;
  }
  if (packed instanceof HoldfastError) return yield { tar, length, plain: packed };
  try {
    yield { tar, length, plain: hashing.unframe(packed, length) };
  } catch (error) {
    yield { tar, length, plain: packFailure(row, error) };
  }
}

/** What holds no TAR: padding, or the end. */
function paddingDamage(row: PackRow, packed: Uint8Array): HoldfastError | undefined {
  if (compareBytes(packed, END_FRAME) === 0) return undefined;
  try {
    const { kind, length } = frameAt(packed, 0) ?? {};
    if (kind === "skippable" && length === packed.length) return undefined;
    return packDamage(row, "it does not have what fills it up, or ends it");
  } catch (error) {
    return packFailure(row, error);
  }
}

function startOf({ row, header }: OpenPack): StreamStart {
  const last = Math.floor((row.size - header) / (AGE_CHUNK + AGE_TAG));
  return { at: 0, counter: 0, skipped: header, last };
}

async function* counting(
  stream: AsyncIterable<Uint8Array>,
  seen: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of stream) {
    seen(bytes);
    yield bytes;
  }
}

/** Of all parts as they were prepared: what closes a pack early comes behind. None after some rebuilds. */
function checksum(hashing: Hashing, parts: readonly PackPartRow[]) {
  const wanted = parts.at(-1)?.whole ?? "";
  let left = parts.reduce((sum, { size }) => sum + size, 0);
  let crc32 = 0;
  return {
    update(bytes: Uint8Array): void {
      const covered = bytes.subarray(0, Math.min(left, bytes.length));
      left -= covered.length;
      if (covered.length > 0) crc32 = hashing.crc32(covered, crc32);
    },
    differs: () => wanted !== "" && left === 0 && hexOfCrc(crc32) !== wanted,
  };
}
