import { HoldfastError } from "../core/error.ts";
import type { SmbLogin } from "./client_session.ts";

/**
 * What a child and its parent say to each other over the child's standard input and output: frames of
 * 8 bytes (kind u8, "SMB", length u32 little-endian) and so many bytes. The parent asks one question
 * at a time; any number of data frames and then "done" or "failed" answer it.
 */
export const FRAME_HEADER = 8;

export const FRAME_KINDS = ["ask", "data", "done", "failed"] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

export type SmbQuestion =
  /** The first one: it sets the child up, nothing is connected by it. Tells the library's version. */
  | { readonly ask: "login"; readonly login: SmbLogin }
  /** Answered with entry_columns.ts in data frames; the record in "done" is the folder's own. */
  | { readonly ask: "list"; readonly path: readonly string[] }
  | { readonly ask: "stat"; readonly path: readonly string[] }
  /** The server's shares, as JSON. */
  | { readonly ask: "shares" }
  /** Of security, as text. */
  | { readonly ask: "descriptor"; readonly path: readonly string[] }
  /** Opens, reads, looks and closes: one data frame, and in "done" the record from after the read. */
  | { readonly ask: "read"; readonly path: readonly string[]; readonly range: ByteRange };

/** Of a file; what lies behind its end is left out. */
export interface ByteRange {
  readonly offset: number;
  /** At most READ_BYTES (file_reader.ts). */
  readonly length: number;
}

/** In "done". */
export interface SmbDone {
  /** A stat record in hex. */
  readonly record?: string;
  readonly text?: string;
}

/** In "failed": a call with its errno, or an error as it is to be shown. */
export type SmbFailed =
  | { readonly step: string; readonly errno: number }
  | { readonly message: string; readonly hint?: string };

const MAGIC = 0x424d53; // "SMB"
/** Nothing that is said is longer; a larger length is no frame. */
const MOST_BYTES = 64 * 1024 * 1024;

export function frameHeader(kind: FrameKind, length: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(FRAME_HEADER);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC << 8 | FRAME_KINDS.indexOf(kind), true);
  view.setUint32(4, length, true);
  return header;
}

/** Throws kind "failed" where it is no header: something else wrote to the pipe. */
export function readFrameHeader(header: Uint8Array): { kind: FrameKind; length: number } {
  const view = new DataView(header.buffer, header.byteOffset);
  const word = view.getUint32(0, true);
  const kind = FRAME_KINDS[word & 0xff];
  const length = view.getUint32(4, true);
  if (word >>> 8 === MAGIC && kind !== undefined && length <= MOST_BYTES) return { kind, length };
  throw new HoldfastError("failed", "the process that reads the share said what nobody asked for", {
    hint: "run again; if it happens again, report it",
  });
}
