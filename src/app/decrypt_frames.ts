import { HoldfastError, isKind } from "../core/error.ts";
import { END_BYTES, END_FRAME } from "../core/pack/pack_end.ts";
import { tarReader } from "../core/pack/tar_reader.ts";
import { frameAt, type FramePlace } from "../core/pack/zstd_frames.ts";
import { compareBytes } from "../core/path_text.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { LocalStream } from "./decrypt_stream.ts";
import { FRAME_MOST, type StreamWindow, streamWindow } from "./decrypt_window.ts";

/** What a pack's zstd stream has from one place on. Offsets are bytes of that stream. */
export type StreamPart =
  | {
    readonly kind: "frame";
    readonly at: number;
    readonly length: number;
    /** What it decodes to. */
    readonly plain: Uint8Array;
  }
  | {
    readonly kind: "damage";
    readonly at: number;
    /** Where the next frame is, or the end. */
    readonly to: number;
    readonly failure: HoldfastError;
  };

/** The first place behind `at` where a pack's index says that a frame is; undefined without one. */
export type NextFrame = (at: number) => number | undefined;

/**
 * The frames of a pack, with members in them, in order, and what is damaged between them. Where it goes
 * on behind damage is known by the index; without one by where the damaged frame ends, and where that is
 * not to be seen by the next bytes that are a frame and decode to whole members.
 */
export function* framesOf(
  stream: LocalStream,
  hashing: Hashing,
  next: NextFrame,
): Generator<StreamPart> {
  const window = streamWindow(stream);
  let at = 0;
  while (at < stream.length) {
    const found = look(window, hashing, at);
    if (found instanceof HoldfastError) {
      const to = Math.min(stream.length, next(at) ?? resume(window, hashing, at, stream.length));
      yield { kind: "damage", at, to, failure: found };
      if (to === stream.length) return;
      at = to;
      continue;
    }
    const { kind, length, plain } = found;
    if (kind === "members") yield { kind: "frame", at, length, plain };
    at += length;
    if (kind !== "end") continue;
    const more = stream.length - at;
    if (more > 0) yield { kind: "damage", at, to: stream.length, failure: behindEnd(more) };
    return;
  }
  const failure = new HoldfastError("damage", "it is cut off: what ends every pack is missing");
  yield { kind: "damage", at, to: at, failure };
}

interface Found {
  readonly kind: "members" | "nothing" | "end";
  readonly length: number;
  readonly plain: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** What is at this place, or why it cannot be told. */
function look(window: StreamWindow, hashing: Hashing, at: number): Found | HoldfastError {
  window.moveTo(at);
  try {
    const place = placeHere(window);
    const gap = window.gapWithin(place?.length ?? window.bytes.length);
    if (gap !== undefined) return gap.failure;
    if (place === undefined) {
      const what = window.bytes.length < FRAME_MOST ? "it is cut off within" : "too long is";
      return new HoldfastError("damage", `${what} the zstd frame at byte ${at}`);
    }
    return opened(window.bytes.subarray(0, place.length), place, hashing);
  } catch (error) {
    if (!isKind(error, "damage")) throw error;
    const failure = window.gapWithin(window.bytes.length)?.failure;
    return failure ??
      new HoldfastError("damage", `no zstd frame is at byte ${at}`, { cause: error });
  }
}

/** The frame that the window begins with; undefined where it does not end. Throws kind "damage". */
function placeHere(window: StreamWindow): FramePlace | undefined {
  for (;;) {
    const place = frameAt(window.bytes, 0);
    if (place !== undefined || !window.grow()) return place;
  }
}

function opened(
  frame: Uint8Array,
  { kind, length, contentSize }: FramePlace,
  hashing: Hashing,
): Found | HoldfastError {
  if (kind === "skippable") return { kind: "nothing", length, plain: NOTHING };
  if (compareBytes(frame, END_FRAME) === 0) return { kind: "end", length, plain: NOTHING };
  if (contentSize === undefined || contentSize > FRAME_MOST) {
    return new HoldfastError("damage", "a zstd frame in it is none that Holdfast writes");
  }
  const plain = hashing.unframe(frame, contentSize);
  return { kind: plain.length === 0 ? "nothing" : "members", length, plain };
}

function behindEnd(bytes: number): HoldfastError {
  return new HoldfastError("damage", `there are ${bytes} bytes behind its end`);
}

/** Where the stream goes on behind what is damaged at `at`. */
function resume(window: StreamWindow, hashing: Hashing, at: number, end: number): number {
  window.moveTo(at);
  const place = attempted(() => placeHere(window));
  if (place !== undefined) {
    const behind = at + place.length;
    if (behind === end || !(look(window, hashing, behind) instanceof HoldfastError)) return behind;
  }
  for (let from = at + 1; from < end;) {
    const candidate = findFrame(window, from);
    if (candidate < 0) break;
    if (isOwnFrame(window, hashing, candidate, end)) return candidate;
    from = candidate + 1;
  }
  return end;
}

/** Bytes of a zstd block at most (RFC 8878, section 3.1.1.2.4). */
const BLOCK_MOST = 128 * 1024;

/**
 * True of a frame of the pack itself. A file in it may hold frames, too; but what is stored of them as
 * it is lies within one block, and behind that they do not go on.
 */
function isOwnFrame(window: StreamWindow, hashing: Hashing, from: number, end: number): boolean {
  for (let at = from; at - from <= BLOCK_MOST;) {
    const found = look(window, hashing, at);
    if (found instanceof HoldfastError) return false;
    if (found.kind === "members" && !hasWholeMembers(found.plain)) return false;
    at += found.length;
    if (found.kind === "end" || at === end) return at === end;
  }
  return true;
}

function attempted<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (isKind(error, "damage")) return undefined;
    throw error;
  }
}

/** What every zstd frame that is not skippable begins with. */
const MAGIC = END_FRAME.subarray(0, 4);

/** The first place from `from` on that looks like a frame's begin; -1 where there is none. */
function findFrame(window: StreamWindow, from: number): number {
  let at = from;
  window.moveTo(at);
  for (;;) {
    const found = magicIn(window.bytes);
    if (found >= 0) return at + found;
    // Its begin may be at the very end of what is there.
    const passed = Math.max(0, window.bytes.length - MAGIC.length + 1);
    at += passed;
    window.moveTo(at);
    if (!window.grow()) return -1;
  }
}

function magicIn(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(MAGIC[0]); at >= 0; at = bytes.indexOf(MAGIC[0], at + 1)) {
    if (at + MAGIC.length > bytes.length) return -1;
    if (compareBytes(bytes.subarray(at, at + MAGIC.length), MAGIC) === 0) return at;
  }
  return -1;
}

/** True where the bytes are members, headers and all, of which the last one ends with them. */
function hasWholeMembers(plain: Uint8Array): boolean {
  return attempted(() => {
    const reader = tarReader();
    reader.push(plain);
    reader.push(new Uint8Array(END_BYTES));
    reader.end();
    return true;
  }) ?? false;
}
