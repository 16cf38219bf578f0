import assert from "node:assert/strict";
import type { ColdObject } from "../../src/ports/waiting_files.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { databaseFolder } from "./log_fixture.ts";

const name = (text: string) => new TextEncoder().encode(text);
const object = (key: string): ColdObject => ({
  ...{ key, version: "", etag: null, storageClass: "GLACIER", archive: null, size: 10 },
});

function waiting(
  work: (files: ReturnType<ReturnType<typeof sqliteWorkTables>["waiting"]>) => void,
) {
  const folder = databaseFolder();
  const files = sqliteWorkTables(folder).waiting();
  try {
    work(files);
  } finally {
    files.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

const namesOf = (files: Iterable<{ name: Uint8Array }>) =>
  [...files].map(({ name }) => new TextDecoder().decode(name));

Deno.test("a file is ready once all its objects are warm", () =>
  waiting((files) => {
    files.add({ folder: 1, name: name("a"), bytes: 5 }, [object("p1"), object("p2")]);
    files.add({ folder: 1, name: name("b"), bytes: 7 }, [object("p2")]);
    assert.deepEqual(files.count(), { files: 2, bytes: 12 });
    assert.deepEqual([...files.ready()], []);
    files.setWarmth(object("p2"), "warm", 99);
    assert.deepEqual(namesOf(files.ready()), ["b"]);
    files.setWarmth(object("p1"), "warm");
    assert.deepEqual(namesOf(files.ready()), ["a", "b"]);
  }));

Deno.test("objects that no file waits for any more are not told of", () =>
  waiting((files) => {
    files.add({ folder: 1, name: name("a"), bytes: 5 }, [object("p1"), object("p2")]);
    files.add({ folder: 2, name: name("a"), bytes: 5 }, [object("p2")]);
    files.remove(1, name("a"));
    assert.deepEqual([...files.objects()].map(({ key }) => key), ["p2"]);
    assert.deepEqual([files.has(1, name("a")), files.has(2, name("a"))], [false, true]);
    assert.deepEqual(files.totals(), [
      { storageClass: "GLACIER", archive: null, warmth: "unknown", objects: 1, bytes: 10 },
    ]);
  }));

Deno.test("a file's objects that were refused are looked at again, and how often that was is known", () =>
  waiting((files) => {
    files.add({ folder: 1, name: name("a"), bytes: 5 }, [object("p1")]);
    files.setWarmth(object("p1"), "warm");
    assert.equal(files.doubt(1, name("a")), 1);
    assert.deepEqual([...files.objects(["unknown"])].length, 1);
    files.setWarmth(object("p1"), "warm");
    assert.equal(files.doubt(1, name("a")), 2);
    files.setWarmth(object("p1"), "cold");
    assert.equal(files.doubt(1, name("a")), 1);
  }));

Deno.test("objects come in byte order of their keys, more than a page of them", () =>
  waiting((files) => {
    for (let i = 0; i < 1234; i++) {
      files.add({ folder: 1, name: name(`${i}`), bytes: 1 }, [object(`k${(i * 7919) % 1234}`)]);
    }
    const keys = [...files.objects()].map(({ key }) => key);
    assert.deepEqual(keys, keys.toSorted());
    assert.equal(keys.length, 1234);
    for (const key of keys) files.setWarmth(object(key), "warm");
    assert.equal([...files.ready()].length, 1234);
  }));
