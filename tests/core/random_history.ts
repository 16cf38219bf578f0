/**
 * Random histories of a job: commands drawn by fast-check, turned into the events that a scan or an
 * upload would append, from the state that the memory tables are in at that moment.
 */
import fc from "fast-check";
import type {
  AnyNewEvent,
  EventData,
  ObservedEntry,
  StoredEntry,
} from "../../src/core/event/event.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { folderPaths } from "../../src/core/index/folder_paths.ts";
import { type EntryRow, type FolderRow, REMOVED, UNSETTLED } from "../../src/core/index/rows.ts";
import { bytesOfText, joinPath, jsonOfText, textOfBytes } from "../../src/core/path_text.ts";
import { type EntryType, packStat, typeAt, unpackStat } from "../../src/core/stat_record.ts";
import type { MemoryTables } from "./memory_tables.ts";

export const SOURCES = ["docs", "m\u00e4il"];
const NAMES = ["a", "a b", "B", "\u00e9", "\udcff", "\uff5e", "\u{1f600}", "z"];
const FILE_SYSTEMS = ["ext4:1", "tmpfs:2"];
const TYPES = ["file", "file", "file", "symlink", "fifo", "char", "folder", "folder"] as const;

/** What may happen to one place of the tree. */
export type Command =
  | { do: "see"; at: number; name: number; type: number; stat: number; links: number }
  | { do: "remove"; at: number; pick: number }
  | { do: "unreadable" | "unstable" | "reread"; at: number; pick: number; racy: boolean }
  | { do: "store"; take: number; racy: boolean }
  | { do: "moveFolder"; at: number; fileSystem: number }
  | { do: "scan" | "snapshot" | "upload" | "run" }
  /** Events that do not fit: refused as damage, and nothing of their transaction stays. */
  | { do: "wrong"; at: number };

export interface Step {
  readonly commands: readonly Command[];
  /** The transaction is undone at its end. */
  readonly crash: boolean;
  /** The log is closed and opened again before. */
  readonly reopen: boolean;
}

const at = fc.nat(7);
const pick = fc.nat(11);
const racy = fc.boolean();
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("see" as const),
      at,
      name: fc.nat(NAMES.length - 1),
      type: fc.nat(TYPES.length - 1),
      stat: fc.nat(23),
      links: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), at, pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("unreadable" as const, "unstable" as const, "reread" as const),
      ...{ at, pick, racy },
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("store" as const), take: fc.nat(5), racy }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("moveFolder" as const), at, fileSystem: fc.nat(1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("scan" as const, "snapshot" as const, "upload" as const, "run" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wrong" as const), at }) },
);

export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    commands: fc.array(command, { minLength: 1, maxLength: 6 }),
    crash: fc.nat(6).map((n) => n === 0),
    reopen: fc.nat(9).map((n) => n === 0),
  }),
  { minLength: 2, maxLength: 9 },
);

export const RUN = "0123456789abcdef0123456789abcdef";

/** The digest that a ScanCompleted or SnapshotCreated has to hold, asked for when it is made. */
export type DigestOf = (source: string, kind: "tree" | "content") => string;

/** The events of one command; [] where there is nothing that it could be about. */
export function eventsOf(memory: MemoryTables, command: Command, digest: DigestOf): AnyNewEvent[] {
  const world = worldOf(memory);
  switch (command.do) {
    case "see":
      return see(world, command);
    case "remove":
      return remove(world, command);
    case "unreadable":
    case "unstable":
    case "reread":
      return lookAgain(world, command);
    case "store":
      return store(world, command);
    case "moveFolder":
      return moveFolder(world, command);
    case "scan":
      return SOURCES.map((source) => scanCompleted(source, digest));
    case "snapshot":
      return [snapshotCreated(digest)];
    case "upload":
      return uploads(memory);
    case "run":
      return runs(memory);
    case "wrong":
      return wrong(world, command);
  }
}

interface World {
  readonly memory: MemoryTables;
  readonly folders: readonly FolderRow[];
  place(folder: number): { source: string; path: string };
}

function worldOf(memory: MemoryTables): World {
  const paths = folderPaths(memory.tables);
  const isWithin = (row: FolderRow): boolean =>
    (row.state & REMOVED) === 0 &&
    (row.parent === 0 || isWithin(memory.state.folders.get(row.parent)!));
  const folders = [...memory.state.folders.values()].filter(isWithin);
  return { memory, folders, place: (folder) => paths.pathOf(folder) };
}

function observed(world: World, folder: FolderRow, entries: ObservedEntry[]): AnyNewEvent {
  const { source, path } = world.place(folder.id);
  const folders = [{ path: jsonOfText(path), entries }];
  return { type: "EntriesObserved", data: { source, seen: "1", folders } };
}

