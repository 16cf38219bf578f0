import { isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { CONTENT_FOLDER } from "../core/mirror/object_key.ts";
import {
  decodeMetadata,
  METADATA_NAME,
  type ObjectMetadata,
  type SidecarContent,
} from "../core/mirror/object_metadata.ts";
import { type FoundObject, misfitOf } from "../core/mirror/rebuild_state.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ListedObject, ObjectHead, ObjectStore } from "../ports/object_store.ts";
import type { SurveyAnswer, SurveyedObject, SurveyTable } from "../ports/rebuild_tables.ts";
import { inParallel } from "./in_parallel.ts";
import { readBody } from "./read_body.ts";
import type { BodyCoding } from "./stored_body.ts";

export interface SurveyDeps {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  readonly coding: BodyCoding;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
}

export interface SurveyOptions {
  /** Tells repositories apart, for whatever an earlier process has found out. */
  readonly repository: string;
  /** Objects that need not be asked: the index has them. */
  readonly isKnown: (object: ListedObject) => boolean;
  /** Keys whose ETag is asked for, known or not. */
  readonly isWanted: (key: string) => boolean;
}

export interface Survey {
  /** In order of their keys; each call begins anew. */
  objects(): Iterable<FoundObject>;
  readonly count: number;
  /** Highest position that the metadata of one has. */
  readonly highest: number;
  /** Of those that were to be asked for, what an earlier process has asked for. */
  readonly kept: number;
  /** As listed, where the key is wanted. */
  etagOf(key: string): string | undefined;
  /** Without metadata of ours, and no record tells of them: left alone. */
  readonly foreign: number;
  readonly missing: readonly string[];
}

/** HEADs under way at once; each holds a connection. */
const IN_FLIGHT = 64;
/** Answers after which they are made to outlive the process. */
const KEEP = 100;

/**
 * Looks at every object of the mirror: one LIST, and while it goes on a HEAD of each object that is
 * not known. No body is read but those of sidecars. What is found is in the table: a survey that was
 * cut off asks no object twice that is still as it was.
 */
export async function surveyObjects(
  deps: SurveyDeps,
  table: SurveyTable,
  options: SurveyOptions,
): Promise<Survey> {
  const { signal, emit } = deps;
  table.begin(options.repository);
  const listing: Listing = { newest: 0, asked: 0, isDone: false };
  const missing: string[] = [];
  let done = 0;
  const listed = listAll(deps, table, { ...options, listing });
  // Thrown where what was listed before is done.
  listed.catch(() => {});
  const ask = async (object: ListedObject) => {
    signal.throwIfAborted();
    const { newest } = listing;
    const answer = await lookAt(deps, object);
    if (typeof answer === "object" && answer.note !== undefined) missing.push(answer.note);
    table.answer(object, answer, newest);
    if (++done % KEEP !== 0) return;
    table.keep();
    emit({ kind: "rebuild", done, total: listing.asked });
  };
  try {
    await inParallel(toAsk(table, listing, listed), IN_FLIGHT, ask);
    // Some stores list in another order than that of bytes: what was passed by has its turn now.
    while (table.waiting("").length > 0) {
      await inParallel(toAsk(table, listing, listed), IN_FLIGHT, ask);
    }
  } finally {
    listing.isDone = true;
    // Where a HEAD has failed the LIST ends with its page; that failure counts.
    await Promise.allSettled([listed]);
  }
  table.keep();
  if (done > 0) emit({ kind: "rebuild", done, total: listing.asked });
  let foreign = 0;
  // What was adopted, a record tells of.
  for (const key of table.foreign()) if (!options.isWanted(key)) foreign++;
  const { objects: count, highest, kept } = table.counts();
  return {
    objects: () => table.objects(),
    etagOf: (key) => table.etagOf(key),
    ...{ count, highest, kept, foreign, missing: missing.sort() },
  };
}

interface Listing {
  /** The latest time of all that was listed, in ms since 1970. */
  newest: number;
  /** Objects that a HEAD has to tell of. */
  asked: number;
  isDone: boolean;
  /** Called when there is more, or no more. */
  wake?: () => void;
}

async function listAll(
  { store, signal }: SurveyDeps,
  table: SurveyTable,
  { isKnown, isWanted, listing }: SurveyOptions & { readonly listing: Listing },
): Promise<void> {
  try {
    for await (const page of store.list("")) {
      signal.throwIfAborted();
      if (listing.isDone) return;
      const ours: SurveyedObject[] = [];
      for (const object of page) {
        const { key, lastModified } = object;
        listing.newest = Math.max(listing.newest, lastModified);
        if (!isOfMirror(key)) continue;
        const isAsked = !isKnown(object);
        if (isAsked || isWanted(key)) ours.push({ object, isAsked });
      }
      listing.asked += table.list(ours);
      listing.wake?.();
    }
  } finally {
    listing.isDone = true;
    listing.wake?.();
  }
}

/** What is to be asked for, as far as it is listed, until all is. */
async function* toAsk(
  table: SurveyTable,
  listing: Listing,
  listed: Promise<void>,
): AsyncGenerator<ListedObject> {
  for (let after = "";;) {
    const objects = table.waiting(after);
    if (objects.length > 0) {
      yield* objects;
      after = objects.at(-1)!.key;
    } else if (listing.isDone) return await listed;
    else await new Promise<void>((wake) => listing.wake = wake);
  }
}

const decoder = new TextDecoder();

function isOfMirror(key: string): boolean {
  return !key.startsWith(".holdfast/") || key.startsWith(CONTENT_FOLDER);
}

/**
 * HEAD of an object that a store lists; "refused" where its key is one that no request of ours names:
 * others have put it, and whatever goes through a LIST has to get past it.
 */
export async function headOf(
  store: ObjectStore,
  key: string,
): Promise<ObjectHead | "refused" | undefined> {
  try {
    return await store.head(key);
  } catch (error) {
    if (isKind(error, "refused") && error.context.code === "KeyRefused") return "refused";
    throw error;
  }
}

/** By HEAD, and the body of its sidecar where it has one. */
export async function lookAt(
  deps: SurveyDeps,
  { key }: Pick<ListedObject, "key">,
): Promise<SurveyAnswer> {
  const head = await headOf(deps.store, key);
  if (head === undefined) return "gone";
  if (head === "refused") return "foreign";
  const metadata = decodeMetadata(head.metadata[METADATA_NAME] ?? "");
  if (metadata === undefined) return "foreign";
  const { etag, versionId, size, storageClass } = head;
  const beside = metadata.sidecar === undefined ? undefined : await sidecarOf(deps, metadata);
  const object: FoundObject = {
    ...{ key, etag, size, class: storageClass, metadata: withoutPath(beside) ?? metadata },
    ...(versionId === undefined ? {} : { version: versionId }),
    ...(beside?.path === undefined ? {} : { path: beside.path }),
  };
  const why = misfitOf(object);
  if (why !== undefined) {
    return { object, usable: false, note: `the object ${key} is left alone: ${why}` };
  }
  if (metadata.sidecar === undefined || beside !== undefined) return { object, usable: true };
  const note = `the attributes of ${key} are not known: its sidecar is gone or damaged`;
  return { object, usable: true, note };
}

function withoutPath(content: SidecarContent | undefined): ObjectMetadata | undefined {
  if (content === undefined) return undefined;
  const { path: _, ...metadata } = content;
  return metadata;
}

async function sidecarOf(
  { store, hashing, coding }: SurveyDeps,
  { sidecar, log, position }: ObjectMetadata,
): Promise<SidecarContent | undefined> {
  try {
    const answer = await store.get(sidecar!);
    const body = await readBody(answer);
    const { sha256 } = answer.head.metadata;
    if (sha256 !== undefined && hex(hashing.sha256(body)) !== sha256) return undefined;
    const text = decoder.decode(await coding.unpack(sidecar!, body));
    const content = JSON.parse(text) as SidecarContent;
    return content.log === log && content.position === position ? content : undefined;
  } catch (error) {
    // Not zstd or not JSON, as good as gone.
    if (isKind(error, "unreachable", "denied", "interrupted", "key")) throw error;
    return undefined;
  }
}
