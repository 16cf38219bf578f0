import { bytesOfText, jsonOfText, type PathText, textOfJson } from "../path_text.ts";
import { type EntryStat, packStat, unpackStat } from "../stat_record.ts";
import type { ObservedEntry } from "../event/event.ts";

/** Between an observation in an event and the row that it becomes. */

export function statOfObserved(entry: ObservedEntry): Uint8Array {
  return packStat({
    type: entry.type!,
    sparse: entry.sparse === true,
    dos: entry.dos ?? 0,
    mode: entry.mode ?? 0,
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    fileId: BigInt(entry.id ?? 0),
    size: BigInt(entry.size ?? 0),
    mtime: BigInt(entry.mtime ?? 0),
    ctime: BigInt(entry.ctime ?? 0),
    birth: BigInt(entry.birth ?? 0),
    rdev: BigInt(entry.rdev ?? 0),
  });
}

export interface ObservedExtras {
  readonly links?: number;
  readonly target?: PathText;
  /** Canonical JSON: pairs of name and base64 value, sorted by name. */
  readonly attributes?: string | null;
  readonly fileSystem?: string;
  readonly prev?: number;
}

/** The observation of an entry with this stat record. */
export function observedOfStat(
  name: PathText,
  change: "added" | "changed" | "unstable" | "moved" | "linked" | "reverted",
  record: Uint8Array,
  extras: ObservedExtras,
): ObservedEntry {
  const stat: EntryStat = unpackStat(record);
  const entry: ObservedEntry = {
    name: jsonOfText(name),
    change,
    type: stat.type,
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    mtime: stat.mtime.toString(),
    ctime: stat.ctime.toString(),
    id: stat.fileId.toString(),
  };
  if (stat.type === "file") entry.size = stat.size.toString();
  if (stat.birth !== 0n) entry.birth = stat.birth.toString();
  if (stat.rdev !== 0n) entry.rdev = stat.rdev.toString();
  if (stat.sparse) entry.sparse = true;
  if (stat.dos) entry.dos = stat.dos;
  if (extras.links !== undefined && extras.links > 1) entry.links = extras.links;
  if (extras.target !== undefined) entry.target = jsonOfText(extras.target);
  if (extras.attributes) entry.attributes = JSON.parse(extras.attributes);
  if (extras.fileSystem !== undefined) entry.fs = extras.fileSystem;
  if (extras.prev !== undefined) entry.prev = extras.prev;
  return entry;
}

export function attributesOfObserved(entry: ObservedEntry): string | null {
  return entry.attributes === undefined ? null : JSON.stringify(entry.attributes);
}

export function targetOfObserved(entry: ObservedEntry): Uint8Array | null {
  return entry.target === undefined ? null : bytesOfText(textOfJson(entry.target));
}