function rootEvent(source: string, fs: string): AnyNewEvent {
  const entry = { ...observedOfStat("", "added", statOf("folder", 1), {}), fs };
  const data = { source, seen: "1", folders: [{ path: "", entries: [entry] }] };
  return { type: "EntriesObserved", data };
}

function statOf(type: EntryType, seed: number): Uint8Array {
  return packStat({
    type,
    sparse: type === "file" && seed % 5 === 0,
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

function attributesOf(seed: number): string | null {
  if (seed % 3 === 0) return null;
  const name = seed % 3 === 1 ? "user.note" : "trusted.note";
  return JSON.stringify([[name, "AQID"]]);
}

function see(
  world: World,
  command: Extract<Command, { do: "see" }>,
): AnyNewEvent[] {
  const missing = SOURCES.find((name) =>
    world.memory.tables.findFolder(0, bytesOfText(name)) === undefined
  );
  if (missing !== undefined && (world.folders.length === 0 || command.at === 0)) {
    return [rootEvent(missing, FILE_SYSTEMS[command.stat % 2])];
  }
  if (world.folders.length === 0) return [];
  const folder = world.folders[command.at % world.folders.length];
  const name = NAMES[command.name];
  const type = TYPES[command.type];
  const { tables } = world.memory;
  const oldFolder = tables.findFolder(folder.id, bytesOfText(name));
  const oldEntry = tables.findEntry(folder.id, bytesOfText(name));
  const inTheWay = type === "folder" ? oldEntry : oldFolder;
  const way = inTheWay === undefined || isRemoved(inTheWay) ? [] : removal(world, folder, inTheWay);
  const old = type === "folder" ? oldFolder : oldEntry;
  const entry = observedOfStat(
    name,
    old === undefined || isRemoved(old) ? "added" : "changed",
    statOf(type, command.stat),
    {
      links: type === "file" ? command.links : 1,
      attributes: attributesOf(command.stat),
      ...(type === "symlink" ? { target: NAMES[command.stat % NAMES.length] } : {}),
      ...(type === "folder" && command.stat % 7 === 0
        ? { fileSystem: FILE_SYSTEMS[command.links % 2] }
        : {}),
      ...(old === undefined ? {} : { prev: old.position }),
    },
  );
  if (command.stat % 4 === 0) entry.racy = true;
  if (type === "file" && entry.change === "changed" && command.stat % 6 === 1) entry.kept = true;
  return [...way, observed(world, folder, [entry])];
}

function isRemoved(row: { state: number }): boolean {
  return (row.state & REMOVED) !== 0;
}

/** One event that removes the row and all below it, what is in a folder before the folder. */
function removal(world: World, folder: FolderRow, row: EntryRow | FolderRow): AnyNewEvent[] {
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
function pickBelow(
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

/** A live file whose content, or a former one, is stored. */
function pickReread(
  world: World,
  pick: number,
): { folder: FolderRow; row: EntryRow } | undefined {
  const folders = new Map(world.folders.map((row) => [row.id, row]));
  const rows = [...world.memory.state.entries.values()].filter((row) =>
    !isRemoved(row) && row.content.sha256 !== null && folders.has(row.folder)
  );
  if (rows.length === 0) return undefined;
  const row = rows[pick % rows.length];
  return { folder: folders.get(row.folder)!, row };
}

function remove(world: World, { at, pick }: Extract<Command, { do: "remove" }>): AnyNewEvent[] {
  const found = pickBelow(world, at, pick);
  return found === undefined ? [] : removal(world, found.folder, found.row);
}

function lookAgain(
  world: World,
  command: Extract<Command, { do: "unreadable" | "unstable" | "reread" }>,
): AnyNewEvent[] {
  const found = command.do === "reread"
    ? pickReread(world, command.pick)
    : pickBelow(world, command.at, command.pick);
  if (command.do === "unreadable" && command.racy && world.folders.length > 0) {
    // Never seen before: known from the event alone.
    const folder = world.folders[command.at % world.folders.length];
    if (world.memory.tables.findEntry(folder.id, bytesOfText("unseen")) !== undefined) return [];
    return [observed(world, folder, [{ name: "unseen", change: "unreadable", reason: "EACCES" }])];
  }
  if (found === undefined) return [];
  const { folder, row } = found;
  const name = jsonOfText(textOfBytes(row.name));
  const type = typeAt(row.stat);
  const common = { name, type, prev: row.position };
  if (command.do === "unreadable") {
    return [observed(world, folder, [{ ...common, change: "unreadable", reason: "EIO" }])];
  }
  if (type !== "file") return [];
  if (command.do === "reread") {
    const racy = command.racy ? { racy: true as const } : {};
    return [observed(world, folder, [{ ...common, change: "reread", sha256: "00", ...racy }])];
  }
  const { links, attributes } = row as EntryRow;
  const entry = observedOfStat(textOfBytes(row.name), "unstable", statOf("file", command.pick), {
    ...{ links, attributes, prev: row.position },
  });
  return [observed(world, folder, [entry])];
}

/** Stores some of what is not stored, as one event a source. */
function store(world: World, command: Extract<Command, { do: "store" }>): AnyNewEvent[] {
  const bySource = new Map<string, Map<string, StoredEntry[]>>();
  let left = command.take + 1;
  const add = (folder: number, object: StoredEntry) => {
    const { source, path } = world.place(folder);
    const folders = bySource.get(source) ?? new Map<string, StoredEntry[]>();
    bySource.set(source, folders);
    folders.set(path, [...folders.get(path) ?? [], object]);
    left--;
  };
  const live = new Set(world.folders.map((row) => row.id));
  for (const row of world.folders) {
    if (left > 0 && row.content.stored <= 0 && row.parent !== 0) add(row.parent, stored(row));
  }
  for (const row of world.memory.state.entries.values()) {
    if (left === 0 || row.content.stored > 0 || isRemoved(row) || !live.has(row.folder)) continue;
    const object = stored(row);
    if (typeAt(row.stat) === "file") {
      object.sha256 = (row.position % 256).toString(16).padStart(2, "0").repeat(32);
      object.size = unpackStat(row.stat).size.toString();
      if (command.racy) object.racy = true;
    } else if ((row.state & UNSETTLED) !== 0) object.racy = true;
    add(row.folder, object);
  }
  return [...bySource].map(([source, folders]) => ({
    type: "ObjectsStored",
    data: {
      source,
      class: "STANDARD",
      folders: [...folders].map(([path, objects]) => ({ path: jsonOfText(path), objects })),
    },
  }));
}

function stored(row: EntryRow | FolderRow): StoredEntry {
  const odd = row.position % 2 === 1;
  return {
    name: jsonOfText(textOfBytes(row.name)),
    type: typeAt(row.stat),
    etag: odd ? "0123456789abcdef0123456789abcdef" : "not-an-md5-3",
    ...(odd ? { version: `v${row.position}` } : { key: `.holdfast/content/x/${row.position}` }),
    prev: row.position,
  };
}

/** The folder turns up on another file system, and nothing else of it has changed. */
function moveFolder(
  world: World,
  { at, fileSystem }: Extract<Command, { do: "moveFolder" }>,
): AnyNewEvent[] {
  if (world.folders.length === 0) return [];
  const row = world.folders[at % world.folders.length];
  const isRoot = row.parent === 0;
  const entry = observedOfStat(isRoot ? "" : textOfBytes(row.name), "changed", row.stat, {
    attributes: row.attributes,
    fileSystem: FILE_SYSTEMS[fileSystem],
    prev: row.position,
  });
  const parent = isRoot ? row : world.memory.state.folders.get(row.parent)!;
  return [observed(world, parent, [entry])];
}

function scanCompleted(source: string, digest: DigestOf): AnyNewEvent {
  const data = { source, entries: "1", bytes: "0", digest: digest(source, "tree") };
  return { type: "ScanCompleted", data: { ...data, fileSystem: FILE_SYSTEMS[0] } };
}

function snapshotCreated(digest: DigestOf): AnyNewEvent {
  const sources = SOURCES.map((name) => ({ name, digest: digest(name, "content") }));
  return { type: "SnapshotCreated", data: { sources, entries: "1", bytes: "0" } };
}

function uploads(memory: MemoryTables): AnyNewEvent[] {
  const open = [...memory.state.uploads.values()][0];
  if (open === undefined) {
    const data = { source: SOURCES[0], path: "big", key: "docs/big", size: "9" };
    return [{ type: "UploadStarted", data }];
  }
  return open.upload === null
    ? [{ type: "UploadCreated", data: { key: open.key, upload: "u1" } }]
    : [{ type: "UploadAborted", data: { key: open.key, upload: "u1", reason: "test" } }];
}

function runs(memory: MemoryTables): AnyNewEvent[] {
  const open = memory.state.runs.get(RUN);
  if (open === undefined || open.finished !== null) {
    const who = { host: "h", user: "u", pid: 7, program: "holdfast 0", config: "c" };
    return [{ type: "RunStarted", data: { command: "backup", job: "j", ...who } }];
  }
  return [
    { type: "RunInterrupted", data: { run: RUN } },
    { type: "RunFinished", data: { outcome: 0, totals: {} } },
  ];
}

function wrong(world: World, { at }: Extract<Command, { do: "wrong" }>): AnyNewEvent[] {
  const found = pickBelow(world, at, 0);
  if (found === undefined) return [];
  const { folder, row } = found;
  const name = jsonOfText(textOfBytes(row.name));
  const removed: ObservedEntry = {
    ...{ name, change: "removed", type: typeAt(row.stat) },
    prev: row.position + 1,
  };
  return [observed(world, folder, [removed])];
}
