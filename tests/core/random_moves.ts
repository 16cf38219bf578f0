import fc from "fast-check";
import type { AnyNewEvent, ObservedContent, ObservedEntry } from "../../src/core/event/event.ts";
import { hex } from "../../src/core/hash.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import type { EntryRow, FolderRow } from "../../src/core/index/rows.ts";
import { bytesOfText, joinPath, jsonOfText, textOfBytes } from "../../src/core/path_text.ts";
import { typeAt, unpackStat } from "../../src/core/stat_record.ts";
import { isRemoved, NAMES, observed, removal, statOf, type World } from "./random_world.ts";
import type { SimulatedStore } from "./simulated_store.ts";

/** Moves, links and what is put back. */
export type MoveCommand =
  | {
    do: "move";
    pick: number;
    to: number;
    name: number;
    /** What is at the new name goes to the old one. */
    swap: boolean;
    /** Must be read again before it is believed. */
    unread: boolean;
    /** Another file is at the old name. */
    replaced: boolean;
    /** First the new names as such, then what they are: as a scan does it. */
    split: boolean;
    targetFirst: boolean;
  }
  | { do: "link"; pick: number; to: number; name: number }
  | { do: "revert"; pick: number }
  | { do: "renameFolder"; pick: number; to: number; name: number; fileSystem: number }
  | { do: "renameSource"; from: number; to: number };

const pick = fc.nat(40);
const to = fc.nat(7);
const name = fc.nat(NAMES.length - 1);
const flag = fc.boolean();

export const moveCommand: fc.Arbitrary<MoveCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ do: fc.constant("move" as const), pick, to, name },
      ...{ swap: flag, unread: flag, replaced: flag, split: flag, targetFirst: flag },
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("link" as const), pick, to, name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("revert" as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ do: fc.constant("renameFolder" as const), pick, to, name },
      fileSystem: fc.nat(5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("renameSource" as const),
      ...{ from: fc.nat(2), to: fc.nat(2) },
    }),
  },
);

/** `position` is that of the last event. */
export function moveEvents(
  world: World,
  command: MoveCommand,
  { position, store, sources }: {
    position: number;
    store: SimulatedStore;
    sources: readonly string[];
  },
): AnyNewEvent[] {
  switch (command.do) {
    case "move":
      return move(world, command, position);
    case "link":
      return link(world, command);
    case "revert":
      return revert(world, command, store);
    case "renameFolder":
      return renameFolder(world, command);
    case "renameSource":
      return renameSource(world, sources[command.from], sources[command.to]);
  }
}

interface Place {
  readonly folder: FolderRow;
  readonly name: Uint8Array;
  readonly row: EntryRow | undefined;
}

function pickFile(world: World, pick: number, isStored = false): Place | undefined {
  const folders = new Map(world.folders.map((row) => [row.id, row]));
  const rows = [...world.memory.state.entries.values()].filter((row) =>
    !isRemoved(row) && typeAt(row.stat) === "file" && folders.has(row.folder) &&
    (!isStored || row.content.etag !== null)
  );
  if (rows.length === 0) return undefined;
  const row = rows[pick % rows.length];
  return { folder: folders.get(row.folder)!, name: row.name, row };
}

function target(
  world: World,
  source: string,
  { to, name }: { to: number; name: number },
): Place | undefined {
  const folders = world.folders.filter((row) => world.place(row.id).source === source);
  const folder = folders[to % folders.length];
  const bytes = bytesOfText(NAMES[name]);
  const inTheWay = world.tables.findFolder(folder.id, bytes);
  if (inTheWay !== undefined && !isRemoved(inTheWay)) return undefined;
  return { folder, name: bytes, row: world.tables.findEntry(folder.id, bytes) };
}

function contentAt(world: World, row: EntryRow, unread: boolean): ObservedContent | undefined {
  const { stored, sha256, version, etag, storageClass } = row.content;
  if (etag === null) return undefined;
  return {
    stored: unread ? -Math.abs(stored) : stored,
    key: world.keys.ofEntry(row),
    etag,
    ...(version === null ? {} : { version }),
    ...(sha256 === null ? {} : { sha256: hex(sha256) }),
    ...(storageClass === null ? {} : { class: storageClass }),
  };
}

function pathOf(world: World, { folder, name }: Place): string {
  return joinPath(world.place(folder.id).path, textOfBytes(name));
}

/** The entry at a place, with another's stat, as a scan sees it there. */
function seenAt(
  { name, row }: Place,
  change: "added" | "changed" | "moved" | "linked" | "reverted",
  other: EntryRow,
  prev = row?.position,
): ObservedEntry {
  return observedOfStat(textOfBytes(name), change, other.stat, {
    ...{ links: other.links, attributes: other.attributes },
    ...(prev === undefined ? {} : { prev }),
  });
}

function cameFrom(
  entry: ObservedEntry,
  from: string,
  content: ObservedContent | undefined,
): ObservedEntry {
  const evidence = "file id";
  return {
    ...entry,
    from: jsonOfText(from),
    evidence,
    ...(content === undefined ? {} : { content }),
  };
}

