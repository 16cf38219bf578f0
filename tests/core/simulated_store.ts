import assert from "node:assert/strict";
import type { AnyNewEvent, StoredEntry } from "../../src/core/event/event.ts";
import { hex } from "../../src/core/hash.ts";
import { isAliasTarget } from "../../src/core/index/alias_guard.ts";
import type { EntryRow } from "../../src/core/index/rows.ts";
import { CONTENT_FOLDER, keyOfPath } from "../../src/core/mirror/object_key.ts";
import { joinPath, textOfJson } from "../../src/core/path_text.ts";
import { typeAt } from "../../src/core/stat_record.ts";
import { contentOf, isRemoved, type World } from "./random_world.ts";

/** A store without versions: what is under each key, and what the index must not lose of it. */
export interface SimulatedStore {
  /** SHA-256 of what is under a key, "marker" for what has no content. */
  readonly objects: Map<string, string>;
  /** Rows that were stored, with their keys at that time. */
  readonly past: { row: EntryRow; key: string }[];
  /** What snapshots found under keys that are not the paths' own, by their position. */
  readonly kept: Map<number, { key: string; content: string }[]>;
  begin(): StoreState;
  undo(state: StoreState, position: number): void;
}

interface StoreState {
  readonly objects: Map<string, string>;
  readonly past: number;
}

export function simulatedStore(): SimulatedStore {
  const objects = new Map<string, string>();
  const past: SimulatedStore["past"] = [];
  const kept = new Map<number, { key: string; content: string }[]>();
  return {
    objects,
    past,
    kept,
    begin: () => ({ objects: new Map(objects), past: past.length }),
    undo(before, position) {
      objects.clear();
      for (const [key, content] of before.objects) objects.set(key, content);
      past.length = before.past;
      for (const at of [...kept.keys()]) if (at > position) kept.delete(at);
    },
  };
}

/** What the requests behind an event did: keys with their new content, undefined where it is gone. */
export type Effect = Map<string, string | undefined>;

/** Applies them, before the event is projected. An alias target is never touched. */
export function applyEvent(store: SimulatedStore, world: World, event: AnyNewEvent): Effect {
  const effect: Effect = new Map();
  if (event.type === "ObjectDeleted") {
    for (const { key } of event.data.objects) effect.set(key, undefined);
  } else if (event.type === "ObjectsStored" || event.type === "ObjectCopied") {
    for (const { path, objects } of event.data.folders) {
      for (const object of objects) {
        const own = joinPath(textOfJson(path), textOfJson(object.name));
        const key = object.key ?? keyOfPath(event.data.source, own, object.type === "folder");
        effect.set(key, contentPut(store, object));
      }
    }
  }
  for (const [key, content] of effect) {
    assert.ok(!isAliasTarget(world.tables, key), `${key} is an alias target: ${event.type}`);
    apply(store, key, content);
  }
  return effect;
}

export function apply(store: SimulatedStore, key: string, content: string | undefined): void {
  if (content === undefined) store.objects.delete(key);
  else store.objects.set(key, content);
}

function contentPut(store: SimulatedStore, { type, sha256, from }: StoredEntry): string {
  if (from !== undefined) {
    const content = store.objects.get(from);
    assert.ok(content !== undefined, `${from} is not there to be copied`);
    return content;
  }
  return type === "file" ? sha256! : "marker";
}

/** Notes what a snapshot that was just made has under keys that are not the paths' own. */
export function noteSnapshot(store: SimulatedStore, world: World, position: number): void {
  const kept = liveRows(world).flatMap((row) => {
    const key = world.keys.ofEntry(row);
    const isOwn = key === world.keys.ownOfEntry(row.folder, row.name);
    return row.content.stored <= 0 || isOwn || key.startsWith(CONTENT_FOLDER)
      ? []
      : [{ key, content: store.objects.get(key)! }];
  });
  store.kept.set(position, kept);
}

function liveRows(world: World): EntryRow[] {
  const live = new Set(world.folders.map((row) => row.id));
  return [...world.memory.state.entries.values()]
    .filter((row) => live.has(row.folder) && !isRemoved(row));
}

/** The index never says of content that it is where it is not, now or once it is read again. */
export function checkStore(store: SimulatedStore, world: World): void {
  const { tables, keys } = world;
  const live = new Set(world.folders.map((row) => row.id));
  for (const row of world.memory.state.folders.values()) {
    if (row.content.etag === null) continue;
    const key = keys.ofFolder(row);
    if (key !== keys.ownOfFolder(row) && !key.startsWith(CONTENT_FOLDER)) {
      assert.ok(isAliasTarget(tables, key), `open: ${key}`);
    }
    if (live.has(row.id) && row.content.stored > 0) assert.ok(store.objects.has(key), key);
  }
  for (const row of world.memory.state.entries.values()) {
    if (row.content.etag === null) continue;
    const key = keys.ofEntry(row);
    const own = keys.ownOfEntry(row.folder, row.name);
    if (key !== own && !key.startsWith(CONTENT_FOLDER)) {
      assert.ok(isAliasTarget(tables, key), `unguarded: ${key}`);
    }
    checkContent(store, row, key);
    if (live.has(row.folder) && row.content.stored > 0 && row.content.sha256 !== null) {
      store.past.push({ row, key });
    }
  }
  for (const [position, entries] of store.kept) {
    if (world.memory.state.snapshots.get(position)!.forgotten !== 0) continue;
    for (const { key, content } of entries) {
      assert.equal(store.objects.get(key), content, `snapshot ${position}: ${key}`);
    }
  }
}

function checkContent(store: SimulatedStore, row: EntryRow, key: string): void {
  const { stored, sha256 } = row.content;
  if (typeAt(row.stat) !== "file") {
    if (stored > 0) assert.ok(store.objects.has(key), `${key} is not there`);
    return;
  }
  // A removed file may come back, and another be read again: found equal, they are believed.
  const mayServe = stored > 0 || isRemoved(row) ||
    (sha256 !== null && contentOf(row.stat) === hex(sha256));
  if (!mayServe || sha256 === null) return;
  assert.equal(store.objects.get(key), hex(sha256), `${key} of ${stored}`);
}
