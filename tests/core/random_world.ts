import type { AnyNewEvent, EventData, ObservedEntry } from "../../src/core/event/event.ts";
import { type FolderPaths, folderPaths } from "../../src/core/index/folder_paths.ts";
import type { MoveTables } from "../../src/core/index/move_tables.ts";
import { type ObjectKeys, objectKeys } from "../../src/core/index/object_keys.ts";
import { type EntryRow, type FolderRow, REMOVED } from "../../src/core/index/rows.ts";
import { joinPath, jsonOfText, textOfBytes } from "../../src/core/path_text.ts";
import { type EntryType, packStat, typeAt, unpackStat } from "../../src/core/stat_record.ts";
import type { MemoryTables } from "./memory_tables.ts";

export const NAMES = ["a", "a b", "B", "\u00e9", "\udcff", "\uff5e", "\u{1f600}", "z"];
export const FILE_SYSTEMS = ["ext4:1", "tmpfs:2"];

/** What the events of a random command are made from: the maps as they are at that moment. */
export interface World extends MoveTables {
  readonly memory: MemoryTables;
  readonly folders: readonly FolderRow[];
  readonly paths: FolderPaths;
  readonly keys: ObjectKeys;
  place(folder: number): { source: string; path: string };
}

export function worldOf(memory: MemoryTables): World {
  const paths = folderPaths(memory.tables);
  const isWithin = (row: FolderRow): boolean =>
    (row.state & REMOVED) === 0 &&
    (row.parent === 0 || isWithin(memory.state.folders.get(row.parent)!));
  const folders = [...memory.state.folders.values()].filter(isWithin);
  const { tables } = memory;
  const keys = objectKeys(tables);
  return { memory, tables, paths, keys, folders, place: (folder) => paths.pathOf(folder) };
}

export function observed(world: World, folder: FolderRow, entries: ObservedEntry[]): AnyNewEvent {
  const { source, path } = world.place(folder.id);
  const folders = [{ path: jsonOfText(path), entries }];
  return { type: "EntriesObserved", data: { source, seen: "1", folders } };
}

/** The seed also says the content (contentOf): 6 of them, some of one size. */
export function statOf(type: EntryType, seed: number): Uint8Array {
  return packStat({
    type,
    sparse: type === "file" && seed % 5 === 0,
    dos: seed % 3 === 0 ? 0x22 : 0,
    mode: 0o600 + seed,
    uid: seed % 3,
    gid: 0,
    fileId: BigInt(seed % 4) + 0xffff_ffff_ffff_fff0n,
    size: type === "file" ? BigInt(seed % 3) * 5_000_000_000n : 0n,
    mtime: BigInt(seed) - 5n,
    ctime: BigInt(seed) * 1_000_000_007n,
    birth: BigInt(seed % 2),
    rdev: type === "char" ? BigInt(seed % 2) : 0n,
  });
}

/** SHA-256 of the content that a file with this stat record has. */
export function contentOf(stat: Uint8Array): string {
  const seed = Number(unpackStat(stat).mtime) + 5;
  return (seed % 6 + 1).toString(16).padStart(2, "0").repeat(32);
}

export function isRemoved(row: { state: number }): boolean {
  return (row.state & REMOVED) !== 0;
}

/** One event that removes the row and all below it, what is in a folder before the folder. */
export function removal(world: World, folder: FolderRow, row: EntryRow | FolderRow): AnyNewEvent[] {
  const { source } = world.place(folder.id);
  const folders: EventData["EntriesObserved"]["folders"] = [];
  const { tables } = world.memory;
  const removed = (row: EntryRow | FolderRow): ObservedEntry => ({
    name: jsonOfText(textOfBytes(row.name)),
    change: "removed",
    type: typeAt(row.stat),
    prev: row.position,
  });
  function visit(row: FolderRow, path: string): void {
    for (const child of tables.foldersIn(row.id)) {
      if (isRemoved(child)) continue;
      visit(child, joinPath(path, textOfBytes(child.name)));
      folders.push({ path: jsonOfText(path), entries: [removed(child)] });
    }
    const entries = [...tables.entriesIn(row.id)].filter((entry) => !isRemoved(entry)).map(removed);
    if (entries.length > 0) folders.push({ path: jsonOfText(path), entries });
  }
  const { path } = world.place(folder.id);
  if ("parent" in row) visit(row, joinPath(path, textOfBytes(row.name)));
  folders.push({ path: jsonOfText(path), entries: [removed(row)] });
  return [{ type: "EntriesObserved", data: { source, seen: "2", folders } }];
}

/** A live entry or folder below the folder that `at` says. */
export function pickBelow(
  world: World,
  at: number,
  pick: number,
): { folder: FolderRow; row: EntryRow | FolderRow } | undefined {
  if (world.folders.length === 0) return undefined;
  const folder = world.folders[at % world.folders.length];
  const { tables } = world.memory;
  const rows = [...tables.entriesIn(folder.id), ...tables.foldersIn(folder.id)]
    .filter((row) => !isRemoved(row));
  return rows.length === 0 ? undefined : { folder, row: rows[pick % rows.length] };
}
