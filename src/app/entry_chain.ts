import type { AnyEvent, ObservedEntry, PackedEntry, StoredEntry } from "../core/event/event.ts";
import { appearanceOf } from "../core/history/observed_changes.ts";
import type { FieldChange, HistoryFact } from "../core/history/history_item.ts";
import { bytesOfHex } from "../core/hash.ts";
import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import {
  jsonOfText,
  type PathText,
  splitPath,
  textOfBytes,
  textOfJson,
} from "../core/path_text.ts";
import { placeOf } from "./folder_moves.ts";
import { eventAt, type HistoryLog, placeOfRow } from "./history_log.ts";

/** What one event says of a row: that it was observed, or that its content was stored. */
export interface Mention {
  readonly event: AnyEvent;
  readonly source: string;
  /** "[source/]path" at that time. */
  readonly path: PathText;
  readonly observed?: ObservedEntry;
  readonly stored?: StoredEntry;
  readonly packed?: PackedEntry;
  readonly lost?: { readonly prev: number };
}

/** The events about a row, newest first: each names the position of the one before. */
export function* chainOf(of: HistoryLog, row: FolderRow | EntryRow): Generator<Mention> {
  let position: number | undefined = row.position;
  while (position !== undefined && position > 0) {
    const event = eventAt(of.log, position);
    const found = event === undefined ? [] : mentionsIn(of, row, event);
    if (found.length === 0) return;
    yield* found.toReversed();
    const { observed, stored, packed, lost } = found[0];
    const before: number | undefined = (observed ?? stored ?? packed ?? lost)?.prev;
    position = before !== undefined && before < position ? before : undefined;
  }
}

/** A folder may have been moved by this event itself: its path before and after are looked for. */
function mentionsIn(of: HistoryLog, row: FolderRow | EntryRow, event: AnyEvent): Mention[] {
  const { keys } = of.index;
  for (const position of [event.position, event.position - 1]) {
    const { source, path } = keys.placeAt("id" in row ? row.id : row.folder, position);
    const { folder, name } = "id" in row
      ? splitPath(path)
      : { folder: path, name: textOfBytes(row.name) };
    const place = { event, source, path: placeOfRow(of.index, row, position) };
    const found = namesakes(event, { source, folder, name, isFolder: "id" in row });
    if (found.length > 0) return found.map((mention) => ({ ...place, ...mention }));
  }
  return [];
}

interface Wanted {
  readonly source: string;
  readonly folder: PathText;
  readonly name: PathText;
  readonly isFolder: boolean;
}

type Said = Pick<Mention, "observed" | "stored" | "packed" | "lost">;

function namesakes(event: AnyEvent, wanted: Wanted): Said[] {
  const { source, folder, name, isFolder } = wanted;
  const fits = (entry: { name: ObservedEntry["name"]; type?: ObservedEntry["type"] }) =>
    textOfJson(entry.name) === name &&
    (entry.type === undefined || (entry.type === "folder") === isFolder);
  switch (event.type) {
    case "EntriesObserved":
      return event.data.source !== source ? [] : event.data.folders
        .filter(({ path }) => textOfJson(path) === folder)
        .flatMap(({ entries }) => entries.filter(fits)).map((observed) => ({ observed }));
    case "ObjectsStored":
    case "ObjectCopied":
      return event.data.source !== source ? [] : event.data.folders
        .filter(({ path }) => textOfJson(path) === folder)
        .flatMap(({ objects }) => objects.filter(fits)).map((stored) => ({ stored }));
    case "MembersPacked":
      return event.data.source !== source ? [] : event.data.folders
        .filter(({ path }) => textOfJson(path) === folder)
        .flatMap(({ objects }) => objects.filter(fits)).map((packed) => ({ packed }));
    case "MembersLost":
      return event.data.source !== source ? [] : event.data.folders
        .filter(({ path }) => textOfJson(path) === folder)
        .flatMap(({ entries }) => entries.filter(fits)).map((lost) => ({ lost }));
    default:
      return [];
  }
}

/** Where the content is now: the pack that it was packed into may have been repacked since. */
export function packedFact(
  { index }: HistoryLog,
  event: AnyEvent,
  { at, sha256, size }: PackedEntry,
): HistoryFact {
  const { packs, tables } = index;
  const name = event.type === "MembersPacked" ? event.data.pack : undefined;
  const own = at !== undefined && name !== undefined ? tables.packByName(name) : undefined;
  const found = own === undefined && sha256 !== undefined
    ? packs.locate(bytesOfHex(sha256))
    : undefined;
  const pack = own ?? (found === undefined ? undefined : packs.pack(found.pack));
  return {
    what: "packed",
    key: pack?.key ?? null,
    own: own !== undefined,
    bytes: size === undefined ? null : Number(size),
    sha256: sha256 ?? null,
  };
}

function howStored(event: AnyEvent): "stored" | "copied" | "adopted" {
  if (event.type === "ObjectCopied") return "copied";
  return event.type === "ObjectsStored" && event.data.adopted !== undefined ? "adopted" : "stored";
}

/** The key is spelled out in the event where it is not the path's own. */
export function storedFact(event: AnyEvent, stored: StoredEntry, path: PathText): HistoryFact {
  const { version, size, sha256, from, over, type } = stored;
  return {
    what: howStored(event),
    key: stored.key ?? keyOfPath("", path, type === "folder"),
    class: "class" in event.data ? event.data.class ?? "STANDARD" : "STANDARD",
    version: version ?? null,
    bytes: size === undefined ? null : Number(size),
    sha256: sha256 ?? null,
    from: from ?? null,
    over: over ?? null,
  };
}

export function observedFact(
  entry: ObservedEntry,
  source: string,
  fields: FieldChange[],
  last: ObservedEntry | undefined,
): HistoryFact {
  const from = jsonOfText(placeOf(source, textOfJson(entry.from ?? "")));
  switch (entry.change) {
    case "added":
      return { what: "seen", again: last !== undefined, seen: appearanceOf(entry) };
    case "moved":
      return { what: "renamed", from, evidence: entry.evidence ?? null, fields };
    case "linked":
      return { what: "linked", from, seen: appearanceOf(entry) };
    case "unreadable":
      return { what: "unreadable", reason: entry.reason ?? null };
    case "reverted":
      return { what: "reverted", from: entry.from === undefined ? null : from, fields };
    case "changed":
    case "unstable":
      return { what: entry.change, fields };
    default:
      return { what: entry.change };
  }
}
