import type { EventData, ObservedContent, ObservedEntry } from "../event/event.ts";
import { joinPath, type JsonPath, type PathText, textOfJson } from "../path_text.ts";
import type { BodySuffix } from "../sealed_name.ts";

/**
 * Renames objects: what the objects of the mirror cannot say of themselves, as of the end of a run
 * (DESIGN section 6; docs/bucket_format.md is the reference). JSON lines, one zstd frame, as an age
 * file where the job encrypts: a header, then records in order of their positions. A record is about the paths as they were at its position,
 * and applies only to what was observed at earlier ones.
 */
export interface RenamesHeader {
  readonly format: 1;
  readonly log: string;
  /** The range of events that the records are made from: each follows the one before it. */
  readonly first: number;
  readonly last: number;
}

export type RenamesRecord = { readonly position: number } & RecordBody;

export type EntryRecord = Extract<RenamesRecord, { is: "entry" }>;

export type RecordBody =
  | EntryBody
  | {
    readonly is: "removed";
    readonly source: string;
    readonly path: JsonPath;
    /** All below it, too. */
    readonly folder?: true;
  }
  /** A folder with all below it. */
  | {
    readonly is: "moved";
    readonly source: string;
    readonly from: JsonPath;
    readonly path: JsonPath;
  }
  | { readonly is: "source"; readonly from: string; readonly to: string }
  /** The last time that a source was looked at: only beside other records. */
  | { readonly is: "scan"; readonly data: Omit<EventData["ScanStarted"], "rules"> }
  | {
    readonly is: "snapshot";
    readonly at: string;
    readonly data: EventData["SnapshotCreated"];
  }
  | { readonly is: "forgotten"; readonly snapshots: readonly number[] };

/** An entry as it was last observed, whole, and where its content is. */
export interface EntryBody {
  readonly is: "entry";
  readonly source: string;
  readonly path: JsonPath;
  readonly entry: RecordedEntry;
}

export type RecordedEntry =
  & Pick<
    ObservedEntry,
    | "mode"
    | "uid"
    | "gid"
    | "size"
    | "mtime"
    | "ctime"
    | "birth"
    | "id"
    | "links"
    | "rdev"
    | "sparse"
    | "dos"
    | "target"
    | "attributes"
    | "fs"
    | "racy"
  >
  & {
    readonly type: NonNullable<ObservedEntry["type"]>;
    /** There when it was last looked at, but not readable. */
    readonly unreadable?: true;
    /** With its key spelled out; left out where nothing is stored. */
    readonly content?: ObservedContent;
  };

export const RENAMES_PREFIX = ".holdfast/renames/";

/** Named by the last position that it covers, so that a list has them in order. */
export function renamesKey(log: string, last: number, suffix: BodySuffix = ""): string {
  return `${RENAMES_PREFIX}${log}/${String(last).padStart(16, "0")}.jsonl.zst${suffix}`;
}

/** Log and last position that a key names; undefined where it is no renames object's. */
export function renamesOfKey(key: string): { log: string; last: number } | undefined {
  const found = /^\.holdfast\/renames\/([0-9a-f]{32})\/(\d{16})\.jsonl\.zst(?:\.age)?$/.exec(key);
  return found === null ? undefined : { log: found[1], last: Number(found[2]) };
}

export function encodeRenames(header: RenamesHeader, records: readonly string[]): string {
  return [JSON.stringify(header), ...records, ""].join("\n");
}

/**
 * Undefined where the text is not a renames object of this log that ends at this position. Its records
 * are made one by one as they are asked for.
 */
export function decodeRenames(
  text: string,
  { log, last }: { log: string; last: number },
): { header: RenamesHeader; records: () => Generator<RenamesRecord> } | undefined {
  try {
    const [first = ""] = linesOf(text, 0);
    const header = JSON.parse(first) as RenamesHeader;
    const isHeader = header.format === 1 && header.log === log && header.last === last &&
      Number.isSafeInteger(header.first) && header.first <= last;
    if (!isHeader) return undefined;
    const records = () => recordsIn(text, first.length);
    for (const record of records()) if (!isRecord(record)) return undefined;
    return { header, records };
  } catch {
    return undefined;
  }
}

function* recordsIn(text: string, from: number): Generator<RenamesRecord> {
  for (const line of linesOf(text, from)) yield JSON.parse(line);
}

/** Lines that are not empty, from a place on. */
function* linesOf(text: string, from: number): Generator<string> {
  for (let start = from; start < text.length;) {
    const end = text.indexOf("\n", start);
    const stop = end < 0 ? text.length : end;
    if (stop > start) yield text.slice(start, stop);
    start = stop + 1;
  }
}

const KINDS = new Set(["entry", "removed", "moved", "source", "scan", "snapshot", "forgotten"]);

function isRecord(record: RenamesRecord): boolean {
  if (!Number.isSafeInteger(record.position) || !KINDS.has(record.is)) return false;
  if ("path" in record) textOfJson(record.path);
  return record.is !== "entry" || typeof record.entry.type === "string";
}

/** "[source/]path": what object keys are made of. */
export function fullPath(source: string, path: PathText): PathText {
  return path === "" ? source : joinPath(source, path);
}
