import assert from "node:assert/strict";
import { withoutOwnKey } from "../../src/core/index/object_keys.ts";
import { foldFixture } from "./fold_fixture.ts";

Deno.test("what is below a moved folder is found where it was put, and new things are where it is", () => {
  const job = foldFixture();
  job.add("d/", "d/s/", "d/s/x");
  job.moveFolder("d", "e");
  assert.equal(job.keyOf("e/s/x"), "docs/d/s/x");
  assert.equal(job.keys.ofFolder(job.folder("e/s")), "docs/d/s/");
  job.add("e/s/y");
  assert.equal(job.keyOf("e/s/y"), "docs/e/s/y");
  const { folder, name } = job.entry("e/s/x");
  assert.equal(job.keys.ownOfEntry(folder, name), "docs/e/s/x");
  assert.equal(job.keys.ownOfFolder(job.folder("e/s")), "docs/e/s/");
});

Deno.test("a folder that was moved twice has three places, each with what was put there", () => {
  const job = foldFixture();
  job.add("d/", "d/x");
  job.moveFolder("d", "e");
  job.add("e/y");
  job.moveFolder("e", "f");
  job.add("f/z");
  assert.deepEqual(["f/x", "f/y", "f/z"].map(job.keyOf), ["docs/d/x", "docs/e/y", "docs/f/z"]);
  assert.deepEqual(job.keys.prefixesOf(job.folder("f").id), ["docs/d/", "docs/e/", "docs/f/"]);
});

Deno.test("a folder that was moved back has its first place again, and remembers the other", () => {
  const job = foldFixture();
  job.add("d/", "d/x");
  job.moveFolder("d", "e");
  job.add("e/y");
  job.moveFolder("e", "d");
  assert.equal(job.keyOf("d/x"), "docs/d/x");
  assert.equal(job.keyOf("d/y"), "docs/e/y");
  assert.deepEqual(job.keys.prefixesOf(job.folder("d").id), ["docs/d/", "docs/e/"]);
});

Deno.test("a folder within a moved one: it makes no difference which was moved first", () => {
  for (const parentFirst of [true, false]) {
    const job = foldFixture();
    job.add("p/", "p/d/", "p/d/x", "q/");
    if (parentFirst) {
      job.moveFolder("p", "r");
      job.moveFolder("r/d", "q/e");
    } else {
      job.moveFolder("p/d", "q/e");
      job.moveFolder("p", "r");
    }
    assert.equal(job.keyOf("q/e/x"), "docs/p/d/x", `parent first: ${parentFirst}`);
    const expected = parentFirst
      ? ["docs/p/d/", "docs/r/d/", "docs/q/e/"]
      : ["docs/p/d/", "docs/q/e/"];
    assert.deepEqual(job.keys.prefixesOf(job.folder("q/e").id), expected);
    job.moveFolder("q", "t");
    assert.equal(job.keyOf("t/e/x"), "docs/p/d/x");
  }
});

Deno.test("a place at a position is that of the folder and of all above it at that time", () => {
  const job = foldFixture();
  job.add("p/", "p/d/");
  const before = job.position();
  job.moveFolder("p/d", "p/e");
  const between = job.position();
  job.moveFolder("p", "q");
  const { id } = job.folder("q/e");
  const at = (position: number) => job.keys.placeAt(id, position).path;
  assert.deepEqual([before, between, job.position()].map(at), ["p/d", "p/e", "q/e"]);
  assert.equal(at(Number.MAX_SAFE_INTEGER), "q/e");
});

Deno.test("a source with another name keeps its content under the first one", () => {
  const job = foldFixture("");
  job.add("d/", "d/x", "y");
  job.renameSource("docs");
  assert.deepEqual(["d/x", "y"].map(job.keyOf), ["d/x", "y"]);
  assert.deepEqual(job.keys.prefixesOf(job.folder("").id), ["", "docs/"]);
  assert.equal(job.keys.ownOfFolder(job.folder("d")), "docs/d/");
  job.renameSource("papers");
  assert.deepEqual(job.aliases(), ["", "docs/"]);
  assert.equal(job.keys.ownOfFolder(job.folder("")), "papers/");
});

Deno.test("a key that is the path's own at that time is left out, another one is kept", () => {
  const job = foldFixture();
  job.add("d/", "d/x");
  const { folder, name, content } = job.entry("d/x");
  job.moveFolder("d", "e");
  const normalized = (key: string) =>
    withoutOwnKey(job.keys, folder, name, { ...content, key }).key;
  assert.equal(normalized("docs/d/x"), null);
  assert.equal(normalized("docs/e/x"), "docs/e/x", "own now, but not when it was stored");
  assert.equal(normalized("docs/y"), "docs/y");
});
