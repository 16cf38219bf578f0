import fc from "fast-check";
import type {
  AnyNewEvent,
  DeletedObject,
  EventData,
  StoredEntry,
  StoredFolder,
} from "../../src/core/event/event.ts";
import { hex } from "../../src/core/hash.ts";
import { isAliasTarget } from "../../src/core/index/alias_guard.ts";
import { isClaimed } from "../../src/core/index/key_claim.ts";
import {
  type EntryRow,
  type FolderRow,
  type RenameRow,
  UNSETTLED,
} from "../../src/core/index/rows.ts";
import { joinPath, jsonOfText, textOfBytes } from "../../src/core/path_text.ts";
import { typeAt, unpackStat } from "../../src/core/stat_record.ts";
import { contentOf, isRemoved, type World } from "./random_world.ts";

/** What is done to the store, and what is decided about it. */
export type StoreCommand =
  | { do: "store"; take: number; racy: boolean }
  | { do: "copy"; take: number; aside: boolean }
  | { do: "settle" | "alias" | "forget"; pick: number }
  | { do: "delete"; take: number; only: boolean }
  | { do: "carryOut" };

const pick = fc.nat(11);
const flag = fc.boolean();

export const storeCommand: fc.Arbitrary<StoreCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("store" as const), take: fc.nat(5), racy: flag }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("copy" as const), take: fc.nat(3), aside: flag }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "settle" as const,
        "settle" as const,
        "alias" as const,
        "forget" as const,
      ),
      pick,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("delete" as const), take: fc.nat(3), only: flag }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("carryOut" as const) }) },
);

export function storeEvents(world: World, command: StoreCommand): AnyNewEvent[] {
  switch (command.do) {
    case "store":
      return store(world, command);
    case "copy":
      return copy(world, command);
    case "settle":
      return settle(world, command.pick);
    case "alias":
      return alias(world, command.pick);
    case "forget":
      return forget(world, command.pick);
    case "delete":
      return remove(world, command);
    case "carryOut":
      return carryOut(world);
  }
}

type Objects = Map<string, Map<string, StoredEntry[]>>;

function add(objects: Objects, world: World, folder: number, object: StoredEntry): void {
  const { source, path } = world.place(folder);
  const folders = objects.get(source) ?? new Map<string, StoredEntry[]>();
  objects.set(source, folders);
  folders.set(path, [...folders.get(path) ?? [], object]);
}

function eventsOf(objects: Objects, type: "ObjectsStored" | "ObjectCopied"): AnyNewEvent[] {
  return [...objects].map(([source, folders]) => {
    const stored: StoredFolder[] = [...folders]
      .map(([path, objects]) => ({ path: jsonOfText(path), objects }));
    return { type, data: { source, class: "STANDARD", folders: stored } };
  });
}

/** Stores some of what is not stored, as one event a source. */
function store(world: World, command: Extract<StoreCommand, { do: "store" }>): AnyNewEvent[] {
  const objects: Objects = new Map();
  let left = command.take + 1;
  const live = new Set(world.folders.map((row) => row.id));
  for (const row of world.folders) {
    if (left === 0 || row.content.stored > 0 || row.parent === 0) continue;
    add(objects, world, row.parent, { ...objectOf(world, row), type: "folder" });
    left--;
  }
  for (const row of world.memory.state.entries.values()) {
    if (left === 0 || row.content.stored > 0 || isRemoved(row) || !live.has(row.folder)) continue;
    const object = objectOf(world, row);
    if (typeAt(row.stat) === "file") {
      object.sha256 = contentOf(row.stat);
      object.size = unpackStat(row.stat).size.toString();
      if (command.racy) object.racy = true;
    } else if ((row.state & UNSETTLED) !== 0) object.racy = true;
    add(objects, world, row.folder, object);
    left--;
  }
  return eventsOf(objects, "ObjectsStored");
}

/** Never the same twice, but for one row and position: what an interrupted run put is replaced. */
function contentKeyOf(row: EntryRow | FolderRow): string {
  const holder = "parent" in row ? row.parent : row.folder;
  return `.holdfast/content/x/${row.position}-${holder}-${hex(row.name)}`;
}

function objectOf(world: World, row: EntryRow | FolderRow, aside = false): StoredEntry {
  const { keys, tables } = world;
  const odd = row.position % 2 === 1;
  const own = "parent" in row ? keys.ownOfFolder(row) : keys.ownOfEntry(row.folder, row.name);
  const mayBeOwn = !isAliasTarget(tables, own) && !aside && row.position % 5 !== 0;
  const { stored } = row.content;
  const hadOwn = mayBeOwn && stored < 0 && row.content.etag !== null && !("parent" in row) &&
    keys.ofEntry(row) === own;
  return {
    name: jsonOfText(textOfBytes(row.name)),
    type: typeAt(row.stat),
    etag: odd ? "0123456789abcdef0123456789abcdef" : "not-an-md5-3",
    ...(odd ? { version: `v${row.position}` } : {}),
    ...(mayBeOwn ? {} : { key: contentKeyOf(row) }),
    ...(hadOwn ? { over: -stored } : {}),
    prev: row.position,
  };
}

function renames(world: World): RenameRow[] {
  return [...world.memory.state.renames.values()];
}

function copied(world: World, row: EntryRow, aside: boolean): StoredEntry {
  return {
    ...objectOf(world, row, aside),
    ...((row.state & UNSETTLED) === 0 ? {} : { racy: true as const }),
    ...(row.content.sha256 === null ? {} : { sha256: hex(row.content.sha256) }),
    ...{ from: world.keys.ofEntry(row), was: row.content.stored },
    ...(row.content.since === 0 ? {} : { since: row.content.since }),
  };
}

