import type { EventData } from "../event/event.ts";
import { bytesOfHex } from "../hash.ts";
import type { EntryBody, RecordedEntry } from "../mirror/renames_record.ts";
import { jsonOfText, type PathText, splitPath, textOfJson } from "../path_text.ts";
import { base64url } from "./chunk_list.ts";
import { type MemberForm, type MemberPlaces, memberPlaces } from "./member_places.ts";
import { type EntriesBefore, lineOfEntry, noEntriesBefore } from "./pack_index_entry.ts";
import { framesLine, headLine, type PackIndexHead } from "./pack_index_head.ts";
import type { FrameSize } from "./pack_layout.ts";

/**
 * The pack index: what is where in a pack, and all that a rebuild must know of its entries. JSON lines,
 * in the order of the pack's TAR stream:
 *
 * 1. `{"format":1,"pack",…}`: the head (pack_index_head.ts).
 * 2. `{"frames":[[compressed bytes, bytes of TAR],…]}`: the zstd frames, with the skippable ones, but
 *    without the constant frame that ends every pack.
 * 3. `{"position":17,"source":"","folder":"a/b"}`: of the entries that follow, the position of the
 *    last event about them, their source and folder. What is left out is as it was.
 * 4. `{"name":"c.txt",…}`: an entry of that folder (the root of a source is "" in ""). Its fields are
 *    those of EntryLine, and of what the TAR has of it: `at`, the offset of its content (of a file
 *    that is not empty) or else of its header; left out where its header has three blocks and follows
 *    the member before, null where the pack has nothing of it: its content is stored elsewhere, or
 *    only its metadata changed. `list` are the bytes at `at` where that is a list of chunks.
 * 5. `{"chunk":hash,"size":bytes}`: a chunk of a large file, with its `at` where its header is not the
 *    one block that follows the member before.
 * 6. `{"list":hash,"from":0,"chunks":hashes}`: of which chunks a content is made, before its entry; up
 *    to 1,000 a line, `from` counts those before. base64url of the hashes' bytes (chunk_list.ts).
 * 7. `{"lines":9}`: the end; how many lines there are, itself included.
 *
 * Hashes are SHA-256 in base64url without padding. A member whose header has a pax extended header of
 * one block takes 3 blocks of 512 bytes before its content, and its content is filled up to 512.
 */
export type PackIndexMember = IndexedEntry | IndexedChunk | IndexedList;

export interface IndexedEntry extends EntryBody {
  /** Of the last event about it. */
  readonly position: number;
  /** In the TAR stream: of its content, of its header where it has none; left out: not in this pack. */
  readonly at?: number;
  /** Of a large file: bytes of the list of its chunks that is at `at`. */
  readonly list?: number;
}

export interface IndexedChunk {
  readonly is: "chunk";
  /** 64 hex digits. */
  readonly sha256: string;
  readonly size: number;
  readonly at: number;
}

export type IndexedList = { readonly is: "chunks" } & Readonly<EventData["ChunksListed"]>;

/** Writes an index while its pack is made: what becomes of each member, and last of all the head. */
export interface PackIndexEncoder {
  /** The lines of the next member, in the order of the TAR stream. Throws as `packIndexLines`. */
  lines(member: PackIndexMember): string[];
  /** The lines that stand before those of all members. */
  head(head: PackIndexHead): string[];
  /** The line that stands behind them. */
  end(): string;
}

/** `frames` may grow: a member's frame has to be in it before the member. */
export function packIndexEncoder(frames: readonly FrameSize[]): PackIndexEncoder {
  const writing: Writing = {
    ...{ place: undefined, before: noEntriesBefore(), places: memberPlaces(frames) },
  };
  // With the head, the frames and the end itself.
  let count = 3;
  return {
    lines(member) {
      const lines = linesOf(member, writing);
      count += lines.length;
      return lines;
    },
    head: (head) => [headLine(head), framesLine(frames)],
    end: () => JSON.stringify({ lines: count }),
  };
}

/**
 * The lines of an index, without their newlines. Throws kind "damage" where the members are not in
 * the order of the TAR stream, or not within its frames.
 */
export function* packIndexLines(
  head: PackIndexHead,
  frames: readonly FrameSize[],
  members: Iterable<PackIndexMember>,
): Generator<string> {
  const encoder = packIndexEncoder(frames);
  yield* encoder.head(head);
  for (const member of members) yield* encoder.lines(member);
  yield encoder.end();
}

function linesOf(member: PackIndexMember, writing: Writing): string[] {
  switch (member.is) {
    case "entry":
      return entryLines(member, writing);
    case "chunk":
      return [chunkLine(member, writing)];
    case "chunks":
      return [listLine(member)];
  }
}

interface Writing {
  /** Of the entry before. */
  place: EntryPlace | undefined;
  readonly before: EntriesBefore;
  readonly places: MemberPlaces;
}

interface EntryPlace {
  readonly position: number;
  readonly source: string;
  readonly folder: PathText;
}

function entryLines(member: IndexedEntry, writing: Writing): string[] {
  const { source, path, position, entry, list, at } = member;
  const { folder, name } = splitPath(textOfJson(path));
  const { place: last } = writing;
  const place = { position, source, folder };
  writing.place = place;
  const form = formOf(entry);
  const line = JSON.stringify({
    ...lineOfEntry(jsonOfText(name), entry, writing.before, position),
    at: at === undefined ? null : shortAt(writing, form, at),
    list,
  });
  if (at !== undefined) writing.places.take(form, at, list ?? Number(entry.size ?? 0));
  return isSame(last, place) ? [line] : [placeLine(last, place), line];
}

function isSame(a: EntryPlace | undefined, b: EntryPlace): boolean {
  return a?.position === b.position && a.source === b.source && a.folder === b.folder;
}

function placeLine(last: EntryPlace | undefined, place: EntryPlace): string {
  return JSON.stringify({
    position: place.position === last?.position ? undefined : place.position,
    source: place.source === last?.source ? undefined : place.source,
    folder: place.folder === last?.folder ? undefined : jsonOfText(place.folder),
  });
}

function chunkLine({ sha256, size, at }: IndexedChunk, writing: Writing): string {
  const line = JSON.stringify({
    chunk: shortHash(sha256),
    size,
    at: shortAt(writing, "chunk", at),
  });
  writing.places.take("chunk", at, size);
  return line;
}

function listLine({ sha256, from, chunks }: IndexedList): string {
  return JSON.stringify({ list: shortHash(sha256), from, chunks });
}

/** What a pack that has an entry has of it. */
export function formOf({ type, size }: Pick<RecordedEntry, "type" | "size">): MemberForm {
  return type === "file" && size !== undefined && size !== "0" ? "content" : "header";
}

function shortAt({ places }: Writing, form: MemberForm, at: number): number | undefined {
  return at === places.expected(form) ? undefined : at;
}

function shortHash(hex: string): string {
  return base64url(bytesOfHex(hex));
}
