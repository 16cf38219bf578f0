import type { Sha256 } from "../hash.ts";
import { bytesOfText, compareBytes } from "../path_text.ts";
import { FILE_CODE } from "../stat_record.ts";
import { fileIdOf } from "./digest_fold.ts";
import type { FolderPaths } from "./folder_paths.ts";
import {
  type DigestKind,
  type EntryRow,
  type FolderRow,
  type IndexTables,
  isLive,
  UNREADABLE,
} from "./rows.ts";

/**
 * The tree digest: Merkle, over what a restored tree on any machine has in common with its source.
 *
 * A folder's digest is SHA-256 over the records of its live entries in byte order of their names.
 * A record, little-endian: type u8 (file 1, folder 2, symlink 3, block 4, char 5, fifo 6) · marks u8
 * (1 = unreadable, as last known) · name (u32 length, bytes) · mode u32 · uid u32 · gid u32 ·
 * size i64 (files) · mtime ns i64 · rdev u64 · link target (u32 length, bytes) · attributes
 * (32 bytes: SHA-256 of the canonical JSON of user.*, POSIX ACLs and security.capability, zeros
 * where there are none) · first path of the hard-link group (u32 length, bytes; empty where no other
 * member is in the source) · folders: the folder's digest (32 bytes) · kind "content" only, files:
 * SHA-256 of the content (32 bytes, zeros where not stored).
 * The source's digest is SHA-256 over the record of its root with an empty name. docs/event_log.md.
 */
export function sourceDigest(
  tables: IndexTables,
  paths: FolderPaths,
  source: string,
  kind: DigestKind,
  sha256: Sha256,
): Uint8Array {
  const root = paths.find(source, "");
  if (root === undefined) return sha256("");
  const digest = folderDigest(tables, paths, root, kind, sha256);
  const writer = recordWriter();
  writeFolder(writer, root, new Uint8Array(0), digest, sha256);
  return sha256(writer.bytes());
}

function folderDigest(
  tables: IndexTables,
  paths: FolderPaths,
  folder: FolderRow,
  kind: DigestKind,
  sha256: Sha256,
): Uint8Array {
  const cached = tables.digest(kind, folder.id);
  if (cached !== undefined) return cached;
  const subfolders: { row: FolderRow; digest: Uint8Array }[] = [];
  for (const row of [...tables.foldersIn(folder.id)]) {
    if (!isLive(row)) continue;
    subfolders.push({ row, digest: folderDigest(tables, paths, row, kind, sha256) });
  }
  const plain = subfolders.length === 0 ? tables.plainRecords?.(kind, folder.id) : undefined;
  const digest = plain === undefined
    ? sha256(recordsOf(tables, paths, folder, { subfolders, kind, sha256 }))
    : sha256(plain);
  tables.setDigest(kind, folder.id, digest);
  return digest;
}

function recordsOf(
  tables: IndexTables,
  paths: FolderPaths,
  folder: FolderRow,
  { subfolders, kind, sha256 }: {
    subfolders: readonly { row: FolderRow; digest: Uint8Array }[];
    kind: DigestKind;
    sha256: Sha256;
  },
): Uint8Array {
  const writer = recordWriter();
  let next = 0;
  for (const entry of tables.entriesIn(folder.id)) {
    if (!isLive(entry)) continue;
    while (next < subfolders.length && compareBytes(subfolders[next].row.name, entry.name) < 0) {
      const { row, digest } = subfolders[next++];
      writeFolder(writer, row, row.name, digest, sha256);
    }
    const link = entry.links > 1 ? firstPath(tables, paths, folder, entry) : EMPTY;
    writeEntry(writer, entry, link, kind, sha256);
  }
  for (; next < subfolders.length; next++) {
    const { row, digest } = subfolders[next];
    writeFolder(writer, row, row.name, digest, sha256);
  }
  return writer.bytes();
}

const EMPTY = new Uint8Array(0);
const NO_HASH = new Uint8Array(32);

