import assert from "node:assert/strict";
import { NO_CONTENT } from "../../src/core/index/rows.ts";
import { hex } from "../../src/core/hash.ts";
import { type FoldFixture, foldFixture, statOf } from "./fold_fixture.ts";
import { slowSourceDigest } from "./slow_tree_digest.ts";

const hashOf = (job: FoldFixture, path: string) => hex(job.entry(path).content.sha256!);

function checkDigests(job: FoldFixture, source = "docs"): void {
  for (const kind of ["tree", "content"] as const) {
    assert.equal(job.digest(kind), slowSourceDigest(job.state, source, kind), kind);
  }
}

Deno.test("a moved file has its content where it was, and the old path has none", () => {
  const job = foldFixture();
  job.add("a");
  const { stored, etag, sha256 } = job.entry("a").content;
  job.moveFile("a", "b");
  const { content } = job.entry("b");
  assert.deepEqual(content, { ...NO_CONTENT, stored, etag, sha256, key: "docs/a" });
  assert.deepEqual(job.entry("a").content, { ...NO_CONTENT, stored: -stored });
  assert.deepEqual(job.renames(), ["docs/a -> b"]);
  assert.deepEqual(job.aliases(), ["docs/a"]);
  checkDigests(job);
});

Deno.test("what is removed at the old path is so before or after the file turns up at the new one", () => {
  for (const first of ["removed", "moved"]) {
    const job = foldFixture();
    job.add("a");
    const events = [job.removed("a"), job.moved("a", "b")];
    job.observe(...first === "removed" ? events : events.toReversed());
    assert.equal(job.entry("a").content.etag, null, first);
    assert.equal(job.keyOf("b"), "docs/a");
    assert.deepEqual(job.renames(), ["docs/a -> b"]);
  }
});

Deno.test("a chain, a to b and b to c, ends the same in both orders", () => {
  for (const order of [[0, 1, 2], [1, 0, 2], [2, 1, 0], [2, 0, 1]]) {
    const job = foldFixture();
    job.add("a", "b");
    const [hashA, hashB] = [hashOf(job, "a"), hashOf(job, "b")];
    const events = [job.moved("a", "b"), job.moved("b", "c"), job.removed("a")];
    job.observe(...order.map((i) => events[i]));
    assert.deepEqual([hashOf(job, "b"), hashOf(job, "c")], [hashA, hashB], order.join());
    assert.deepEqual(["b", "c"].map(job.keyOf), ["docs/a", "docs/b"]);
    assert.deepEqual(job.renames(), ["docs/a -> b", "docs/b -> c"]);
    assert.equal(job.entry("a").content.etag, null);
    checkDigests(job);
  }
});

Deno.test("two files that swap their names in one event swap their keys, too", () => {
  for (const isReversed of [false, true]) {
    const job = foldFixture();
    job.add("a", "b");
    const [hashA, hashB] = [hashOf(job, "a"), hashOf(job, "b")];
    const events = [job.moved("a", "b"), job.moved("b", "a")];
    job.observe(...isReversed ? events.toReversed() : events);
    assert.deepEqual([hashOf(job, "a"), hashOf(job, "b")], [hashB, hashA]);
    assert.deepEqual(["a", "b"].map(job.keyOf), ["docs/b", "docs/a"]);
    assert.deepEqual(job.aliases(), ["docs/a", "docs/b"]);
  }
});

Deno.test("a swap of files that one event stored is told apart by their keys", () => {
  const job = foldFixture();
  job.observe(job.seen("a", "added"), job.seen("b", "added"));
  const objects = ["a", "b"].map((name) => ({ name, type: "file" as const, etag: "e", prev: 2 }));
  const folders = [{ path: "", objects }];
  job.append({ type: "ObjectsStored", data: { source: "docs", class: "STANDARD", folders } });
  job.observe(job.moved("a", "b"), job.moved("b", "a"));
  assert.deepEqual(["a", "b"].map(job.keyOf), ["docs/b", "docs/a"]);
});

