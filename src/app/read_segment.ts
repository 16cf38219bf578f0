import { HoldfastError, isKind } from "../core/error.ts";
import { chainHash } from "../core/event/line.ts";
import { hex } from "../core/hash.ts";
import {
  logFolder,
  readSegmentMetadata,
  type SegmentHead,
  type SegmentObject,
  segmentOfKey,
  signedText,
} from "../core/log_segment.ts";
import { splitLines } from "../core/log_segment_lines.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { VerifySignature } from "../ports/signing.ts";
import { inOrder } from "./in_order.ts";
import { readBody } from "./read_body.ts";
import type { BodyCoding } from "./stored_body.ts";

export interface SegmentDeps {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  readonly coding: BodyCoding;
  readonly verify: VerifySignature;
}

export interface FetchedSegment {
  readonly key: string;
  readonly object: SegmentObject;
  /** As stored. */
  readonly body: Uint8Array;
  /** Milliseconds since 1970, by the store's clock. */
  readonly lastModified: number;
}

/** Keys of a log's segments and placeholders from a position on, in order. */
export async function listSegments(
  store: ObjectStore,
  log: string,
  { from, startAfter }: { from: number; startAfter?: string },
): Promise<string[]> {
  const keys: string[] = [];
  const options = startAfter === undefined ? {} : { startAfter };
  for await (const page of store.list(logFolder(log), options)) {
    for (const { key } of page) {
      const first = segmentOfKey(key)?.first;
      if (first !== undefined && first >= from) keys.push(key);
    }
  }
  return keys;
}

/** What an object of the log says it is; undefined where it is gone or says nothing. */
export async function lookAtSegment(
  store: ObjectStore,
  key: string,
): Promise<SegmentObject | undefined> {
  const found = await store.head(key);
  try {
    return found && readSegmentMetadata(key, found.metadata);
  } catch (error) {
    if (isKind(error, "damage")) return undefined;
    throw error;
  }
}

/** Throws kind "damage" where the body is not what its metadata says, "gone" where there is none. */
export async function fetchSegment(
  { store, hashing }: SegmentDeps,
  key: string,
): Promise<FetchedSegment> {
  const answer = await store.get(key);
  const body = await readBody(answer);
  const object = readSegmentMetadata(key, answer.head.metadata);
  const fetched = { key, object, body, lastModified: answer.head.lastModified };
  if (object.kind === "placeholder") return fetched;
  const { sha256 } = object.kind === "segment" ? object.head : object.closing;
  if (hex(hashing.sha256(body)) !== sha256) throw damaged(key, "its body is not what was written");
  return fetched;
}

/** Segments in order, the next `ahead` of them on their way while one is worked on. */
export function fetchSegments(
  deps: SegmentDeps,
  keys: readonly string[],
  ahead: number,
): AsyncGenerator<FetchedSegment> {
  return inOrder(keys, ahead, (key) => fetchSegment(deps, key));
}

/** Throws kind "damage" where the head of the segment `key` was not signed by the log's `publicKey`. */
export function checkSignature(
  { verify }: Pick<SegmentDeps, "verify">,
  key: string,
  head: SegmentHead,
  publicKey: string,
): void {
  if (verify(publicKey, signedText(head), head.signature)) return;
  throw damaged(key, "its head is not signed by the log's key");
}

/**
 * The lines of a segment, verified: signature by the log's `publicKey`, positions' count, and the chain
 * from the hash before its first line to its head. Throws kind "damage", and "key" where it is
 * encrypted and cannot be opened.
 */
export async function openSegment(
  deps: SegmentDeps,
  fetched: Pick<FetchedSegment, "key" | "body">,
  head: SegmentHead,
  publicKey: string,
): Promise<Uint8Array[]> {
  const { key } = fetched;
  checkSignature(deps, key, head, publicKey);
  const lines = await linesOf(deps, fetched);
  if (lines.length !== head.last - head.first + 1) {
    throw damaged(key, `it holds ${lines.length} events`);
  }
  let hash = head.previous;
  for (const line of lines) hash = chainHash(hash, line, deps.hashing.sha256);
  if (hash !== head.head) throw damaged(key, "its hash chain does not fit");
  return lines;
}

/** The lines of a segment's body. Throws as above. */
export async function linesOf(
  { coding }: Pick<SegmentDeps, "coding">,
  fetched: Pick<FetchedSegment, "key" | "body">,
): Promise<Uint8Array[]> {
  return splitLines(await unpackSegment(coding, fetched));
}

/** What a segment's body holds. */
export async function unpackSegment(
  coding: BodyCoding,
  { key, body }: Pick<FetchedSegment, "key" | "body">,
): Promise<Uint8Array> {
  try {
    return await coding.unpack(key, body);
  } catch (error) {
    if (!isKind(error, "damage")) throw error;
    throw damaged(key, error.message);
  }
}

function damaged(key: string, why: string): HoldfastError {
  return new HoldfastError("damage", `the log segment ${key} is damaged: ${why}`, {
    context: { segment: key },
  });
}
