import { HoldfastError, isKind, messageOf } from "../error.ts";
import { joinPath, jsonOfText, type JsonPath, type PathText, textOfJson } from "../path_text.ts";
import { hashesOfPiece } from "./chunk_list.ts";
import { type MemberPlaces, memberPlaces } from "./member_places.ts";
import {
  formOf,
  type IndexedChunk,
  type IndexedEntry,
  type IndexedList,
  type PackIndexMember,
} from "./pack_index.ts";
import {
  type EntriesBefore,
  type EntryLine,
  entryOfLine,
  hashOf,
  noEntriesBefore,
} from "./pack_index_entry.ts";
import { type PackIndexHead, readFramesLine, readHeadLine } from "./pack_index_head.ts";
import type { FrameSize, PackName } from "./pack_layout.ts";

export interface PackIndex {
  readonly head: PackIndexHead;
  readonly frames: readonly FrameSize[];
  /** In the order of the TAR stream. Read as they are asked for, and once. */
  readonly members: Generator<PackIndexMember>;
}

/**
 * Reads the lines, without their newlines, of the index that has this name (packOfIndexKey); the form
 * is in pack_index.ts. Throws kind "damage", also while the members are read, where a line does not
 * fit, and "failed" where a newer program has written it.
 */
export function readPackIndex(lines: Iterable<string>, name: PackName): PackIndex {
  const numbered = numberedLines(lines, name.pack);
  const head = numbered.read((line) => readHeadLine(line, name));
  const frames = numbered.read((line) => readFramesLine(line, head));
  return { head, frames, members: readMembers(numbered, frames) };
}

interface NumberedLines {
  /** What `parse` makes of the next line. What it throws becomes damage of that line. */
  read<T>(parse: (line: string) => T): T;
  /** Of the line that was read last, from 1. */
  number(): number;
  /** Throws kind "damage" where there is another line. */
  end(): void;
}

function numberedLines(lines: Iterable<string>, pack: string): NumberedLines {
  const iterator = lines[Symbol.iterator]();
  let number = 0;
  const misfit = (cause: unknown) =>
    new HoldfastError(
      "damage",
      `line ${number} of the index of pack ${pack} does not fit: ${messageOf(cause)}`,
      { context: { pack, line: number }, cause },
    );
  return {
    read(parse) {
      number++;
      const { done, value } = iterator.next();
      if (done) throw misfit("it is not there");
      try {
        return parse(value);
      } catch (cause) {
        throw isKind(cause, "failed") ? cause : misfit(cause);
      }
    },
    number: () => number,
    end() {
      number++;
      if (!iterator.next().done) throw misfit("it is behind the end");
    },
  };
}

interface Reading {
  position: number;
  source: string | undefined;
  /** Undefined before the first entries. */
  folder: PathText | undefined;
  readonly before: EntriesBefore;
  readonly places: MemberPlaces;
  /** The list that the last line was a piece of, and how many hashes of it there were. */
  list: string;
  listed: number;
}

function* readMembers(
  lines: NumberedLines,
  frames: readonly FrameSize[],
): Generator<PackIndexMember> {
  const reading: Reading = {
    ...{ position: 0, source: undefined, folder: undefined, list: "", listed: 0 },
    ...{ before: noEntriesBefore(), places: memberPlaces(frames) },
  };
  for (;;) {
    const member = lines.read((line) => memberOfLine(JSON.parse(line), reading, lines.number()));
    if (member === "end") break;
    if (member !== undefined) yield member;
  }
  lines.end();
}

type MemberLine = EntryMemberLine | ChunkLine | ListLine | EndLine | PlaceLine;
type EntryMemberLine = EntryLine & { readonly at?: number | null; readonly list?: number };
type ChunkLine = { readonly chunk: string; readonly size: number; readonly at?: number };
type ListLine = { readonly list: string; readonly from: number; readonly chunks: string };
type EndLine = { readonly lines: number };
type PlaceLine = {
  readonly position?: number;
  readonly source?: string;
  readonly folder?: JsonPath;
};

/** Undefined of a line that only says where the entries are that follow. */
function memberOfLine(
  line: MemberLine,
  reading: Reading,
  number: number,
): PackIndexMember | "end" | undefined {
  if ("name" in line) return entryOf(line, reading);
  if ("chunk" in line) return chunkOf(line, reading);
  if ("list" in line) return listOf(line, reading);
  if ("lines" in line) return endOf(line, number);
  moveTo(line, reading);
}

function moveTo({ position, source, folder, ...rest }: PlaceLine, reading: Reading): void {
  assertNone(rest);
  if (position !== undefined) reading.position = position;
  if (source !== undefined) reading.source = source;
  if (folder !== undefined) reading.folder = textOfJson(folder);
  const isEmpty = position === undefined && source === undefined && folder === undefined;
  const isPosition = Number.isSafeInteger(reading.position) && reading.position > 0;
  const isFolder = reading.folder === "" || reading.folder?.split("/").every(isName);
  if (!isEmpty && isPosition && typeof reading.source === "string" && isFolder) return;
  throw new HoldfastError("damage", "it does not say where the entries are");
}

function entryOf({ at, list, ...line }: EntryMemberLine, reading: Reading): IndexedEntry {
  const { position, source, folder, places } = reading;
  if (source === undefined || folder === undefined) {
    throw new HoldfastError("damage", "nothing says in which folder it is");
  }
  const name = textOfJson(line.name);
  const isRoot = name === "" && folder === "" && line.type === "folder";
  if (!isRoot && !isName(name)) throw new HoldfastError("damage", "its name cannot be");
  const entry = entryOfLine(line, reading.before, position);
  const path = jsonOfText(joinPath(folder, name));
  const indexed: IndexedEntry = { is: "entry", position, source, path, entry };
  const form = formOf(entry);
  const isListable = form === "content" && at !== null && Number.isSafeInteger(list) && list! > 0;
  if (list !== undefined && !isListable) throw new HoldfastError("damage", "it can have no list");
  if (at === null) return indexed;
  if (form === "content" && entry.content?.sha256 === undefined) {
    throw new HoldfastError("damage", "its content has no hash");
  }
  const offset = at === undefined ? places.expected(form) : at;
  places.take(form, offset, list ?? Number(entry.size ?? 0));
  return { ...indexed, at: offset, ...(list === undefined ? {} : { list }) };
}

/** A name as a file system has them. */
function isName(name: PathText): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}

function chunkOf({ chunk, size, at, ...rest }: ChunkLine, { places }: Reading): IndexedChunk {
  assertNone(rest);
  const sha256 = hashOf(chunk);
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new HoldfastError("damage", "its size cannot be");
  }
  const offset = at === undefined ? places.expected("chunk") : at;
  places.take("chunk", offset, size);
  return { is: "chunk", sha256, size, at: offset };
}

function listOf({ list, from, chunks, ...rest }: ListLine, reading: Reading): IndexedList {
  assertNone(rest);
  const isNext = from === (list === reading.list ? reading.listed : 0);
  if (!isNext) throw new HoldfastError("damage", `it begins with the chunk ${from}`);
  reading.list = list;
  reading.listed = from + hashesOfPiece(chunks).length;
  return { is: "chunks", sha256: hashOf(list), from, chunks };
}

function endOf({ lines, ...rest }: EndLine, number: number): "end" {
  assertNone(rest);
  if (lines === number) return "end";
  throw new HoldfastError("damage", `it is the end of ${lines} lines`);
}

function assertNone(rest: Record<string, never>): void {
  for (const field in rest) throw new HoldfastError("damage", `there is no ${field} in it`);
}
