import type { ObservedContent } from "../event/event.ts";
import { type JsonPath, type PathText, textOfJson } from "../path_text.ts";
import { CONTENT_FOLDER, keyOfPath, pathOfKey } from "./object_key.ts";
import type { ObjectMetadata } from "./object_metadata.ts";
import type { PathChange, PathTimeline } from "./path_timeline.ts";
import { fullPath, type RecordedEntry, type RenamesRecord } from "./renames_record.ts";

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

/** What an object or a record says: such an entry was at this path at this position. */
export interface Claim {
  readonly position: number;
  /** With the source's name in front, as it was then. */
  readonly path: PathText;
  readonly isFolder: boolean;
  /** What became of the path since. */
  readonly now: PathText;
  readonly entry: RecordedEntry;
  readonly from: "object" | "record";
}

/** What brings an index to where the moves of folders have left it, in order of position. */
export type Step =
  | { readonly kind: "place"; readonly position: number; readonly claim: Claim }
  | { readonly kind: "change"; readonly position: number; readonly change: PathChange };

/**
 * The state that objects and records amount to. All objects are seen once; then the steps are taken;
 * then each object has its turn again, and what no turn has placed comes last. So what is in memory
 * is what the records touch, and not every object.
 */
export interface RebuildState {
  see(object: FoundObject): void;
  /** Claims of records that are in force and name content, to be looked for in the store. */
  contents(): Claim[];
  steps(): Step[];
  /** What is to be placed at an object's turn, undefined where another claim is in force. */
  turn(object: FoundObject): Claim | undefined;
  /** Those of what no turn has placed that are asked for, by path; each once. */
  rest(isWanted: (claim: Claim) => boolean): Claim[];
  /** The object of an entry that was removed since: at its path then. */
  removed(object: FoundObject): Claim | undefined;
  /** Entries whose path is not known for certain, because records are missing. */
  readonly unknown: () => number;
}

interface Contest {
  claim: Claim;
  placed: boolean;
}

export function rebuildState(
  records: readonly RenamesRecord[],
  timeline: PathTimeline,
): RebuildState {
  const contests = new Map<string, Contest>();
  const carriedFolders: Claim[] = [];
  let unknown = 0;
  for (const record of records) {
    if (record.is !== "entry") continue;
    const { entry, position } = record;
    const path = fullPath(record.source, textOfJson(record.path));
    const isFolder = entry.type === "folder";
    const place = timeline.now(path, isFolder, position);
    if (place.kind === "unknown") unknown++;
    if (place.kind !== "there") continue;
    compete({ position, path, isFolder, now: place.path, entry, from: "record" });
  }

  function compete(claim: Claim): void {
    const name = nameOf(claim);
    const there = contests.get(name);
    if (there === undefined) contests.set(name, { claim, placed: false });
    else there.claim = inForce(there.claim, claim);
  }

  function see(object: FoundObject): void {
    const claim = claimOf(object);
    if (claim === "unknown") {
      unknown++;
      return;
    }
    if (claim === undefined) return;
    const isCarried = claim.now !== claim.path;
    if (isCarried && claim.isFolder) carriedFolders.push(claim);
    if (isCarried || contests.has(nameOf(claim))) compete(claim);
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

  function inForceAt(claim: Claim): Claim {
    const there = contests.get(nameOf(claim));
    return there === undefined ? claim : inForce(there.claim, claim);
  }

  function steps(): Step[] {
    const all: Step[] = timeline.changes.map((change) => ({
      ...{ kind: "change" as const, position: change.position, change },
    }));
    const place = (claim: Claim) =>
      void all.push({ kind: "place", position: claim.position, claim });
    for (const claim of carriedFolders) place(claim);
    for (const contest of contests.values()) {
      const { claim } = contest;
      if (claim.now === claim.path) continue;
      contest.placed = true;
      if (!claim.isFolder || claim.from === "record") place(claim);
    }
    return all.sort((a, b) => a.position - b.position || orderOf(a) - orderOf(b));
  }

  return {
    see,
    contents: () =>
      [...contests.values()].map(({ claim }) => claim)
        .filter(({ from, entry }) => from === "record" && entry.content !== undefined),
    steps,
    turn(object) {
      const claim = claimOf(object);
      if (claim === undefined || claim === "unknown" || claim.now !== claim.path) return undefined;
      const contest = contests.get(nameOf(claim));
      if (contest === undefined) return claim;
      const winner = inForceAt(claim);
      if (winner === contest.claim && contest.placed) return undefined;
      contest.claim = winner;
      contest.placed = true;
      return winner;
    },
    rest(isWanted) {
      const left = [...contests.values()].filter((contest) =>
        !contest.placed && isWanted(contest.claim)
      );
      for (const contest of left) contest.placed = true;
      return left.map(({ claim }) => claim).sort((a, b) => a.now < b.now ? -1 : 1);
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

/** A claim is about the paths after the changes of its position; folders come before what is in them. */
function orderOf(step: Step): number {
  if (step.kind === "change") return -1;
  const { path, isFolder } = step.claim;
  return path.length + (isFolder ? 0 : 0.5);
}

function nameOf({ now, isFolder }: Claim): string {
  return isFolder ? `${now}/` : now;
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
  const { header } = metadata;
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
    ...(target === undefined ? {} : { target }),
    ...(attributes === undefined ? {} : { attributes }),
  };
}
