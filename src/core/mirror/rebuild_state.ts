import type { ObservedContent } from "../event/event.ts";
import { type JsonPath, type PathText, textOfJson } from "../path_text.ts";
import type { Claim, ClaimTable, Contest } from "./claim.ts";
import { CONTENT_FOLDER, keyOfPath, pathOfKey } from "./object_key.ts";
import type { ObjectMetadata } from "./object_metadata.ts";
import type { PathChange, PathTimeline } from "./path_timeline.ts";
import { type EntryRecord, fullPath, type RecordedEntry } from "./renames_record.ts";

/** An object of the mirror with what its metadata says, a sidecar's content included. */
export interface FoundObject {
  readonly key: string;
  readonly etag: string;
  readonly version?: string;
  readonly size: number;
  readonly class: string;
  readonly metadata: ObjectMetadata;
  /** With the source's name in front, where the key does not tell it. */
  readonly path?: JsonPath;
}

/** What brings an index to where the moves of folders have left it, in order of position. */
export type Step =
  | { readonly kind: "place"; readonly claim: Claim }
  | { readonly kind: "change"; readonly change: PathChange };

/**
 * The state that objects and records amount to. All objects are seen once; then the steps are taken;
 * then each object has its turn again, and what no turn has placed comes last. What the records touch
 * is in the table of claims, and nothing of any other object is held.
 */
export interface RebuildState {
  see(object: FoundObject): void;
  /** Claims of records that are in force and name content, to be looked for in the store. */
  contents(): Iterable<Claim>;
  /** Whether one of these names this key. */
  isContent(key: string): boolean;
  steps(): Iterable<Step>;
  /** What is to be placed at an object's turn, undefined where another claim is in force. */
  turn(object: FoundObject): Claim | undefined;
  /** Those of what no turn has placed that are asked for, by path; each once. */
  rest(isWanted: (claim: Claim) => boolean): Iterable<Claim>;
  /** The object of an entry that was removed since: at its path then. */
  removed(object: FoundObject): Claim | undefined;
  /** Entries whose path is not known for certain, because records are missing. */
  readonly unknown: () => number;
}

export interface StateParts {
  readonly records: Iterable<EntryRecord>;
  readonly timeline: PathTimeline;
  /** Empty. */
  readonly claims: ClaimTable;
}

export function rebuildState({ records, timeline, claims }: StateParts): RebuildState {
  let unknown = 0;
  for (const { entry, position, source, path: json } of records) {
    const path = fullPath(source, textOfJson(json));
    const isFolder = entry.type === "folder";
    const place = timeline.now(path, isFolder, position);
    if (place.kind === "unknown") unknown++;
    if (place.kind !== "there") continue;
    compete({ position, path, isFolder, now: place.path, entry, from: "record" });
  }

  function contestFor({ now, isFolder }: Claim): Contest | undefined {
    return claims.hasAny() ? claims.find(now, isFolder) : undefined;
  }

  function compete(claim: Claim): void {
    const there = contestFor(claim);
    if (there === undefined) claims.set({ claim, placed: false });
    else claims.set({ ...there, claim: inForce(there.claim, claim) });
  }

  function see(object: FoundObject): void {
    const claim = claimOf(object);
    if (claim === "unknown") {
      unknown++;
      return;
    }
    if (claim === undefined) return;
    const isCarried = claim.now !== claim.path;
    if (isCarried && claim.isFolder) claims.carry(claim);
    if (isCarried || contestFor(claim) !== undefined) compete(claim);
  }

  function claimOf(object: FoundObject): Claim | "unknown" | undefined {
    const { position, type } = object.metadata;
    const path = pathOf(object);
    const isFolder = type === "folder";
    const place = timeline.now(path, isFolder, position);
    if (place.kind === "unknown") return "unknown";
    if (place.kind === "removed") return undefined;
    return { position, path, isFolder, now: place.path, entry: entryOf(object), from: "object" };
  }

  /** A claim is about the paths after the changes of its position. */
  function* steps(): Generator<Step> {
    const { changes } = timeline;
    let next = 0;
    for (const claim of claims.carried()) {
      while (next < changes.length && changes[next].position <= claim.position) {
        yield { kind: "change", change: changes[next++] };
      }
      yield { kind: "place", claim };
    }
    for (; next < changes.length; next++) yield { kind: "change", change: changes[next] };
  }

  return {
    ...{ see, steps },
    contents: () => claims.withContent(),
    isContent: (key) => claims.isContent(key),
    turn(object) {
      const claim = claimOf(object);
      if (claim === undefined || claim === "unknown" || claim.now !== claim.path) return undefined;
      const contest = contestFor(claim);
      if (contest === undefined) return claim;
      const winner = inForce(contest.claim, claim);
      if (winner === contest.claim && contest.placed) return undefined;
      claims.set({ claim: winner, placed: true });
      return winner;
    },
    *rest(isWanted) {
      for (const claim of claims.notPlaced()) {
        if (!isWanted(claim)) continue;
        claims.set({ claim, placed: true });
        yield claim;
      }
    },
    removed(object) {
      const { position, type } = object.metadata;
      const isFolder = type === "folder";
      const path = pathOf(object);
      const place = timeline.now(path, isFolder, position);
      if (place.kind !== "removed") return undefined;
      const { path: now } = place;
      return { position, path, isFolder, now, entry: entryOf(object), from: "object" };
    },
    unknown: () => unknown,
  };
}