Deno.test("a file that was moved back has its own key again, and nothing is an alias target", () => {
  const job = foldFixture();
  job.add("a");
  job.moveFile("a", "b");
  job.moveFile("b", "a");
  assert.equal(job.entry("a").content.key, null);
  assert.equal(job.keyOf("a"), "docs/a");
  assert.deepEqual([job.renames(), job.aliases()], [[], []]);
});

Deno.test("a file moved out of a renamed folder and back is not under its own key: that is noted", () => {
  const job = foldFixture();
  job.add("d/", "d/x");
  job.moveFolder("d", "e");
  job.moveFile("e/x", "y");
  job.settled({ paths: [{ path: "e", folder: true }] });
  job.moveFile("y", "e/x");
  assert.equal(job.entry("e/x").content.key, null, "its own when it was stored");
  assert.equal(job.keyOf("e/x"), "docs/d/x");
  assert.deepEqual(job.renames(), ["docs/d/x -> e/x"]);
  assert.equal(job.isTarget("docs/d/x"), true);
});

Deno.test("a file moved twice leaves no rename of the path between", () => {
  for (const removedFirst of [true, false]) {
    const job = foldFixture();
    job.add("a");
    job.moveFile("a", "b");
    const events = [job.removed("b"), job.moved("b", "c")];
    job.observe(...removedFirst ? events : events.toReversed());
    assert.deepEqual(job.renames(), ["docs/a -> c"]);
    assert.deepEqual(job.aliases(), ["docs/a"]);
  }
});

Deno.test("a file moved onto an existing name: its former content has no claim any more", () => {
  const job = foldFixture();
  job.add("a", "b");
  job.moveFile("b", "c");
  job.add("b");
  job.moveFile("a", "b");
  assert.deepEqual(job.renames(), ["docs/a -> b", "docs/b -> c"]);
  job.moveFile("c", "b");
  assert.equal(job.keyOf("b"), "docs/b");
  assert.deepEqual(job.renames(), []);
});

Deno.test("a linked file has the other's content, which keeps it", () => {
  const job = foldFixture();
  job.add("a");
  const content = job.contentOf("a");
  job.observe(job.seen("b", "linked", { from: "a", evidence: "file id", content, links: 2 }));
  assert.equal(job.keyOf("b"), "docs/a");
  assert.equal(job.keyOf("a"), "docs/a");
  assert.deepEqual(job.entry("a").content.sha256, job.entry("b").content.sha256);
  assert.equal(job.entry("a").content.stored, content.stored);
  assert.deepEqual(job.renames(), ["docs/a -> b"]);
});

Deno.test("the content at the old path stays where it is another object by now", () => {
  const job = foldFixture();
  job.add("a");
  const event = job.moved("a", "b");
  job.observe(job.seen("a", "changed"));
  job.store("a", { key: ".holdfast/content/x/1-1" });
  job.observe(event);
  assert.equal(job.keyOf("a"), ".holdfast/content/x/1-1");
  assert.notEqual(job.entry("a").content.etag, null);
});

Deno.test("a moved file whose content must be read again is believed once it was", () => {
  const job = foldFixture();
  job.add("a");
  const content = { ...job.contentOf("a"), stored: -job.entry("a").content.stored };
  job.observe(job.moved("a", "b", { content }), job.removed("a"));
  assert.ok(job.entry("b").content.stored < 0);
  const { position: prev } = job.entry("b");
  job.observe({ path: "b", entry: { change: "reread", type: "file", sha256: "00", prev } });
  assert.equal(job.entry("b").content.stored, -content.stored);
  assert.equal(job.keyOf("b"), "docs/a");
});

