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
import type { ListedObject, ObjectStore } from "../ports/object_store.ts";
import { byteBudget } from "./byte_budget.ts";
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
  /** Objects that need not be asked: the index has them. */
  readonly isKnown: (object: ListedObject) => boolean;
  /** Keys whose ETag is asked for, known or not. */
  readonly wanted: ReadonlySet<string>;
}

export interface Survey {
  /** In order of their keys; each call begins anew. */
  objects(): Generator<FoundObject>;
  readonly count: number;
  /** Highest position that the metadata of one has. */
  readonly highest: number;
  readonly wanted: ReadonlyMap<string, ContentFact>;
  /** Without metadata of ours: left alone. */
  readonly foreign: number;
  readonly missing: readonly string[];
}

export interface ContentFact {
  readonly etag: string;
  readonly size: number;
  readonly class: string;
}

/** Requests under way at once. */
const IN_FLIGHT = 32;
const PAGE = 1000;
/** As many are kept from the first LIST; where there are more, a second one names them again. */
const FEW = 10 * PAGE;

/**
 * Looks at every object of the mirror: a LIST, and a HEAD of each that is not known. No body is read
 * but those of sidecars. What was found is kept compressed: about 100 bytes an object.
 */
export async function surveyObjects(deps: SurveyDeps, options: SurveyOptions): Promise<Survey> {
  const { store, hashing, emit, signal } = deps;
  const pages: Uint8Array[] = [];
  const wanted = new Map<string, ContentFact>();
  const missing: string[] = [];
  let [count, highest, foreign, done] = [0, 0, 0, 0];

  async function lookAtPage(listed: readonly ListedObject[]): Promise<void> {
    const heads = await mapBounded(listed, (object) => lookAt(deps, object));
    const found: FoundObject[] = [];
    for (const head of heads) {
      if (head === "gone") continue;
      if (head === "foreign") {
        foreign++;
        continue;
      }
      highest = Math.max(highest, head.object.metadata.position);
      if (head.note !== undefined) missing.push(head.note);
      if (head.usable) found.push(head.object);
    }
    count += found.length;
    done += listed.length;
    if (found.length > 0) pages.push(hashing.compress(encoder.encode(JSON.stringify(found))));
    emit({ kind: "rebuild", done, total });
    signal.throwIfAborted();
  }

  // Counted first: a thousandth of the requests, and the rest can be foretold.
  let total = 0;
  let few: ListedObject[] | undefined = [];
  for await (const page of store.list("")) {
    signal.throwIfAborted();
    for (const object of page) {
      const { key, etag, size, storageClass } = object;
      if (!isOfMirror(key)) continue;
      if (options.wanted.has(key)) wanted.set(key, { etag, size, class: storageClass });
      if (options.isKnown(object)) continue;
      total++;
      if (few !== undefined && few.push(object) > FEW) few = undefined;
    }
  }
  const waiting = few ?? [];
  const work = async () => {
    while (waiting.length >= PAGE) await lookAtPage(waiting.splice(0, PAGE));
  };
  await work();
  if (few === undefined) {
    for await (const page of store.list("")) {
      for (const object of page) {
        if (isOfMirror(object.key) && !options.isKnown(object)) waiting.push(object);
      }
      await work();
    }
  }
  await lookAtPage(waiting);

  return {
    *objects() {
      for (const page of pages) {
        yield* JSON.parse(decoder.decode(hashing.decompress(page))) as FoundObject[];
      }
    },
    ...{ count, highest, wanted, foreign, missing },
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function isOfMirror(key: string): boolean {
  return !key.startsWith(".holdfast/") || key.startsWith(CONTENT_FOLDER);
}

interface LookedAt {
  readonly object: FoundObject;
  readonly usable: boolean;
  /** What is wrong with it, as a sentence. */
  readonly note?: string;
}

async function lookAt(
  deps: SurveyDeps,
  { key }: ListedObject,
): Promise<LookedAt | "gone" | "foreign"> {
  const head = await deps.store.head(key);
  if (head === undefined) return "gone";
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

async function mapBounded<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const slots = byteBudget(IN_FLIGHT);
  return await Promise.all(items.map(async (item) => {
    await slots.acquire(1);
    try {
      return await work(item);
    } finally {
      slots.release(1);
    }
  }));
}