/** The later one; of equals the object, which has the content, or the one under its own key. */
function inForce(a: Claim, b: Claim): Claim {
  if (a.position !== b.position) return a.position > b.position ? a : b;
  if (a.from !== b.from) {
    const [object, record] = a.from === "object" ? [a, b] : [b, a];
    return { ...object, entry: { ...record.entry, content: object.entry.content } };
  }
  return isAtHome(b) && !isAtHome(a) ? b : a;
}

function isAtHome({ entry, now, isFolder }: Claim): boolean {
  return entry.content?.key === keyOfPath("", now, isFolder);
}

export function pathOf({ key, path }: FoundObject): PathText {
  return path === undefined ? pathOfKey(key) : textOfJson(path);
}

/** Why an object cannot be what its metadata says; undefined where it can. */
export function misfitOf({ key, metadata, path }: FoundObject): string | undefined {
  const { type, target, encryption, header } = metadata;
  if (encryption !== undefined && (encryption !== "age" || !Number.isSafeInteger(header))) {
    return "it is encrypted in a way that this program does not know";
  }
  if (type === "symlink" && target === undefined) return "its sidecar is gone or damaged";
  if (key.startsWith(CONTENT_FOLDER)) {
    return path === undefined ? "its sidecar, which names its path, is gone or damaged" : undefined;
  }
  if (keyOfPath("", pathOfKey(key), type === "folder") === key) return undefined;
  return "its key is not one that such an entry has";
}

/** The entry that an object says it holds. */
export function entryOf(
  { metadata, key, etag, version, class: storageClass }: FoundObject,
): RecordedEntry {
  const { type, mode, uid, gid, mtime, birth, id, size, rdev, target, attributes } = metadata;
  const { header, dos } = metadata;
  const content: ObservedContent = {
    stored: metadata.position,
    key,
    ...(version === undefined ? {} : { version }),
    etag,
    ...(metadata.sha256 === undefined ? {} : { sha256: metadata.sha256 }),
    ...(storageClass === "STANDARD" ? {} : { class: storageClass }),
    ...(header === undefined ? {} : { header }),
  };
  return {
    ...{ type, mode, uid, gid, mtime, id, content },
    ...(birth === undefined ? {} : { birth }),
    ...(size === undefined ? {} : { size }),
    ...(rdev === undefined ? {} : { rdev }),
    ...(dos === undefined ? {} : { dos }),
    ...(target === undefined ? {} : { target }),
    ...(attributes === undefined ? {} : { attributes }),
  };
}
