import assert from "node:assert/strict";
import { textOfBytes } from "../../src/core/path_text.ts";
import type { LedgerObject } from "../../src/ports/work_tables.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { databaseFolder } from "./log_fixture.ts";

function inFolder(use: (tables: ReturnType<typeof sqliteWorkTables>) => void): void {
  const folder = databaseFolder();
  try {
    use(sqliteWorkTables(folder));
    assert.deepEqual([...Deno.readDirSync(folder)], [], "every file is removed");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function stored(key: string, stored: number, more: Partial<LedgerObject> = {}): LedgerObject {
  const path = textOfBytes(Uint8Array.of(0xff));
  return {
    ...{ key, stored, version: `v${stored}`, etag: `e${stored}`, at: 1, observed: stored },
    ...{ bytes: 2 ** 40, storageClass: "STANDARD", place: { source: "", path, folder: false } },
    ...more,
  };
}

Deno.test("a listing finds what it holds, and counts what nobody asked for", () =>
  inFolder((tables) => {
    const listing = tables.listing();
    const object = (key: string) => ({
      ...{ key, size: 2 ** 40, etag: "e", storageClass: "GLACIER", lastModified: 0 },
    });
    const keys = [".holdfast/x", "a", "a/é", "a/\u{10FFFF}", "b"];
    listing.add(keys.map(object));
    assert.deepEqual(listing.find("a")?.storageClass, "GLACIER");
    assert.equal(listing.find("c"), undefined);
    assert.deepEqual(listing.unknown(".holdfast/"), { objects: 3, bytes: 3 * 2 ** 40 });
    assert.deepEqual([...listing.below("a/")].map(({ key }) => key), ["a/é", "a/\u{10FFFF}"]);
    listing.close();
  }));

Deno.test("what is expected comes in byte order of its keys, between two of them, each as it was given", () =>
  inFolder((tables) => {
    const expected = tables.expected();
    const object = (key: string, id: number) => ({
      ...{ key, kind: "entry" as const, id, name: Uint8Array.of(id, 0xff), version: null },
      ...{ etag: "e", size: id === 1 ? undefined : 2 ** 40, storageClass: "GLACIER" },
    });
    const keys = ["b", "a/\u{10FFFF}", "a/\uFFFD", "a.txt", "b"];
    const given = keys.map(object);
    for (const one of given) expected.add(one);
    for (let i = 0; i < 2500; i++) expected.add(object("c", i % 200));
    const found = [...expected.between("a", "b")];
    assert.deepEqual(found, [given[3], given[2], given[1], given[0], given[4]]);
    assert.equal([...expected.between("b", undefined)].length, 2500);
    assert.deepEqual([...expected.between("c", undefined)], []);
    assert.deepEqual([expected.has("a.txt"), expected.has("a")], [true, false]);
    expected.close();
  }));

Deno.test("a ledger leaves over the versions that nobody needs", () =>
  inFolder((tables) => {
    const ledger = tables.ledger();
    for (const position of [1, 2, 3, 4]) ledger.stored(stored("a", position));
    ledger.need({ key: "a", version: "v2", etag: "e2", stored: 2 }, "snapshot");
    ledger.deleted({ key: "a", version: "v3", stored: 3 });
    const spare = () =>
      ledger.spare(true, undefined, 9).map((object) => [object.stored, object.hidesOlder]);
    assert.deepEqual(spare(), [[1, false], [4, true]]);
    ledger.need({ key: "a", version: "v2", etag: "e2", stored: 2 }, "entry");
    assert.deepEqual(spare(), [[1, false], [4, false]]);
    assert.equal(ledger.spare(true, { key: "a", stored: 1 }, 9).length, 1);
    assert.deepEqual([ledger.isNeeded("a"), ledger.isNeededBelow("a/")], [true, false]);
    assert.deepEqual([1, 2].map(ledger.isObservationNeeded), [false, true]);
    assert.equal(ledger.spare(true, undefined, 1)[0].place.path, stored("", 0).place.path);
    ledger.close();
  }));

Deno.test("without versions the last object of a key is left over, unless its like is needed", () =>
  inFolder((tables) => {
    const ledger = tables.ledger();
    const plain = { version: null };
    ledger.stored(stored("a", 1, plain));
    ledger.stored(stored("a", 2, plain));
    ledger.stored(stored("b", 1, { ...plain, etag: "same" }));
    ledger.stored(stored("b", 2, { ...plain, etag: "same" }));
    ledger.need({ key: "a", version: null, etag: "e1", stored: 1 }, "snapshot");
    ledger.need({ key: "b", version: null, etag: "same", stored: 1 }, "snapshot");
    const keys = ledger.spare(false, undefined, 9).map(({ key, stored }) => [key, stored]);
    assert.deepEqual(keys, [["a", 2]]);
    assert.deepEqual(ledger.spare(true, undefined, 9), []);
    assert.equal(ledger.unversioned(), 1);
    ledger.deleted({ key: "a", version: null, stored: 2 });
    assert.deepEqual(ledger.spare(false, undefined, 9), []);
    ledger.close();
  }));

Deno.test("claims and readings come back as they were given", () =>
  inFolder((tables) => {
    const ledger = tables.ledger();
    const claim = { source: "s", path: "a\udcff", folder: true };
    ledger.claim("k", 3, claim);
    assert.deepEqual(ledger.claims("k", 3), [claim]);
    ledger.close();
    const readings = tables.readings();
    const reading = (checked: number, folder: number) => ({
      ...{ checked, folder, name: Uint8Array.of(0xff), bytes: 2 ** 40 },
    });
    readings.add(reading(2, 1));
    readings.add(reading(0, 2));
    readings.add(reading(0, 1));
    const order = [...readings.inOrder()].map(({ checked, folder }) => [checked, folder]);
    assert.deepEqual(order, [[0, 1], [0, 2], [2, 1]]);
    assert.deepEqual([...readings.inOrder()][0], reading(0, 1));
    readings.close();
    const notes = tables.notes();
    notes.set("a", "1");
    notes.set("a", "2");
    assert.deepEqual([notes.get("a"), notes.get("b")], ["2", undefined]);
    notes.close();
  }));