function move(
  world: World,
  command: Extract<MoveCommand, { do: "move" }>,
  position: number,
): AnyNewEvent[] {
  const a = pickFile(world, command.pick);
  if (a === undefined) return [];
  const b = target(world, world.place(a.folder.id).source, command);
  if (b === undefined || (a.folder.id === b.folder.id && hex(a.name) === hex(b.name))) return [];
  const isTaken = b.row !== undefined && !isRemoved(b.row) && typeAt(b.row.stat) === "file";
  const isSwap = command.swap && isTaken;
  const fromA = contentAt(world, a.row!, command.unread);
  const fromB = isSwap ? contentAt(world, b.row!, command.unread) : undefined;
  const [pathA, pathB] = [pathOf(world, a), pathOf(world, b)];
  const isLive = b.row !== undefined && !isRemoved(b.row);
  const prev = command.split ? position + 1 : b.row?.position;
  const arrival = cameFrom(seenAt(b, "moved", a.row!, prev), pathA, fromA);
  const back = cameFrom(
    seenAt(a, "moved", b.row ?? a.row!, command.split ? position + 1 : a.row!.position),
    pathB,
    fromB,
  );
  const name = jsonOfText(textOfBytes(a.name));
  const gone: ObservedEntry = { name, change: "removed", type: "file", prev: a.row!.position };
  const other = observedOfStat(textOfBytes(a.name), "changed", statOf("file", command.pick), {
    prev: a.row!.position,
  });
  const left = isSwap && !command.split
    ? back
    : isSwap
    ? seenAt(a, "changed", b.row!)
    : command.replaced
    ? other
    : gone;
  const arrived = command.split ? seenAt(b, isLive ? "changed" : "added", a.row!) : arrival;
  const pairs: [Place, ObservedEntry][] = [[a, left], [b, arrived]];
  const first = together(world, command.targetFirst ? pairs.toReversed() : pairs);
  if (!command.split) return [first];
  const late: [Place, ObservedEntry][] = isSwap ? [[a, back], [b, arrival]] : [[b, arrival]];
  return [first, together(world, command.targetFirst ? late.toReversed() : late)];
}

function together(world: World, pairs: [Place, ObservedEntry][]): AnyNewEvent {
  const { source } = world.place(pairs[0][0].folder.id);
  const folders = pairs.map(([{ folder }, entry]) => ({
    path: jsonOfText(world.place(folder.id).path),
    entries: [entry],
  }));
  return { type: "EntriesObserved", data: { source, seen: "3", folders } };
}

function link(world: World, command: Extract<MoveCommand, { do: "link" }>): AnyNewEvent[] {
  const a = pickFile(world, command.pick, true);
  if (a === undefined) return [];
  const b = target(world, world.place(a.folder.id).source, command);
  if (b === undefined || (b.row !== undefined && !isRemoved(b.row))) return [];
  const entry = seenAt(b, "linked", a.row!);
  const content = contentAt(world, a.row!, command.to % 2 === 0);
  return [together(world, [[b, cameFrom({ ...entry, links: 2 }, pathOf(world, a), content)]])];
}

/** A file as it once was stored, where the store still has that. */
function revert(
  world: World,
  { pick }: Extract<MoveCommand, { do: "revert" }>,
  store: SimulatedStore,
): AnyNewEvent[] {
  const live = new Map(world.folders.map((row) => [row.id, row]));
  const past = store.past.filter(({ row, key }) => {
    const folder = live.get(row.folder);
    const inTheWay = world.tables.findFolder(row.folder, row.name);
    return folder !== undefined && (inTheWay === undefined || isRemoved(inTheWay)) &&
      store.objects.get(key) === hex(row.content.sha256!);
  });
  if (past.length === 0) return [];
  const { row: old, key } = past[pick % past.length];
  const row = world.tables.findEntry(old.folder, old.name);
  const place = { folder: live.get(old.folder)!, name: old.name, row };
  const content = { ...contentAt(world, old, false)!, key };
  return [together(world, [[place, { ...seenAt(place, "reverted", old), content }]])];
}

function renameFolder(
  world: World,
  command: Extract<MoveCommand, { do: "renameFolder" }>,
): AnyNewEvent[] {
  const below = world.folders.filter((row) => row.parent !== 0);
  if (below.length === 0) return [];
  const row = below[command.pick % below.length];
  const { source, path } = world.place(row.id);
  const parents = world.folders.filter((folder) => {
    const place = world.place(folder.id);
    return place.source === source && place.path !== path && !place.path.startsWith(`${path}/`);
  });
  const parent = parents[command.to % parents.length];
  const name = bytesOfText(NAMES[command.name]);
  if (world.tables.findFolder(parent.id, name) !== undefined) return [];
  const inTheWay = world.tables.findEntry(parent.id, name);
  const way = inTheWay === undefined || isRemoved(inTheWay) ? [] : removal(world, parent, inTheWay);
  const entry = observedOfStat(NAMES[command.name], "moved", row.stat, {
    attributes: row.attributes,
    prev: row.position,
    // Most file systems are left out, and the parent's is meant.
    ...(command.fileSystem === 0 ? { fileSystem: row.fileSystem } : {}),
  });
  const { birth } = unpackStat(row.stat);
  const moved = cameFrom(
    { ...entry, ...(birth % 2n === 1n ? { racy: true } : {}) },
    path,
    undefined,
  );
  return [...way, observed(world, parent, [moved])];
}

function renameSource(world: World, from: string, to: string): AnyNewEvent[] {
  const row = world.tables.findFolder(0, bytesOfText(from));
  if (row === undefined || world.tables.findFolder(0, bytesOfText(to)) !== undefined) return [];
  return [{ type: "SourceRenamed", data: { from, to } }];
}