/** Moved files whose content is believed get it under their own names; the old objects go. */
function copy(
  world: World,
  { take, aside }: Extract<StoreCommand, { do: "copy" }>,
): AnyNewEvent[] {
  const live = new Set(world.folders.map((row) => row.id));
  const rows = renames(world).flatMap(({ folder, name }) => {
    const row = name.length === 0 ? undefined : world.tables.findEntry(folder, name);
    const isReady = row !== undefined && !isRemoved(row) && live.has(folder) &&
      row.content.stored > 0;
    return isReady ? [row] : [];
  }).slice(0, take + 1);
  const objects: Objects = new Map();
  for (const row of rows) add(objects, world, row.folder, copied(world, row, aside));
  const settled = rows.map((row) => {
    const { source, path } = world.place(row.folder);
    const data: EventData["RenameSettled"] = {
      source,
      paths: [{ path: jsonOfText(joinPath(path, textOfBytes(row.name))) }],
      obsolete: [deletedOf(world, row)],
    };
    return { type: "RenameSettled" as const, data };
  });
  return [...eventsOf(objects, "ObjectCopied"), ...settled];
}

function deletedOf(world: World, row: EntryRow | FolderRow): DeletedObject {
  const isFolder = "parent" in row;
  const { source, path } = world.place(isFolder ? row.id : row.folder);
  return {
    source,
    path: jsonOfText(isFolder ? path : joinPath(path, textOfBytes(row.name))),
    ...(isFolder ? { folder: true as const } : {}),
    key: isFolder ? world.keys.ofFolder(row) : world.keys.ofEntry(row),
    stored: Math.abs(row.content.stored),
    ...(row.content.since === 0 ? {} : { since: row.content.since }),
    until: row.position,
  };
}

/** A moved folder: all below it that is not under its own name is copied, then the rename ends. */
function settle(world: World, pick: number): AnyNewEvent[] {
  const open = renames(world).filter(({ name }) => name.length === 0);
  if (open.length === 0) return [];
  const top = world.memory.state.folders.get(open[pick % open.length].folder)!;
  const objects: Objects = new Map();
  const obsolete: DeletedObject[] = [];
  const visit = (folder: FolderRow) => {
    for (const row of world.tables.entriesIn(folder.id)) {
      const key = world.keys.ofEntry(row);
      const isOwn = key === world.keys.ownOfEntry(row.folder, row.name);
      if (isRemoved(row) || row.content.stored <= 0 || isOwn) continue;
      add(objects, world, folder.id, copied(world, row, pick % 3 === 0));
      obsolete.push(deletedOf(world, row));
    }
    for (const child of world.tables.foldersIn(folder.id)) {
      if (!isRemoved(child)) visit(child);
    }
  };
  if (!isRemoved(top)) visit(top);
  const { source, path } = world.place(top.id);
  const paths = [{ path: jsonOfText(path), folder: true as const }];
  return [
    ...eventsOf(objects, "ObjectCopied"),
    { type: "RenameSettled", data: { source, paths, obsolete } },
  ];
}

function alias(world: World, pick: number): AnyNewEvent[] {
  const open = renames(world);
  if (open.length === 0) return [];
  const { folder, name, fromKey } = open[pick % open.length];
  const { source, path } = world.place(folder);
  const isFolder = name.length === 0;
  const renamed = {
    path: jsonOfText(isFolder ? path : joinPath(path, textOfBytes(name))),
    ...(isFolder ? { folder: true as const } : {}),
    ...{ from: fromKey, way: "alias" as const, why: "test" },
  };
  return [{ type: "RenameAliased", data: { source, renames: [renamed] } }];
}

/** All aliases are named: those that something needs must stay. */
function forget(world: World, pick: number): AnyNewEvent[] {
  const kept = [...world.memory.state.snapshots.values()].filter((row) => row.forgotten === 0);
  const keys = [...new Set([...world.memory.state.aliases.values()].map((row) => row.key))];
  const released: AnyNewEvent[] = keys.length === 0
    ? []
    : [{ type: "AliasesReleased", data: { keys } }];
  if (kept.length === 0) return released;
  const { position } = kept[pick % kept.length];
  const snapshots = [{ position, reason: "test" }];
  return [{ type: "SnapshotForgotten", data: { snapshots } }, ...released];
}

/** Objects of removed entries, where nobody else has their keys. */
function remove(
  world: World,
  { take, only }: Extract<StoreCommand, { do: "delete" }>,
): AnyNewEvent[] {
  const { entries, folders } = world.memory.state;
  const objects = [...entries.values(), ...folders.values()]
    .filter((row) => isRemoved(row) && row.content.etag !== null)
    .map((row) => deletedOf(world, row))
    .filter(({ key }) => !isAliasTarget(world.tables, key) && !isClaimed(world, key))
    .slice(0, take + 1);
  if (objects.length === 0) return [];
  const data = { why: "removed" as const, objects };
  const plan: AnyNewEvent = { type: "DeletionPlanned", data };
  return only ? [plan] : [plan, { type: "ObjectDeleted", data }];
}

/** What was decided and not seen done, where it still stands. */
function carryOut(world: World): AnyNewEvent[] {
  const objects = [...world.memory.state.deletions.values()]
    .filter(({ key }) => !isAliasTarget(world.tables, key) && !isClaimed(world, key))
    .map(({ object }) => JSON.parse(object) as DeletedObject);
  return objects.length === 0 ? [] : [{ type: "ObjectDeleted", data: { why: "removed", objects } }];
}