Deno.test("an entry put back as it was has the content of then, under its own key or another one", () => {
  const job = foldFixture();
  job.add("a", "b");
  const content = job.contentOf("a");
  job.observe(job.removed("a"));
  job.observe(job.seen("a", "reverted", { content }));
  assert.equal(job.entry("a").content.stored, content.stored);
  assert.deepEqual(job.renames(), []);
  job.observe(job.seen("b", "reverted", { content }));
  assert.equal(job.keyOf("b"), "docs/a");
  assert.equal(job.isTarget("docs/a"), true);
});

Deno.test("a moved folder is one row: what is below it is not touched and is found at its old keys", () => {
  const job = foldFixture();
  job.add("d/", "d/s/", "d/s/x", "d/y");
  checkDigests(job);
  const before = [job.entry("d/s/x"), job.folder("d/s")];
  job.moveFolder("d", "e");
  assert.deepEqual([job.entry("e/s/x"), job.folder("e/s")], before);
  assert.deepEqual(["e/s/x", "e/y"].map(job.keyOf), ["docs/d/s/x", "docs/d/y"]);
  assert.equal(job.paths.find("docs", "d"), undefined);
  assert.deepEqual(job.renames(), ["docs/d/ -> e/"]);
  checkDigests(job);
});

Deno.test("a folder is moved only to where no folder is known, and from where the event says", () => {
  const job = foldFixture();
  job.add("d/", "e/");
  job.observe(job.removed("e"));
  const event = job.movedFolder("d", "f");
  const damage = { kind: "damage" };
  assert.throws(() => job.observe({ ...event, path: "e" }), damage, "a removed one is there");
  const wrong = (more: object) => ({ ...event, entry: { ...event.entry, ...more } });
  assert.throws(() => job.observe(wrong({ prev: 1 })), damage);
  assert.throws(() => job.observe(wrong({ from: "nowhere" })), damage);
  job.observe(event);
});

Deno.test("the first path of a hard-link group below a moved folder is another one in each digest", () => {
  const job = foldFixture();
  job.add("k/", "m/");
  const links = { links: 2, stat: statOf("file", 9) };
  job.observe(job.seen("k/one", "added", links), job.seen("m/two", "added", links));
  const before = job.digest("tree");
  checkDigests(job);
  job.moveFolder("k", "z");
  assert.notEqual(job.digest("tree"), before);
  checkDigests(job);
  job.moveFolder("m", "zz");
  checkDigests(job);
});

Deno.test("a folder that was moved to another file system takes its hard-link groups along", () => {
  const job = foldFixture();
  job.add("k/");
  const links = { links: 2, stat: statOf("file", 9) };
  job.observe(job.seen("k/one", "added", links), job.seen("k/two", "added", links));
  const event = job.movedFolder("k", "z");
  job.observe({ ...event, entry: { ...event.entry, fs: "tmpfs:2" } });
  assert.equal(job.tables.linkGroup("tmpfs:2", 9n).length, 2);
  assert.equal(job.tables.linkGroup("ext4:1", 9n).length, 0);
  checkDigests(job);
});

Deno.test("a source that gets another name keeps its digest of names below, and its row", () => {
  const job = foldFixture();
  job.add("d/", "d/x");
  const before = job.digest("content");
  const data = { source: "docs", path: "/home/docs", rules: "[]", fileSystem: "f", walker: "full" };
  job.append({ type: "ScanStarted", data });
  job.renameSource("papers");
  assert.equal(job.digest("content"), before);
  checkDigests(job, "papers");
  assert.deepEqual(job.renames(), ["docs/ -> /"]);
  assert.equal(job.tables.source("docs"), undefined);
  assert.equal(job.tables.source("papers")?.path, '"/home/docs"');
});

Deno.test("a source cannot get the name of another one, and one that is not known has none to lose", () => {
  const job = foldFixture();
  job.append({ type: "SourceRenamed", data: { from: "nobody", to: "x" } });
  const data = { from: "docs", to: "docs" };
  assert.throws(() => job.append({ type: "SourceRenamed", data }), { kind: "damage" });
});
