/** Events of restores hold at most 1,000 objects, and about 256 KiB. */
import assert from "node:assert/strict";
import { awaitObjects } from "../../src/app/await_objects.ts";
import { noteWarmth } from "../../src/app/note_warmth.ts";
import { batchOf } from "../../src/app/request_warm_ups.ts";
import { BATCH_BYTES, BATCH_ENTRIES } from "../../src/core/event/event.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { inAwaitingLog } from "./awaiting_log.ts";

/** What is in a line beside the objects. */
const FRAME = 300;
const NOW = 1_700_000_000_000;

/** 1,000 bytes each, in a third as many characters. */
const longKeys = Array.from({ length: 700 }, (_, i) => `${1000 + i}${"鍵".repeat(332)}`);
const object = (key: string) => ({
  ...{ key, version: "", etag: null, storageClass: "GLACIER", archive: null, size: 1 },
});

async function withFiles(
  work: (log: JobLog, files: ReturnType<ReturnType<typeof sqliteWorkTables>["waiting"]>) => void,
): Promise<void> {
  await inAwaitingLog([], (log, folder) => {
    const files = sqliteWorkTables(folder).waiting();
    try {
      for (const key of longKeys) {
        const name = new TextEncoder().encode(key);
        files.add({ folder: 1, name, bytes: 1 }, [object(key)]);
      }
      work(log, files);
    } finally {
      files.close();
    }
    return Promise.resolve();
  });
}

/** Objects in the events of a type, each of which is short enough. */
function objectsIn(log: JobLog, type: "ObjectsAwaited" | "ObjectWarm" | "StorageClassesFound") {
  const keys: string[] = [];
  for (const event of log.events({ type })) {
    const { objects } = event.data as { objects: { key: string }[] };
    assert(objects.length <= BATCH_ENTRIES);
    const bytes = new TextEncoder().encode(JSON.stringify(event)).length;
    assert(bytes <= BATCH_BYTES + FRAME, `${type} of ${bytes} bytes`);
    keys.push(...objects.map(({ key }) => key));
  }
  return keys;
}

Deno.test("what a restore awaits is cut by bytes, not by characters", () =>
  withFiles((log, files) => {
    awaitObjects(log, "r", { job: 1, files, isNew: false, isQuoted: () => true });
    assert.deepEqual(objectsIn(log, "ObjectsAwaited"), longKeys);
  }));

Deno.test("what a look has told is cut by bytes, whatever it tells", () =>
  withFiles((log, files) => {
    for (const [i, key] of longKeys.entries()) {
      const found = { ...object(key), storageClass: "DEEP_ARCHIVE" };
      files.setWarmth(found, i % 2 === 0 ? "warm" : "cold", i % 2 === 0 ? NOW : 0);
    }
    noteWarmth(log, "r", files, { job: 1, now: NOW, costOf: () => 0 });
    assert.deepEqual(objectsIn(log, "StorageClassesFound"), longKeys);
    assert.deepEqual(objectsIn(log, "ObjectWarm"), longKeys.filter((_, i) => i % 2 === 0));
    const { position } = log.head();
    noteWarmth(log, "r", files, { job: 1, now: NOW, costOf: () => 0 });
    assert.equal(log.head().position, position, "nothing is told twice");
  }));

Deno.test("what is asked for at once is cut by bytes", () => {
  const items = longKeys.map((key) => ({ object: object(key) }));
  const batch = batchOf(items);
  const bytes = batch.reduce((sum, { object: { key } }) => sum + JSON.stringify({ key }).length, 0);
  assert(batch.length > 100 && batch.length < 260, `${batch.length} objects, ${bytes} characters`);
  const short = Array.from({ length: 3000 }, (_, i) => ({ object: object(`${i}`) }));
  assert.equal(batchOf(short).length, BATCH_ENTRIES);
});
