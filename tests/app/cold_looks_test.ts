/** What `restore --wait` asks the store, and how often. */
import assert from "node:assert/strict";
import { warmthLooks } from "../../src/app/look_at_warmth.ts";
import { pollDelay } from "../../src/core/cold/poll_delay.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import type { WaitingFiles } from "../../src/ports/waiting_files.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { askFor, inAwaitingLog } from "./awaiting_log.ts";
import { type ListedStore, listedStore } from "./listed_store.ts";

const HOUR = 3_600_000;
/** When tickingClock begins. */
const START = 1_700_000_000_000;

const keysOf = (count: number) => Array.from({ length: count }, (_, i) => `k${i + 100_000}`);

interface Waiting {
  readonly listed: ListedStore;
  readonly files: WaitingFiles;
  readonly log: JobLog;
  warm(): number;
  /** Looks as `--wait` does, for so many hours of a wait of up to 48. */
  wait(hours: number): Promise<void>;
}

/** Objects of DEEP_ARCHIVE that were asked for at Bulk just now, and found warming. */
function whileWaiting(
  { count, listTells = true }: { readonly count: number; readonly listTells?: boolean },
  work: (waiting: Waiting) => Promise<void>,
): Promise<void> {
  const keys = keysOf(count);
  const objects = keys.map((key) => ({ key, class: "DEEP_ARCHIVE" }));
  return inAwaitingLog(objects, async (log, folder) => {
    askFor(log, objects);
    const listed = listedStore(keys);
    Object.assign(listed, { listTells, storageClassOf: () => "DEEP_ARCHIVE" });
    listed.restoreOf = () => ({ kind: "warming" });
    const files = sqliteWorkTables(folder).waiting();
    try {
      for (const key of keys) {
        const file = { folder: 1, name: new TextEncoder().encode(key), bytes: 1 };
        const object = { key, version: "", etag: null, storageClass: "DEEP_ARCHIVE" };
        files.add(file, [{ ...object, archive: null, size: 1 }]);
      }
      let time = START;
      const now = () => time;
      const { signal } = new AbortController();
      const look = warmthLooks({ store: listed.store, signal, now, index: log.index });
      await look(files, ["unknown"]);
      await work({
        ...{ listed, files, log },
        warm: () => files.totals().find(({ warmth }) => warmth === "warm")?.objects ?? 0,
        async wait(hours) {
          const end = time + hours * HOUR;
          while (time < end) {
            time += pollDelay(48 * HOUR);
            await look(files, ["cold", "warming", "warm", "unknown"]);
          }
        },
      });
    } finally {
      files.close();
    }
  });
}

Deno.test("where HEAD alone tells, a wait of 48 hours looks at each object four times, not a hundred", () =>
  whileWaiting({ count: 500, listTells: false }, async ({ listed, wait, warm }) => {
    assert.equal(listed.requests.head, 500);
    await wait(47);
    assert.equal(listed.requests.head, 500 * 3);
    listed.restoreOf = () => ({ kind: "warm", expiry: START + 300 * HOUR });
    await wait(2);
    assert.deepEqual([listed.requests.head, warm()], [500 * 4, 500]);
    await wait(100);
    assert.equal(listed.requests.head, 500 * 4);
  }));

Deno.test("few objects are looked at each time: they come as soon as they are warm", () =>
  whileWaiting({ count: 50, listTells: false }, async ({ listed, wait, warm }) => {
    await wait(10);
    listed.restoreOf = () => ({ kind: "warm", expiry: START + 300 * HOUR });
    await wait(0.5);
    assert.equal(warm(), 50);
    const { head } = listed.requests;
    await wait(40);
    assert.equal(listed.requests.head, head, "what is warm is not looked at");
  }));

Deno.test("where LIST tells, each look is its pages, and what is warm is left out", () =>
  whileWaiting({ count: 3000 }, async ({ listed, wait, warm }) => {
    listed.requests.list = 0;
    await wait(3);
    const looks = Math.ceil(3 * HOUR / pollDelay(48 * HOUR));
    assert.deepEqual(listed.requests, { list: 3 * looks, head: 0 });
    // The first thousand are warm.
    listed.restoreOf = (key) =>
      key < "k101000" ? { kind: "warm", expiry: START + 300 * HOUR } : { kind: "warming" };
    await wait(0.1);
    assert.equal(warm(), 1000);
    listed.requests.list = 0;
    await wait(3);
    assert.deepEqual(listed.requests, { list: 2 * looks, head: 0 });
  }));

Deno.test("what is warm is looked at again when it is about to expire", () =>
  whileWaiting({ count: 300 }, async ({ listed, wait, warm, files }) => {
    listed.restoreOf = () => ({ kind: "warm", expiry: START + 20 * HOUR });
    await wait(1);
    assert.equal(warm(), 300);
    listed.restoreOf = () => undefined;
    await wait(17);
    assert.equal(warm(), 300);
    await wait(3);
    assert.deepEqual(files.totals().map(({ warmth }) => warmth), ["cold"]);
  }));
