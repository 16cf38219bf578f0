import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
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
import { eventsOf, history, RUN, SOURCES, type Step } from "../core/random_history.ts";
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
  for (const what of ["added", "changed", "removed", "unreadable", "unstable", "reread"]) {
    assert.ok((seen.get(what) ?? 0) >= 20, `${what}: ${seen.get(what)} times`);
  }
  for (const what of ["links", "crash", "refused", "ObjectsStored", "ScanCompleted"]) {
    assert.ok((seen.get(what) ?? 0) >= 20, `${what}: ${seen.get(what)} times`);
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
  readonly fold: ReturnType<typeof indexFold>;
  readonly seen: Map<string, number>;
}

function live(file: string, steps: readonly Step[], seen: Map<string, number>): void {
  const memory = memoryTables();
  const run: Run = { log: createLog(file), file, memory, fold: indexFold(memory.tables), seen };
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
  const { memory, log } = run;
  const before = memory.begin();
  const events: AnyNewEvent[] = [];
  let position = log.head().position;
  let refused = false;
  const digest = (source: string, kind: "tree" | "content") =>
    slowSourceDigest(memory.state, source, kind);
  for (const command of commands) {
    for (const event of eventsOf(memory, command, digest)) {
      events.push(event);
      position++;
      if (command.do === "wrong") refused = true;
      else projectInMemory(run, event, position);
    }
    if (refused) break;
    checkDigests(run);
  }
  if (crash || refused) {
    const within = () => {
      throw new Error("crash");
    };
    const error = refused ? { kind: "damage" } : { message: "crash" };
    assert.throws(() => log.append(RUN, events, refused ? {} : { within }), error);
    count(run.seen, refused ? "refused" : "crash");
    memory.undo(before);
    run.fold.paths.forget();
  } else {
    assert.equal(log.append(RUN, events), position);
    for (const event of events) countEvent(run.seen, event);
  }
  compareTables(run);
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

function compareTables({ log, memory }: Run): void {
  const { tables, paths } = log.index;
  const { state } = memory;
  const folders = [...state.folders.values()].sort((a, b) => a.id - b.id);
  const plain = (value: unknown) => structuredClone(value);
  for (const folder of folders) {
    assert.deepEqual(plain(tables.folderById(folder.id)), plain(folder));
    const entries = [...state.entries.values()].filter((row) => row.folder === folder.id)
      .sort((a, b) => compareBytes(a.name, b.name));
    assert.deepEqual(plain([...tables.entriesIn(folder.id)]), plain(entries));
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
      assert.equal(digest, slowSourceDigest(state, source, kind));
    }
  }
}

function checkReplay({ log, file }: Run): void {
  const replayer = sqliteReplayer(file.slice(0, file.lastIndexOf("/")), sha256);
  const replay = replayer.begin();
  try {
    for (const event of log.events()) replay.project(event);
    assert.deepEqual(replayer.differences(log, replay, 10), []);
    assert.deepEqual(replay.digests(), replayer.digests(log));
    const db = new DatabaseSync(file, { readOnly: true });
    const integrity = db.prepare("PRAGMA integrity_check").get();
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
      if ((entry.links ?? 1) > 1) count(seen, "links");
    }
  }
}

function count(seen: Map<string, number>, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}
