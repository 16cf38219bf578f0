import { HoldfastError } from "../error.ts";
import type { RecordedEntry } from "../mirror/renames_record.ts";
import { bytesOfBase64, type JsonPath, textOfJson } from "../path_text.ts";
import { ENTRY_TYPES, type EntryType } from "../stat_record.ts";
import { base64url, bytesOfBase64url } from "./chunk_list.ts";

/** A whole number; decimal where JSON readers would lose digits. */
type WholeNumber = number | string;

/**
 * The fields of an entry's line (pack_index.ts) that say what it is; times are ns. Each says what is
 * meant where it is left out. The entry before is that of the line before, in whatever folder.
 */
export interface EntryLine {
  readonly name: JsonPath;
  /** Left out: "file". */
  readonly type?: EntryType;
  /** Left out: as the entry before of the same type has it. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Bytes. Files have it, and nothing else. */
  readonly size?: WholeNumber;
  /** After that of the entry before. Left out: 0. */
  readonly ctime?: WholeNumber;
  /** After that of the entry before. Left out: it is its own ctime. */
  readonly mtime?: WholeNumber;
  /** After its own ctime, so mostly below 0. Left out: not known. */
  readonly birth?: WholeNumber;
  /** File id, more than that of the entry before. Left out: 1. */
  readonly id?: WholeNumber;
  /** These are as in a renames object, and left out where they are there. */
  readonly links?: number;
  readonly rdev?: string;
  readonly sparse?: true;
  readonly dos?: number;
  readonly target?: JsonPath;
  readonly attributes?: [JsonPath, string][];
  readonly fs?: string;
  readonly racy?: true;
  readonly unreadable?: true;
  /** Position of the event that stored it, 0 where nothing is stored. Left out: the entry's own. */
  readonly stored?: number;
  /** Of the content, in base64url without padding. Left out: not known, or there is none. */
  readonly sha256?: string;
}

const FIELDS = new Set([
  ...["name", "type", "mode", "uid", "gid", "size", "ctime", "mtime", "birth", "id", "links"],
  ...[
    "rdev",
    "sparse",
    "dos",
    "target",
    "attributes",
    "fs",
    "racy",
    "unreadable",
    "stored",
    "sha256",
  ],
]);

/** What an entry's line is relative to: the entries before it. */
export interface EntriesBefore {
  ctime: bigint;
  mtime: bigint;
  id: bigint;
  readonly owners: Map<EntryType, { mode: number; uid: number; gid: number }>;
}

export function noEntriesBefore(): EntriesBefore {
  return { ctime: 0n, mtime: 0n, id: 0n, owners: new Map() };
}

/** The fields of an entry, last seen at `position`; it is the entry before from now on. */
export function lineOfEntry(
  name: JsonPath,
  entry: RecordedEntry,
  before: EntriesBefore,
  position: number,
): EntryLine {
  const { type, mode = 0, uid = 0, gid = 0, content } = entry;
  const [ctime, mtime] = [BigInt(entry.ctime ?? 0), BigInt(entry.mtime ?? 0)];
  const id = BigInt(entry.id ?? 0);
  const owner = before.owners.get(type);
  const line: EntryLine = {
    name,
    type: unless(type === "file", type),
    mode: unless(mode === owner?.mode, mode),
    uid: unless(uid === owner?.uid, uid),
    gid: unless(gid === owner?.gid, gid),
    size: type === "file" ? shortest(BigInt(entry.size ?? 0)) : undefined,
    ctime: unless(ctime === before.ctime, shortest(ctime - before.ctime)),
    mtime: unless(mtime === ctime, shortest(mtime - before.mtime)),
    birth: entry.birth === undefined ? undefined : shortest(BigInt(entry.birth) - ctime),
    id: unless(id === before.id + 1n, shortest(id - before.id)),
    links: entry.links,
    rdev: entry.rdev,
    sparse: entry.sparse,
    dos: entry.dos,
    target: entry.target,
    attributes: entry.attributes,
    fs: entry.fs,
    racy: entry.racy,
    unreadable: entry.unreadable,
    stored: unless(content?.stored === position, content?.stored ?? 0),
    sha256: content?.sha256 === undefined
      ? undefined
      : base64url(Uint8Array.fromHex(content.sha256)),
  };
  remember(before, { ctime, mtime, id, type, owner: { mode, uid, gid } });
  return line;
}

function unless<T>(isLeftOut: boolean, value: T): T | undefined {
  return isLeftOut ? undefined : value;
}

