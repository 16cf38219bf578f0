import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { type EntryRow, type FolderRow, REMOVED, UNREADABLE } from "../../src/core/index/rows.ts";
import { unpackStat } from "../../src/core/stat_record.ts";
import type { MemoryState } from "./memory_tables.ts";

/**
 * The tree digest again, from the words of its docstring (src/core/index/tree_digest.ts) and nothing
 * else: no cache, no shared code, every row looked at every time.
 */
export function slowSourceDigest(
  state: MemoryState,
  source: string,
  kind: "tree" | "content",
): string {
  const root = [...state.folders.values()]
    .find((row) => row.parent === 0 && text(row.name) === text(Buffer.from(source)));
  if (root === undefined) return sha256(Buffer.alloc(0)).toString("hex");
  const record = folderRecord(root, Buffer.alloc(0), slowFolderDigest(state, root, source, kind));
  return sha256(record).toString("hex");
}

const TYPES = { file: 1, folder: 2, symlink: 3, block: 4, char: 5, fifo: 6 };

function slowFolderDigest(
  state: MemoryState,
  folder: FolderRow,
  source: string,
  kind: "tree" | "content",
): Buffer {
  const records: { name: string; record: Buffer }[] = [];
  for (const row of state.folders.values()) {
    if (row.parent !== folder.id || isRemoved(row)) continue;
    const digest = slowFolderDigest(state, row, source, kind);
    records.push({
      name: text(row.name),
      record: folderRecord(row, Buffer.from(row.name), digest),
    });
  }
  for (const row of state.entries.values()) {
    if (row.folder !== folder.id || isRemoved(row)) continue;
    records.push({ name: text(row.name), record: entryRecord(state, row, source, kind) });
  }
  records.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  return sha256(Buffer.concat(records.map(({ record }) => record)));
}

function entryRecord(
  state: MemoryState,
  row: EntryRow,
  source: string,
  kind: "tree" | "content",
): Buffer {
  const parts = [
    common(row, Buffer.from(row.name), Buffer.from(row.target ?? [])),
    sized(Buffer.from(firstPathOf(state, row, source), "latin1")),
  ];
  if (kind === "content" && unpackStat(row.stat).type === "file") {
    const hash = row.content.stored > 0 ? row.content.sha256 : null;
    parts.push(Buffer.from(hash ?? new Uint8Array(32)));
  }
  return Buffer.concat(parts);
}

function folderRecord(row: FolderRow, name: Buffer, digest: Buffer): Buffer {
  return Buffer.concat([common(row, name, Buffer.alloc(0)), sized(Buffer.alloc(0)), digest]);
}

function common(row: FolderRow | EntryRow, name: Buffer, target: Buffer): Buffer {
  const stat = unpackStat(row.stat);
  const numbers = Buffer.alloc(36);
  numbers.writeUInt32LE(stat.mode, 0);
  numbers.writeUInt32LE(stat.uid, 4);
  numbers.writeUInt32LE(stat.gid, 8);
  numbers.writeBigInt64LE(stat.type === "file" ? stat.size : 0n, 12);
  numbers.writeBigInt64LE(stat.mtime, 20);
  numbers.writeBigUInt64LE(stat.rdev, 28);
  return Buffer.concat([
    Buffer.from([TYPES[stat.type], (row.state & UNREADABLE) !== 0 ? 1 : 0]),
    sized(name),
    numbers,
    sized(target),
    attributesHash(row.attributes),
  ]);
}

function attributesHash(attributes: string | null): Buffer {
  const kept = (JSON.parse(attributes ?? "[]") as [string, string][])
    .filter(([name]) => /^(user\.|system\.posix_acl_|security\.capability$)/.test(name));
  return kept.length === 0 ? Buffer.alloc(32) : sha256(Buffer.from(JSON.stringify(kept)));
}

/** Paths as latin1 text of their bytes, so that they compare as bytes do. */
function firstPathOf(state: MemoryState, row: EntryRow, source: string): string {
  const identity = identityOf(state, row);
  if (identity === undefined) return "";
  const members = [...state.entries.values()]
    .filter((other) => identityOf(state, other) === identity)
    .map((other) => placeOf(state, other))
    .filter((place) => place.source === text(Buffer.from(source)))
    .map((place) => place.path).sort();
  return members.length < 2 ? "" : members[0];
}

function identityOf(state: MemoryState, row: EntryRow): string | undefined {
  const stat = unpackStat(row.stat);
  if (stat.type !== "file" || row.links < 2 || isRemoved(row)) return undefined;
  return `${state.folders.get(row.folder)!.fileSystem} ${stat.fileId}`;
}

function placeOf(state: MemoryState, row: EntryRow): { source: string; path: string } {
  let path = text(row.name);
  let folder = state.folders.get(row.folder)!;
  for (; folder.parent !== 0; folder = state.folders.get(folder.parent)!) {
    path = `${text(folder.name)}/${path}`;
  }
  return { source: text(folder.name), path };
}

function isRemoved(row: { state: number }): boolean {
  return (row.state & REMOVED) !== 0;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
