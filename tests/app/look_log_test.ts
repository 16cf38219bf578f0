import assert from "node:assert/strict";
import { type EventFilter, logEvents } from "../../src/app/log_events.ts";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import { entriesOfEvent } from "../../src/core/event/event_part.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import type { Clock } from "../../src/ports/environment.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { createLog, databaseFolder, openLog } from "../sqlite/log_fixture.ts";
import { entry, finished, folder, observed, RUN, scanned, twoBackups } from "./look_fixture.ts";

async function withLog(use: (log: JobLog, file: string) => void | Promise<void>): Promise<void> {
  const home = databaseFolder();
  const log = createLog(`${home}/home.db`);
  try {
    await use(log, `${home}/home.db`);
  } finally {
    log.close();
    Deno.removeSync(home, { recursive: true });
  }
}

const still: Clock = { now: () => 0n, sleep: () => Promise.resolve() };
const signal = new AbortController().signal;
const once = { clock: still, signal, follow: false };

async function positions(log: JobLog, filter: EventFilter): Promise<number[]> {
  const found: number[] = [];
  for await (const { position } of logEvents(log, filter, once)) found.push(position);
  return found;
}

Deno.test("the log is filtered by time, type, run and all of them", () =>
  withLog(async (log) => {
    twoBackups(log);
    const times = [...log.lines()].map(({ at }) => Date.parse(at));
    assert.deepEqual(await positions(log, {}), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.deepEqual(await positions(log, { type: "ScanStarted" }), [2, 8]);
    assert.deepEqual(await positions(log, { run: "bbbb" }), [7, 8, 9, 10]);
    assert.deepEqual(await positions(log, { run: "abcd" }), []);
    assert.deepEqual(await positions(log, { since: times[2], until: times[4] }), [3, 4, 5]);
    assert.deepEqual(await positions(log, { since: times[2], type: "RunFinished", run: "aaaa" }), [
      6,
    ]);
  }));

Deno.test("more events than one window holds come all, in order", () =>
  withLog(async (log) => {
    log.append(RUN.first, Array.from({ length: 300 }, () => finished()));
    const found = await positions(log, {});
    assert.deepEqual(found, Array.from({ length: 300 }, (_, i) => i + 1));
  }));

Deno.test("a line is handed over byte for byte as the log holds it", () =>
  withLog(async (log) => {
    log.append(RUN.first, [scanned("")]);
    const many = Array.from({ length: 50 }, (_, i) => entry(`ä\udcff${i}`));
    log.append(RUN.first, [observed("", { "": [folder("", { fs: "fs" }), ...many] })]);
    const lines: string[] = [];
    for await (const { line } of logEvents(log, {}, once)) lines.push(line);
    const encoder = new TextEncoder();
    assert.deepEqual(lines.map((line) => encoder.encode(line)), [
      ...[...log.lines()].map(({ line }) => new Uint8Array(line)),
    ]);
  }));

async function entriesAt(log: JobLog, path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { position, event } of logEvents(log, { path }, once)) {
    const entries = entriesOfEvent(event()).map(({ path, what }) => `${what} ${path}`);
    found.push(`${position}: ${entries.join(", ")}`);
  }
  return found;
}

Deno.test("given a path, only events about entries at or below it are found, cut to these", () =>
  withLog(async (log) => {
    twoBackups(log);
    assert.deepEqual(await entriesAt(log, "docs/a.txt"), [
      "3: added docs/a.txt",
      "4: stored docs/a.txt",
    ]);
    assert.deepEqual(await entriesAt(log, "docs"), [
      "3: added docs, added docs/a.txt, added docs/z.txt",
      "4: stored docs/a.txt, stored docs/z.txt",
      "9: added docs/new.txt, removed docs/z.txt",
    ]);
    assert.deepEqual(await entriesAt(log, "doc"), []);
    assert.equal((await entriesAt(log, "")).length, 3);
  }));

Deno.test("given a path, refusals, failed restores and uploads about it are found", () =>
  withLog(async (log) => {
    const events: AnyNewEvent[] = [
      { type: "ObjectsRefused", data: { source: "s", entries: [{ path: "a/%41", reason: "x" }] } },
      {
        type: "ScanRefused",
        data: { source: "s", guard: "empty", missing: 2, limit: 0, sample: ["b", "a/%41"] },
      },
      {
        type: "EntriesRestored",
        data: { entries: "0", bytes: "0", failed: [{ path: "s/a/%41", reason: "gone" }] },
      },
      { type: "UploadStarted", data: { source: "s", path: "a/%41", key: "k", size: "1" } },
      { type: "UploadCreated", data: { key: "s/a/%2541", upload: "u" } },
      { type: "UploadAborted", data: { key: "s/b", reason: "x" } },
      finished(),
    ];
    log.append(RUN.first, events);
    assert.deepEqual(await entriesAt(log, "s/a"), [
      "1: refused: x s/a/%41",
      "2: missing s/a/%41",
      "3: failed: gone s/a/%41",
      "4: ",
      "5: ",
    ]);
  }));

Deno.test("following prints what another connection appends, until the signal fires", () =>
  withLog(async (log, file) => {
    log.append(RUN.first, [finished()]);
    const reader = openLog(file, { mode: "read" });
    const controller = new AbortController();
    let waits = 0;
    const clock: Clock = {
      now: () => 0n,
      sleep() {
        waits++;
        if (waits === 2) log.append(RUN.second, [finished(), scanned("")]);
        if (waits === 4) controller.abort(new HoldfastError("interrupted", "interrupted"));
        return Promise.resolve();
      },
    };
    const found: number[] = [];
    const watch = { clock, signal: controller.signal, follow: true };
    await assert.rejects(async () => {
      for await (const { position } of logEvents(reader, { run: "bbbb" }, watch)) {
        found.push(position);
        if (position === 3) log.append(RUN.second, [finished()]);
      }
    }, (error) => isKind(error, "interrupted"));
    reader.close();
    assert.deepEqual(found, [2, 3, 4]);
  }));

Deno.test("a reader that stands still holds up neither writer nor checkpoint", () =>
  withLog(async (log, file) => {
    log.append(RUN.first, Array.from({ length: 10 }, () => finished()));
    const reader = openLog(file, { mode: "read" });
    const events = logEvents(reader, {}, once);
    assert.equal((await events.next()).value?.position, 1);
    log.append(RUN.second, [finished()], { durable: true });
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(file);
    const checkpoint = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
    db.close();
    assert.equal(checkpoint.busy, 0);
    await events.return(undefined);
    reader.close();
  }));