function shortest(value: bigint): WholeNumber {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

interface Remembered extends Pick<EntriesBefore, "ctime" | "mtime" | "id"> {
  readonly type: EntryType;
  readonly owner: { mode: number; uid: number; gid: number };
}

function remember(before: EntriesBefore, { ctime, mtime, id, type, owner }: Remembered): void {
  before.ctime = ctime;
  before.mtime = mtime;
  before.id = id;
  before.owners.set(type, owner);
}

/** Throws kind "damage", or what a decoder throws, where the fields are none that `lineOfEntry` makes. */
export function entryOfLine(
  line: EntryLine,
  before: EntriesBefore,
  position: number,
): RecordedEntry {
  for (const key in line) {
    if (!FIELDS.has(key)) throw new HoldfastError("damage", `there is no ${key} in it`);
  }
  const type = line.type ?? "file";
  if (!ENTRY_TYPES.includes(type)) throw misfit("type");
  const former = before.owners.get(type);
  const owner = {
    mode: within(line.mode ?? former?.mode, "mode", 0o7777),
    uid: within(line.uid ?? former?.uid, "uid", U32_MOST),
    gid: within(line.gid ?? former?.gid, "gid", U32_MOST),
  };
  const ctime = time(before.ctime + whole(line.ctime ?? 0, "ctime"), "ctime");
  const mtime = line.mtime === undefined
    ? ctime
    : time(before.mtime + whole(line.mtime, "mtime"), "mtime");
  const birth = line.birth === undefined
    ? undefined
    : time(ctime + whole(line.birth, "birth"), "birth");
  const id = unsigned(before.id + whole(line.id ?? 1, "id"), "id", U64_MOST);
  remember(before, { ctime, mtime, id, type, owner });
  return {
    type,
    ...owner,
    mtime: mtime.toString(),
    ctime: ctime.toString(),
    id: id.toString(),
    ...(birth === undefined ? {} : { birth: birth.toString() }),
    ...sizeOf(line, type),
    ...restOf(line),
    ...contentOf(line, position),
  };
}

const U16_MOST = 2 ** 16 - 1;
const U32_MOST = 2 ** 32 - 1;
const U64_MOST = 2n ** 64n - 1n;
const I64_MOST = 2n ** 63n - 1n;

function sizeOf({ size }: EntryLine, type: EntryType): Pick<RecordedEntry, "size"> {
  if ((size === undefined) === (type === "file")) throw misfit("size");
  if (size === undefined) return {};
  return { size: unsigned(whole(size, "size"), "size", I64_MOST).toString() };
}

function restOf(line: EntryLine): Partial<RecordedEntry> {
  const rest: { -readonly [K in keyof RecordedEntry]?: RecordedEntry[K] } = {};
  const { links, rdev, sparse, dos, target, attributes, fs, racy, unreadable } = line;
  if (links !== undefined) rest.links = within(links, "links", U32_MOST);
  if (rdev !== undefined) rest.rdev = unsigned(whole(rdev, "rdev"), "rdev", U64_MOST).toString();
  if (dos !== undefined) rest.dos = within(dos, "dos", U16_MOST);
  if (target !== undefined) rest.target = checked(target);
  if (attributes !== undefined) rest.attributes = attributes.map(checkedAttribute);
  if (fs !== undefined && typeof fs !== "string") throw misfit("fs");
  if (fs !== undefined) rest.fs = fs;
  if (isSet(sparse, "sparse")) rest.sparse = true;
  if (isSet(racy, "racy")) rest.racy = true;
  if (isSet(unreadable, "unreadable")) rest.unreadable = true;
  return rest;
}

function contentOf(
  { stored, sha256 }: EntryLine,
  position: number,
): Pick<RecordedEntry, "content"> {
  if (stored !== undefined && !Number.isSafeInteger(stored)) throw misfit("stored");
  if (stored === 0 && sha256 !== undefined) throw misfit("sha256");
  if (stored === 0) return {};
  const hash = sha256 === undefined ? {} : { sha256: hashOf(sha256) };
  return { content: { stored: stored ?? position, ...hash } };
}

/** 64 hex digits. */
export function hashOf(text: string): string {
  const bytes = bytesOfBase64url(text);
  if (bytes.length !== 32) throw misfit("sha256");
  return bytes.toHex();
}

function checked(path: JsonPath): JsonPath {
  textOfJson(path);
  return path;
}

function checkedAttribute(attribute: [JsonPath, string]): [JsonPath, string] {
  const [name, value] = attribute;
  if (attribute.length !== 2) throw misfit("attributes");
  bytesOfBase64(value);
  return [checked(name), value];
}

function within(value: number | undefined, field: string, most: number): number {
  const fits = Number.isInteger(value) && value! >= 0 && value! <= most;
  if (!fits) throw misfit(field);
  return value!;
}

function time(value: bigint, field: string): bigint {
  if (value > I64_MOST || value < -I64_MOST - 1n) throw misfit(field);
  return value;
}

function unsigned(value: bigint, field: string, most: bigint): bigint {
  if (value < 0n || value > most) throw misfit(field);
  return value;
}

function whole(value: WholeNumber, field: string): bigint {
  const fits = typeof value === "number"
    ? Number.isSafeInteger(value)
    : typeof value === "string" && /^-?[0-9]{1,20}$/.test(value);
  if (!fits) throw misfit(field);
  return BigInt(value);
}

function isSet(value: true | undefined, field: string): boolean {
  if (value !== undefined && value !== true) throw misfit(field);
  return value === true;
}

function misfit(field: string): HoldfastError {
  return new HoldfastError("damage", `its ${field} cannot be`);
}
