/**
 * Random histories of a job: commands drawn by fast-check, turned into the events that a scan or an
 * upload would append, from the state that the memory tables are in at that moment.
 */
import fc from "fast-check";
import type { AnyNewEvent, ObservedEntry } from "../../src/core/event/event.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { hex } from "../../src/core/hash.ts";
import type { EntryRow, FolderRow } from "../../src/core/index/rows.ts";
import { bytesOfText, jsonOfText, textOfBytes } from "../../src/core/path_text.ts";
import { typeAt } from "../../src/core/stat_record.ts";
import type { MemoryTables } from "./memory_tables.ts";
import { type MoveCommand, moveCommand, moveEvents } from "./random_moves.ts";
import { type StoreCommand, storeCommand, storeEvents } from "./random_store.ts";
import {
  contentOf,
  FILE_SYSTEMS,
  isRemoved,
  NAMES,
  observed,
  pickBelow,
  removal,
  statOf,
  type World,
  worldOf,
} from "./random_world.ts";
import type { SimulatedStore } from "./simulated_store.ts";

/** The last one only ever is the new name of another. */
export const SOURCES = ["docs", "m\u00e4il", "moved"];
const TYPES = ["file", "file", "file", "symlink", "fifo", "char", "folder", "folder"] as const;

/** What may happen to one place of the tree. */
export type Command =
  | { do: "see"; at: number; name: number; type: number; stat: number; links: number }
  | { do: "remove"; at: number; pick: number }
  | { do: "unreadable" | "unstable" | "reread"; at: number; pick: number; racy: boolean }
  | { do: "moveFolder"; at: number; fileSystem: number }
  | { do: "scan" | "snapshot" | "upload" | "run" }
  | MoveCommand
  | StoreCommand
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
  { weight: 6, arbitrary: moveCommand },
  { weight: 6, arbitrary: storeCommand },
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

/** Only what matters to keys and content. */
export const fileCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: command.filter((command) => command.do === "see" || command.do === "reread"),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), at, pick }) },
  { weight: 6, arbitrary: moveCommand },
  { weight: 8, arbitrary: storeCommand },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("snapshot" as const) }) },
);

export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    commands: fc.array(
      fc.oneof({ weight: 1, arbitrary: command }, { weight: 1, arbitrary: fileCommand }),
      { minLength: 1, maxLength: 6 },
    ),
    crash: fc.nat(6).map((n) => n === 0),
    reopen: fc.nat(9).map((n) => n === 0),
  }),
  { minLength: 2, maxLength: 9 },
);

export const RUN = "0123456789abcdef0123456789abcdef";

/** The digest that a ScanCompleted or SnapshotCreated has to hold, asked for when it is made. */
export type DigestOf = (source: string, kind: "tree" | "content") => string;

export interface Surroundings {
  readonly digest: DigestOf;
  readonly store: SimulatedStore;
  /** Of the last event. */
  readonly position: number;
}

/** The events of one command; [] where there is nothing that it could be about. */
export function eventsOf(
  memory: MemoryTables,
  command: Command,
  { digest, store, position }: Surroundings,
): AnyNewEvent[] {
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
    case "move":
    case "link":
    case "revert":
    case "renameFolder":
    case "renameSource":
      return moveEvents(world, command, { position, store, sources: SOURCES });
    case "store":
    case "copy":
    case "settle":
    case "alias":
    case "forget":
    case "delete":
    case "carryOut":
      return storeEvents(world, command);
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

function rootEvent(source: string, fs: string): AnyNewEvent {
  const entry = { ...observedOfStat("", "added", statOf("folder", 1), {}), fs };
  const data = { source, seen: "1", folders: [{ path: "", entries: [entry] }] };
  return { type: "EntriesObserved", data };
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
  const missing = SOURCES.slice(0, 2).find((name) =>
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
  if (type === "file" && entry.change === "changed" && command.stat % 2 === 1) {
    // By the rule's own assumption: equal size and time are equal content.
    if (contentOf(statOf(type, command.stat)) === contentOf(oldEntry!.stat)) entry.kept = true;
  }
  return [...way, observed(world, folder, [entry])];
}

/** A live file whose content, or a former one, is stored. */
function pickReread(
  world: World,
  pick: number,
): { folder: FolderRow; row: EntryRow } | undefined {
  const folders = new Map(world.folders.map((row) => [row.id, row]));
  const rows = [...world.memory.state.entries.values()].filter((row) =>
    !isRemoved(row) && row.content.sha256 !== null && folders.has(row.folder) &&
    hex(row.content.sha256) === contentOf(row.stat)
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