/** The first path of the entry's hard-link group within its source, empty where it is alone there. */
function firstPath(
  tables: IndexTables,
  paths: FolderPaths,
  folder: FolderRow,
  entry: EntryRow,
): Uint8Array {
  if (entry.stat[0] !== FILE_CODE) return EMPTY;
  const { source } = paths.pathOf(folder.id);
  const members = tables.linkGroup(folder.fileSystem, fileIdOf(entry.stat))
    .filter((member) => tables.folderById(member.folder)?.fileSystem === folder.fileSystem)
    .map((member) => ({ place: paths.pathOf(member.folder), name: member.name }))
    .filter((member) => member.place.source === source)
    .map(({ place, name }) => joined(bytesOfText(place.path), name));
  if (members.length < 2) return EMPTY;
  return members.reduce((first, path) => compareBytes(path, first) < 0 ? path : first);
}

function joined(folder: Uint8Array, name: Uint8Array): Uint8Array {
  if (folder.length === 0) return name;
  const path = new Uint8Array(folder.length + 1 + name.length);
  path.set(folder);
  path[folder.length] = 0x2f;
  path.set(name, folder.length + 1);
  return path;
}

function writeFolder(
  writer: RecordWriter,
  row: FolderRow,
  name: Uint8Array,
  digest: Uint8Array,
  sha256: Sha256,
): void {
  writeCommon(writer, row, name, EMPTY, EMPTY, sha256);
  writer.raw(digest);
}

function writeEntry(
  writer: RecordWriter,
  row: EntryRow,
  link: Uint8Array,
  kind: DigestKind,
  sha256: Sha256,
): void {
  writeCommon(writer, row, row.name, row.target ?? EMPTY, link, sha256);
  if (kind === "content" && row.stat[0] === FILE_CODE) {
    writer.raw(row.content.stored > 0 && row.content.sha256 ? row.content.sha256 : NO_HASH);
  }
}

function writeCommon(
  writer: RecordWriter,
  row: FolderRow | EntryRow,
  name: Uint8Array,
  target: Uint8Array,
  link: Uint8Array,
  sha256: Sha256,
): void {
  const stat = row.stat;
  writer.raw(stat.subarray(0, 1));
  writer.byte((row.state & UNREADABLE) !== 0 ? 1 : 0);
  writer.sized(name);
  writer.raw(stat.subarray(4, 16)); // mode, uid, gid
  writer.raw(stat.subarray(24, 40)); // size, mtime
  writer.raw(stat.subarray(56, 64)); // rdev
  writer.sized(target);
  const portable = row.attributes === null ? null : portableAttributes(row.attributes);
  writer.raw(portable === null ? NO_HASH : sha256(portable));
  writer.sized(link);
}

/** Only what a restore on another machine brings back: not trusted.*. */
function portableAttributes(canonical: string): string | null {
  const kept = (JSON.parse(canonical) as [string | { b64: string }, string][]).filter(([name]) =>
    typeof name !== "string" || !name.startsWith("trusted.")
  );
  return kept.length === 0 ? null : JSON.stringify(kept);
}

interface RecordWriter {
  byte(value: number): void;
  raw(bytes: Uint8Array): void;
  sized(bytes: Uint8Array): void;
  bytes(): Uint8Array;
}

/** Shared: a folder's records are written only when its subfolders' digests are done. */
let buffer = new Uint8Array(64 * 1024);

function recordWriter(): RecordWriter {
  let length = 0;
  function room(bytes: number): void {
    if (length + bytes <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + bytes));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
  }
  function raw(bytes: Uint8Array): void {
    room(bytes.length);
    buffer.set(bytes, length);
    length += bytes.length;
  }
  return {
    byte(value) {
      room(1);
      buffer[length++] = value;
    },
    raw,
    sized(bytes) {
      room(4);
      new DataView(buffer.buffer).setUint32(length, bytes.length, true);
      length += 4;
      raw(bytes);
    },
    bytes: () => buffer.subarray(0, length),
  };
}
