import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { inspect } from "node:util";
import fc from "fast-check";
import type { AnyEvent, AnyNewEvent } from "../../src/core/event/event.ts";
import { hex } from "../../src/core/hash.ts";
import { indexFold } from "../../src/core/index/fold.ts";
import { projectRuns } from "../../src/core/index/run_fold.ts";
import { sourceDigest } from "../../src/core/index/tree_digest.ts";
import { compareBytes } from "../../src/core/path_text.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { type MemoryTables, memoryTables } from "../core/memory_tables.ts";
import {
  type Command,
  eventsOf,
  history,
  RUN,
  SOURCES,
  type Step,
} from "../core/random_history.ts";
import { worldOf } from "../core/random_world.ts";
import {
  apply,
  applyEvent,
  checkStore,
  type Effect,
  noteSnapshot,
  type SimulatedStore,
  simulatedStore,
} from "../core/simulated_store.ts";
import { slowSourceDigest } from "../core/slow_tree_digest.ts";
import { createLog, databaseFolder, openLog, sha256, verify } from "./log_fixture.ts";
import { seed } from "../seed.ts";

const HISTORIES = 1000;

Deno.test(`${HISTORIES} random histories: the index is what replay and a map say (seed ${seed})`, () => {
  const folder = databaseFolder();
  const seen = new Map<string, number>();
  let number = 0;
  try {
    fc.assert(
      fc.property(history, (steps) => {
        const file = `${folder}/${number++}.db`;
        live(file, steps, seen);
        for (const suffix of ["", "-wal", "-shm"]) remove(file + suffix);
      }),
      { numRuns: HISTORIES, seed },
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  // Histories in which something never happens would prove nothing about it.
  const expected = [
    ...["added", "changed", "removed", "unreadable", "unstable", "reread", "moved", "linked"],
    ...["reverted", "moved folder", "links", "crash", "refused", "survivors", "ObjectsStored"],
    ...["ScanCompleted", "ObjectCopied", "RenameSettled", "RenameAliased", "ObjectDeleted"],
    ...["SourceRenamed", "SnapshotForgotten", "AliasesReleased", "DeletionPlanned"],
  ];
  for (const what of expected) {
    assert.ok((seen.get(what) ?? 0) >= 3, `${what}: ${seen.get(what)} times`);
  }
});

function remove(file: string): void {
  try {
    Deno.removeSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

interface Run {
  log: JobLog;
  readonly file: string;
  readonly memory: MemoryTables;
  readonly store: SimulatedStore;
  readonly fold: ReturnType<typeof indexFold>;
  readonly seen: Map<string, number>;
}

function live(file: string, steps: readonly Step[], seen: Map<string, number>): void {
  const memory = memoryTables();
  const fold = indexFold(memory.tables);
  const run: Run = { log: createLog(file), file, memory, store: simulatedStore(), fold, seen };
  try {
    for (const step of steps) takeStep(run, step);
    checkReplay(run);
  } finally {
    run.log.close();
  }
  const report = verify(file);
  assert.deepEqual(report.damage, []);
}

/** The events of a step are one transaction in SQLite, and the same in the maps. */
function takeStep(run: Run, { commands, crash, reopen }: Step): void {
  if (reopen) {
    run.log.close();
    run.log = openLog(run.file);
  }
  const { memory, log, store } = run;
  const before = { tables: memory.begin(), objects: store.begin() };
  const start = log.head().position;
  const { events, refused, survivors } = takeCommands(run, commands, start);
  if (crash || refused) {
    const within = () => {
      throw new Error("crash");
    };
    const error = refused ? { kind: "damage" } : { message: "crash" };
    assert.throws(() => log.append(RUN, events, refused ? {} : { within }), error);
    count(run.seen, refused ? "refused" : "crash");
    memory.undo(before.tables);
    store.undo(before.objects, start);
    for (const [key, content] of survivors) apply(store, key, content);
    if (survivors.size > 0) count(run.seen, "survivors");
    run.fold.paths.forget();
    run.fold.keys.forget();
  } else {
    assert.equal(log.append(RUN, events), start + events.length);
    for (const event of events) countEvent(run.seen, event);
  }
  if (crash || refused) checkDigests(run);
  checkStore(store, worldOf(memory));
  compareTables(run);
}

/**
 * `survivors` is what was done to the store from what was committed before the step: it stays where
 * the answer to it is lost in a crash.
 */
function takeCommands(run: Run, commands: readonly Command[], start: number) {
  const { memory, store } = run;
  const events: AnyNewEvent[] = [];
  const survivors: Effect = new Map();
  const digest = (source: string, kind: "tree" | "content") =>
    slowSourceDigest(memory.state, source, kind);
  for (const [i, command] of commands.entries()) {
    const position = start + events.length;
    let isBased = i === 0;
    for (const event of eventsOf(memory, command, { digest, store, position })) {
      events.push(event);
      if (command.do === "wrong") return { events, survivors, refused: true };
      const effect = applyEvent(store, worldOf(memory), event);
      isBased &&= effect.size > 0;
      if (isBased) { for (const [key, content] of effect) survivors.set(key, content); }
      projectInMemory(run, event, start + events.length);
      if (event.type === "SnapshotCreated") {
        noteSnapshot(store, worldOf(memory), start + events.length);
      }
    }
    checkDigests(run);
  }
  return { events, survivors, refused: false };
}

function projectInMemory(run: Run, event: AnyNewEvent, position: number): void {
  const at = "2023-11-14T22:13:20.000Z";
  const logged = { ...event, position, at, run: RUN, version: 1 } as AnyEvent;
  run.fold.project(logged);
  projectRuns(run.memory.tables, logged);
}

/** Digests that were cached and forgotten on the way are those made from nothing. */
function checkDigests({ memory, fold }: Run): void {
  for (const source of SOURCES) {
    for (const kind of ["tree", "content"] as const) {
      const cached = sourceDigest(memory.tables, fold.paths, source, kind, sha256);
      assert.equal(hex(cached), slowSourceDigest(memory.state, source, kind), `${kind} ${source}`);
    }
  }
}

function compareTables({ log, memory, fold }: Run): void {
  const { tables, paths, keys } = log.index;
  const { state } = memory;
  const folders = [...state.folders.values()].sort((a, b) => a.id - b.id);
  const plain = (value: unknown) => structuredClone(value);
  for (const folder of folders) {
    assert.deepEqual(plain(tables.folderById(folder.id)), plain(folder));
    const entries = [...state.entries.values()].filter((row) => row.folder === folder.id)
      .sort((a, b) => compareBytes(a.name, b.name));
    assert.deepEqual(plain([...tables.entriesIn(folder.id)]), plain(entries));
    assert.equal(keys.ofFolder(folder), fold.keys.ofFolder(folder));
    for (const row of entries) assert.equal(keys.ofEntry(row), fold.keys.ofEntry(row));
  }
  assert.deepEqual(
    sorted([...log.index.renames("open")]),
    sorted([...state.renames.values()].filter(({ aliased }) => !aliased)),
  );
  assert.deepEqual(sorted(log.index.deletions()), sorted(state.deletions.values()));
  assert.deepEqual(sorted(log.index.snapshots()), sorted(state.snapshots.values()));
  for (const { key } of state.aliases.values()) {
    assert.deepEqual(sorted(tables.aliasesOf(key)), sorted(memory.tables.aliasesOf(key)));
  }
  for (const link of state.links.values()) {
    const group = tables.linkGroup(link.fileSystem, link.fileId)
      .map(({ folder, name }) => `${folder}/${hex(name)}`).sort();
    const expected = memory.tables.linkGroup(link.fileSystem, link.fileId)
      .map(({ folder, name }) => `${folder}/${hex(name)}`).sort();
    assert.deepEqual(group, expected);
  }
  for (const source of SOURCES) {
    for (const kind of ["tree", "content"] as const) {
      const digest = hex(sourceDigest(tables, paths, source, kind, sha256));
      assert.equal(
        digest,
        hex(sourceDigest(memory.tables, fold.paths, source, kind, sha256)),
      );
    }
  }
}

/** Times are the clock's in the log alone. */
function sorted(rows: Iterable<unknown>): string[] {
  return [...rows].map((row) => inspect({ ...row as object, at: undefined }, { sorted: true }))
    .sort();
}

function checkReplay({ log, file, memory }: Run): void {
  const replayer = sqliteReplayer(file.slice(0, file.lastIndexOf("/")), sha256);
  const replay = replayer.begin(log);
  try {
    for (const event of log.events()) replay.project(event);
    assert.deepEqual(replayer.differences(log, replay, 10), []);
    assert.deepEqual(replay.digests(), replayer.digests(log));
    const db = new DatabaseSync(file, { readOnly: true });
    const integrity = db.prepare("PRAGMA integrity_check").get();
    const aliases = db.prepare("SELECT * FROM aliases").all();
    assert.deepEqual(sorted(aliases), sorted(memory.state.aliases.values()));
    db.close();
    assert.deepEqual({ ...integrity }, { integrity_check: "ok" });
  } finally {
    replay.close();
  }
}

function countEvent(seen: Map<string, number>, event: AnyNewEvent): void {
  count(seen, event.type);
  if (event.type !== "EntriesObserved") return;
  for (const { entries } of event.data.folders) {
    for (const entry of entries) {
      count(seen, entry.change);
      if (entry.change === "moved" && entry.type === "folder") count(seen, "moved folder");
      if ((entry.links ?? 1) > 1) count(seen, "links");
    }
  }
}

function count(seen: Map<string, number>, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}
