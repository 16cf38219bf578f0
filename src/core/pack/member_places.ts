import { HoldfastError } from "../error.ts";
import type { FrameSize } from "./pack_layout.ts";
import { BLOCK, tarPadding } from "./tar_member.ts";

/** How a pack's TAR has a member: its content behind a header, or nothing but a header. */
export type MemberForm = "content" | "chunk" | "header";

/**
 * Bytes of header before a content, as most members have them: an extended header, its records in
 * one block, the ustar header; a chunk's is ustar alone.
 */
const HEADER_BYTES: Readonly<Record<MemberForm, number>> = {
  content: 3 * BLOCK,
  chunk: BLOCK,
  header: 3 * BLOCK,
};

/** Goes through the members of a pack in the order of its TAR. */
export interface MemberPlaces {
  /** Offset that the next member has if there is nothing special about headers. */
  expected(form: MemberForm): number;
  /**
   * The next member has `bytes` of content at `at`, or its header there. Throws kind "damage" where
   * that is not behind the one before, within one frame, and at a block's begin.
   */
  take(form: MemberForm, at: number, bytes: number): void;
}

export function memberPlaces(frames: readonly FrameSize[]): MemberPlaces {
  // Up to `taken` the TAR has what was named; up to `next` probably, too.
  let [taken, next] = [0, 0];
  let [frame, frameEnd] = [-1, 0];
  let frameStart = 0;
  return {
    expected: (form) => form === "header" ? next : next + HEADER_BYTES[form],
    take(form, at, bytes) {
      const isHeader = form === "header";
      const from = isHeader ? at : at - BLOCK;
      const end = isHeader ? at + BLOCK : at + bytes + tarPadding(bytes);
      if (!Number.isSafeInteger(end) || from % BLOCK !== 0 || from < taken) throw misplaced(at);
      while (frameEnd <= from && frame + 1 < frames.length) {
        frameStart = frameEnd;
        frameEnd += frames[++frame][1];
      }
      if (from < frameStart || end > frameEnd) throw misplaced(at);
      taken = end;
      next = isHeader ? at + HEADER_BYTES.header : end;
    },
  };
}

function misplaced(at: number): HoldfastError {
  return new HoldfastError("damage", `no member can be at ${at}`, { context: { at } });
}
