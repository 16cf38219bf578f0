import { HoldfastError } from "../core/error.ts";
import { freeBytes } from "../core/free_bytes.ts";
import { frameAt } from "../core/pack/zstd_frames.ts";
import type { Hashing } from "../ports/hashing.ts";

/** Text in a frame: what is in memory at once of a large one. */
const FRAME_TEXT = 1024 * 1024;

/** Collects lines, each with its newline, in zstd frames: `zstd -d` reads these as one. */
export interface LineFrames {
  add(lines: Iterable<string>): void;
  /** All that was added. Nothing is added after it. */
  end(): Uint8Array[];
}

/** What is in memory is compressed, but for the last FRAME_TEXT of it. */
export function lineFrames(hashing: Hashing): LineFrames {
  const encoder = new TextEncoder();
  const frames: Uint8Array[] = [];
  let text: string[] = [];
  let length = 0;
  const close = () => {
    if (text.length === 0) return;
    const plain = encoder.encode(text.join(""));
    frames.push(hashing.frame(plain));
    freeBytes(plain);
    [text, length] = [[], 0];
  };
  return {
    add(lines) {
      for (const line of lines) {
        text.push(line, "\n");
        length += line.length + 1;
        if (length >= FRAME_TEXT) close();
      }
    },
    end() {
      close();
      return frames;
    },
  };
}

/** The same of lines that are all there. */
export function framesOfLines(hashing: Hashing, lines: Iterable<string>): Uint8Array[] {
  const frames = lineFrames(hashing);
  frames.add(lines);
  return frames.end();
}

/** The lines of such frames, one frame in memory at a time. Throws kind "damage". */
export function* linesOfFrames(hashing: Hashing, bytes: Uint8Array): Generator<string> {
  let rest = "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let at = 0; at < bytes.length;) {
    const place = frameAt(bytes, at);
    if (place === undefined) throw new HoldfastError("damage", "its last zstd frame is cut off");
    const frame = bytes.subarray(at, at + place.length);
    at += place.length;
    if (place.kind === "skippable") continue;
    const lines = (rest + decoder.decode(hashing.decompress(frame), { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") throw new HoldfastError("damage", "its last line is cut off");
}

/** The pieces one after the other. Each has a buffer of its own, which is freed. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
    freeBytes(piece);
  }
  return all;
}
