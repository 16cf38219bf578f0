import type { AnyEvent, EventType } from "../core/event/event.ts";
import { hex } from "../core/hash.ts";
import { entryAt } from "../core/index/row_at.ts";
import { IN_PACKS, isLive } from "../core/index/rows.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import { joinPath, type PathText, textOfJson } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { JobLog, Unstored } from "../ports/event_log.ts";

/** An entry whose content a check has found missing or damaged, and that nobody has stored since. */
export interface LostEntry {
  readonly source: string;
  readonly path: PathText;
  readonly item: Unstored;
  /** Position that stored what was lost, and of the event that says so. */
  readonly lost: number;
  readonly found: number;
  /** Key of what was lost: the entry's own object, or a pack. */
  readonly key: string;
  /** Nothing is under the key: what is stored again overwrites nothing. */
  readonly isMissing: boolean;
  /** SHA-256 of the content, 64 hex digits; undefined where it has none, or nobody knows any more. */
  readonly sha256: string | undefined;
  readonly bytes: number;
}

const FINDINGS = [
  "ObjectMissing",
  "ObjectDamaged",
  "DifferencesFound",
] as const satisfies readonly EventType[];

/** Positions, up to one, of the events that say what was lost of entries, in order. */
export function* lossPositions(log: JobLog, to: number): Generator<number> {
  const findings = FINDINGS.map((type) => positionsOf(log, type, to));
  const heads = findings.map((positions) => positions.next());
  for (;;) {
    let first = -1;
    for (const [i, head] of heads.entries()) {
      if (head.done) continue;
      if (first < 0 || head.value < heads[first].value!) first = i;
    }
    if (first < 0) return;
    yield heads[first].value!;
    heads[first] = findings[first].next();
  }
}

function* positionsOf(
  log: JobLog,
  type: (typeof FINDINGS)[number],
  to: number,
): Generator<number, undefined> {
  for (const event of log.events({ type, to })) {
    if (lossesIn(event).length > 0) yield event.position;
  }
}

interface Loss extends Pick<LostEntry, "source" | "path" | "key" | "lost" | "isMissing"> {}

/** What an event says to have been lost of entries. */
function lossesIn(event: AnyEvent | undefined): Loss[] {
  switch (event?.type) {
    case "ObjectMissing":
    case "ObjectDamaged": {
      const { source, path, key, stored: lost } = event.data;
      if (lost === undefined || path === "") return [];
      const isMissing = event.type === "ObjectMissing";
      return [{ source, path: textOfJson(path), key, lost, isMissing }];
    }
    case "DifferencesFound":
      return event.data.objects.flatMap(({ is, source = "", path, key, stored: lost }) => {
        const isLoss = is === "missing" || is === "damaged";
        if (!isLoss || lost === undefined || path === undefined) return [];
        return [{ source, path: textOfJson(path), key, lost, isMissing: is === "missing" }];
      });
    default:
      return [];
  }
}

/** Looks entries up by such a position; none of those that are stored again, or others now. */
export function lostEntries(log: JobLog): (found: number) => LostEntry[] {
  const hashes = storedHashes(log);
  return (found) => {
    const [event] = log.events({ from: found, to: found });
    return lossesIn(event).flatMap((loss) => {
      const { source, path, key, lost } = loss;
      const item = lostItem(log, source, path, lost);
      if (item === undefined) return [];
      return [{
        ...{ ...loss, item, found, sha256: hashes(lost, source, path, key) },
        bytes: item.isFolder ? 0 : Number(unpackStat(item.row.stat).size),
      }];
    });
  };
}

function lostItem(
  { index }: JobLog,
  source: string,
  path: PathText,
  lost: number,
): Unstored | undefined {
  const folder = index.paths.find(source, path);
  if (folder !== undefined && isLost(folder, lost)) return { isFolder: true, row: folder };
  const row = entryAt(index, source, path);
  return row !== undefined && isLost(row, lost) ? { isFolder: false, row } : undefined;
}

/** As core/index/lost_fold.ts leaves it: nothing is known of its content but who had stored it. */
function isLost(
  row: { state: number; content: { stored: number; etag: string | null } },
  lost: number,
): boolean {
  return isLive(row) && row.content.stored === -lost && row.content.etag === null;
}

/** Events that are looked at again: a check names entries in the order in which they were stored. */
const KEPT = 4;

function storedHashes(log: JobLog) {
  const kept = new Map<number, ReadonlyMap<string, string>>();
  return (position: number, source: string, path: PathText, key: string): string | undefined => {
    let found = kept.get(position);
    if (found === undefined) {
      const [event] = log.events({ from: position, to: position });
      found = hashesIn(event);
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
      kept.set(position, found);
    }
    return found.get(nameOf(source, path)) ?? found.get(key);
  };
}

function nameOf(source: string, path: PathText): string {
  return `\0${source}\0${path}`;
}

/** By place, and by key: the entry may have had another path then. */
function hashesIn(event: AnyEvent | undefined): Map<string, string> {
  const hashes = new Map<string, string>();
  if (
    event?.type !== "ObjectsStored" && event?.type !== "ObjectCopied" &&
    event?.type !== "MembersPacked"
  ) return hashes;
  const { source } = event.data;
  for (const { path: folder, objects } of event.data.folders) {
    for (const object of objects) {
      if (object.sha256 === undefined) continue;
      const path = joinPath(textOfJson(folder), textOfJson(object.name));
      hashes.set(nameOf(source, path), object.sha256);
      if (event.type === "MembersPacked") continue;
      const key = "key" in object && object.key !== undefined
        ? object.key
        : keyOfPath(source, path, false);
      hashes.set(key, object.sha256);
    }
  }
  return hashes;
}

/** Where its content is now: undefined while it is not stored. In packs there is no object of its own. */
export function healedContent({ index }: JobLog, { isFolder, row: { content }, row }: Unstored) {
  if (content.stored <= 0 || content.etag === null) return undefined;
  if (content.etag === IN_PACKS) return {};
  const { stored, version, etag, sha256, storageClass, header } = content;
  return {
    content: {
      ...{ stored, key: isFolder ? index.keys.ofFolder(row) : index.keys.ofEntry(row), etag },
      ...(version === null ? {} : { version }),
      ...(sha256 === null ? {} : { sha256: hex(sha256) }),
      ...(storageClass === null ? {} : { class: storageClass }),
      ...(header === 0 ? {} : { header }),
    },
  };
}
