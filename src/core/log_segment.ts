import { HoldfastError } from "./error.ts";
import { type Genesis, genesisLine } from "./event/line.ts";
import type { BodySuffix } from "./sealed_name.ts";

/**
 * Log segments in the repository: a sealed range of a log's lines, one zstd frame, as an age file where
 * the job encrypts. Named by its first position only, so that two writers from one head collide. What
 * is needed to judge one without reading it is in the object's user metadata, in clear
 * (docs/bucket_format.md).
 */
export interface SegmentHead {
  readonly log: string;
  readonly first: number;
  readonly last: number;
  /** Hash before the first line, 64 hex digits. */
  readonly previous: string;
  /** Hash of the last line. */
  readonly head: string;
  /** SHA-256 of the body as stored. */
  readonly sha256: string;
  /** Ed25519 over `signedText`, 128 hex digits. */
  readonly signature: string;
  /** Of a log that goes on where another one was, in its first segment: the line of its genesis. */
  readonly genesis?: string;
}

/**
 * Stands at a log's next position after a takeover, or behind segments that are damaged: the log goes
 * on as another one, from the hash `previous`.
 */
export interface ClosingSegment {
  readonly log: string;
  readonly first: number;
  readonly previous: string;
  /** Id of the log that goes on. */
  readonly closedBy: string;
  /** Host that has taken over. */
  readonly host: string;
  readonly sha256: string;
}

/** A segment holds at most this many entries … */
export const SEGMENT_ENTRIES = 100_000;
/** … and this many bytes of lines; one line is always taken. */
export const SEGMENT_BYTES = 8 * 1024 * 1024;

export function logFolder(log: string): string {
  return `.holdfast/log/${log}/`;
}

export function segmentKey(log: string, first: number, suffix: BodySuffix = ""): string {
  return `${logFolder(log)}${String(first).padStart(16, "0")}.jsonl.zst${suffix}`;
}

/** Log and first position that a key names; undefined where it is no segment's. */
export function segmentOfKey(key: string): { log: string; first: number } | undefined {
  const found = /^\.holdfast\/log\/([0-9a-f]{32})\/(\d{16})\.jsonl\.zst(?:\.age)?$/.exec(key);
  return found === null ? undefined : { log: found[1], first: Number(found[2]) };
}

/** What is signed, as UTF-8. */
export function signedText(
  { log, first, last, head }: Pick<SegmentHead, "log" | "first" | "last" | "head">,
): string {
  return `holdfast-segment\n${log}\n${first}\n${last}\n${head}`;
}

/** User metadata: ASCII, well below S3's 2 KB. */
export function segmentMetadata(segment: SegmentHead): Record<string, string> {
  const { first, last, previous, head, sha256, signature, genesis } = segment;
  return {
    ...{ first: String(first), last: String(last), previous, head, sha256, signature },
    ...(genesis === undefined ? {} : { genesis: asciiOf(genesis) }),
  };
}

export function closingMetadata(closing: ClosingSegment): Record<string, string> {
  const { first, previous, closedBy, host, sha256 } = closing;
  return { first: String(first), previous, "closed-by": closedBy, host: asciiOf(host), sha256 };
}

/**
 * Of the empty object that takes the other name of a position where a log is encrypted from, or no
 * longer: whoever goes on in the form until then collides, too. `key` is that of the segment.
 */
export function placeholderMetadata(key: string): Record<string, string> {
  const { first } = segmentOfKey(key)!;
  return { first: String(first), [GOES_ON]: key.slice(key.lastIndexOf("/") + 1) };
}

const GOES_ON = "goes-on-as";

export type SegmentObject =
  | { readonly kind: "segment"; readonly head: SegmentHead }
  | { readonly kind: "closing"; readonly closing: ClosingSegment }
  | { readonly kind: "placeholder" };

/** What an object says it is. Throws kind "damage" where it says nothing that can be read. */
export function readSegmentMetadata(
  key: string,
  metadata: Readonly<Record<string, string>>,
): SegmentObject {
  const place = segmentOfKey(key);
  if (place === undefined || metadata.first !== String(place.first)) throw unreadable(key);
  const { log, first } = place;
  if (metadata[GOES_ON] !== undefined) return { kind: "placeholder" };
  const { previous, sha256 } = metadata;
  if (!isHash(previous) || !isHash(sha256)) throw unreadable(key);
  const closedBy = metadata["closed-by"];
  if (closedBy !== undefined) {
    if (!/^[0-9a-f]{32}$/.test(closedBy)) throw unreadable(key);
    const host = textOf(metadata.host ?? "");
    return { kind: "closing", closing: { log, first, previous, closedBy, host, sha256 } };
  }
  const { head, signature = "", genesis } = metadata;
  const last = Number(metadata.last);
  if (!isHash(head) || !Number.isSafeInteger(last) || last < first) throw unreadable(key);
  return {
    kind: "segment",
    head: {
      ...{ log, first, last, previous, head, sha256, signature },
      ...(genesis === undefined ? {} : { genesis: textOf(genesis) }),
    },
  };
}

/** The body of a closing segment, before compression. */
export function closingBody(genesis: Genesis): string {
  return `${genesisLine(genesis)}\n`;
}

/** Throws kind "damage" where it is no genesis, or not that of the log which was named. */
export function readClosingBody(text: string, closing: ClosingSegment): Genesis {
  let genesis: Genesis | null = null;
  try {
    genesis = JSON.parse(text);
  } catch {
    // Not JSON: refused below.
  }
  const fits = genesis?.format === 1 && genesis.log === closing.closedBy &&
    genesis.parent?.log === closing.log && genesis.parent.position < closing.first &&
    genesis.parent.hash === closing.previous;
  if (fits) return genesis!;
  throw unreadable(`${logFolder(closing.log)}${closing.first}`);
}

function unreadable(key: string): HoldfastError {
  return new HoldfastError("damage", `the log segment ${key} does not say what it holds`, {
    context: { key },
  });
}

function isHash(text: string | undefined): boolean {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text);
}

/** S3's user metadata is ASCII. */
function asciiOf(text: string): string {
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

function textOf(ascii: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(ascii, { alphabet: "base64url" }));
}
