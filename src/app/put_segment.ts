import { isKind } from "../core/error.ts";
import { genesisLine } from "../core/event/line.ts";
import { freeBytes } from "../core/free_bytes.ts";
import {
  placeholderMetadata,
  readSegmentMetadata,
  type SegmentHead,
  segmentKey,
  segmentMetadata,
  signedText,
} from "../core/log_segment.ts";
import { joinLines } from "../core/log_segment_lines.ts";
import { checkRecipients } from "../core/repository_file.ts";
import { type BodySuffix, otherName } from "../core/sealed_name.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectHead, ObjectStore, PutOptions } from "../ports/object_store.ts";
import type { Signer } from "../ports/signing.ts";
import { readRepository } from "./read_repository.ts";
import type { SegmentDeps } from "./read_segment.ts";
import { forked, isOnChain, nameIsHeld, takenOver } from "./segment_state.ts";

export interface PutSegmentDeps extends SegmentDeps {
  readonly log: JobLog;
  readonly signer: Signer;
}

/** A range of the newest log's lines. */
export interface SegmentLines {
  readonly first: number;
  readonly last: number;
  readonly head: string;
  /** Each in a buffer of its own: they are freed. */
  readonly lines: readonly Uint8Array[];
}

export interface PutSegment {
  readonly key: string;
  readonly head: SegmentHead;
  /** As stored. */
  readonly bytes: number;
}

/**
 * Puts a segment under a name that nothing has. `form` is how the name of the segment before it ends:
 * where this one's ends otherwise, the name that it would have had is taken first, so that of two
 * writers of one log one still meets the other. Returns what is in the repository now: this segment,
 * or an earlier PUT of ours. Throws kind "locked" where it is another's, "key" where the log would be
 * encrypted no longer and the repository names recipients.
 */
export async function putSegment(
  deps: PutSegmentDeps,
  { first, last, head, lines }: SegmentLines,
  form?: BodySuffix,
): Promise<PutSegment> {
  const { log, coding, signer } = deps;
  const { genesis } = log;
  const place = { log: genesis.log, first, last, head };
  const plain = joinLines(lines);
  lines.forEach(freeBytes);
  const { body, sha256, suffix, contentType } = await coding.pack(plain);
  freeBytes(plain);
  const begins = first === log.logs().at(-1)!.first && genesis.parent !== null;
  const segment: SegmentHead = {
    ...place,
    ...{ previous: log.hashBefore(first)!, sha256, signature: signer.sign(signedText(place)) },
    ...(begins ? { genesis: genesisLine(genesis) } : {}),
  };
  const key = segmentKey(genesis.log, first, suffix);
  if (form !== undefined && form !== suffix) {
    // Whatever command runs: a config that names nobody by mistake tells nothing.
    if (suffix === "") checkRecipients(await readRepository(deps.store), [], deps.store.url);
    const held = await holdOtherName(deps.store, key);
    const there = held && foundSegment(deps, held);
    if (there !== undefined) return there;
  }
  const found = await putOnce(deps.store, key, body, {
    ...{ metadata: segmentMetadata(segment), sha256, contentType },
  });
  if (found === undefined) return { key, head: segment, bytes: body.length };
  return foundSegment(deps, found) ?? await otherSegment(deps, key);
}

export interface FoundObject {
  readonly key: string;
  readonly head: ObjectHead;
}

/**
 * Takes the other name of a segment's position with a placeholder. Returns what has that name
 * already; a placeholder may be anybody's, for the position is decided under the segment's own name.
 */
export function holdOtherName(
  store: ObjectStore,
  key: string,
): Promise<FoundObject | undefined> {
  return putOnce(store, otherName(key), new Uint8Array(0), { metadata: placeholderMetadata(key) });
}

/** Puts an object under a name that nothing has; else returns what has it, and puts nothing. */
export async function putOnce(
  store: ObjectStore,
  key: string,
  body: Uint8Array,
  options: PutOptions,
): Promise<FoundObject | undefined> {
  const ifNoneMatch = store.features.conditionalPut.works;
  const there = ifNoneMatch ? undefined : await store.head(key);
  if (there !== undefined) return { key, head: there };
  for (;;) {
    try {
      await store.put(key, body, { ...options, ifNoneMatch });
      return undefined;
    } catch (error) {
      if (!isKind(error, "conflict")) throw error;
      const head = await store.head(key);
      // A 409: another PUT of this key was under way and has come to nothing.
      if (head !== undefined) return { key, head };
    }
  }
}

/**
 * What has a segment's name, where that is a part of our chain: the answer to our own PUT was lost.
 * Undefined for a placeholder. Throws kind "locked" where it is anything else.
 */
function foundSegment(
  { log }: PutSegmentDeps,
  { key, head: { metadata, size } }: FoundObject,
): PutSegment | undefined {
  const { job } = log.genesis;
  const object = readSegmentMetadata(key, metadata);
  if (object.kind === "placeholder") return undefined;
  if (object.kind === "closing") throw takenOver(job, object.closing);
  if (isOnChain(log, object.head)) return { key, head: object.head, bytes: size };
  throw forked(job, key, `another machine has written its events from ${object.head.first} on`);
}

/** Our segment under the other name, where a placeholder has this one. Throws kind "locked". */
async function otherSegment(deps: PutSegmentDeps, held: string): Promise<PutSegment> {
  const key = otherName(held);
  const head = await deps.store.head(key);
  const there = head && foundSegment(deps, { key, head });
  if (there !== undefined) return there;
  throw nameIsHeld(deps.log.genesis.job, held);
}
