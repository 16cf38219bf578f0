import assert from "node:assert/strict";
import type { DeletedObject } from "../../src/core/event/event.ts";
import { isClaimed } from "../../src/core/index/key_claim.ts";
import { NO_CONTENT } from "../../src/core/index/rows.ts";
import { type FoldFixture, foldFixture } from "./fold_fixture.ts";

const alias = (job: FoldFixture, path: string, from: string, folder?: true) =>
  job.append({
    type: "RenameAliased",
    data: { source: "docs", renames: [{ path, from, folder, way: "alias", why: "test" }] },
  });

const planned = (job: FoldFixture, ...objects: DeletedObject[]) =>
  job.append({ type: "DeletionPlanned", data: { why: "removed", objects } });

const deleted = (job: FoldFixture, ...objects: DeletedObject[]) =>
  job.append({ type: "ObjectDeleted", data: { why: "removed", objects } });

const lost = (job: FoldFixture) => [...job.state.snapshots.values()].map((row) => row.lost);

Deno.test("a rename that is to stay an alias is marked so, a file's and a folder's", () => {
  const job = foldFixture();
  job.add("a", "d/");
  job.moveFile("a", "b");
  job.moveFolder("d", "e");
  alias(job, "b", "docs/a");
  alias(job, "e", "docs/d/", true);
  assert.deepEqual([...job.state.renames.values()].map((row) => row.aliased), [true, true]);
  assert.equal(job.isTarget("docs/a"), true);
});

Deno.test("a copied object is under the path's own key, and ends the rename", () => {
  const job = foldFixture();
  job.add("a");
  job.moveFile("a", "b");
  job.store("b", { from: "docs/a", sha256: "77".repeat(32) }, "ObjectCopied");
  assert.equal(job.keyOf("b"), "docs/b");
  assert.equal(job.entry("b").content.stored, job.position());
  assert.deepEqual([job.renames(), job.aliases()], [[], []]);
});

Deno.test("a copy may go to a key of no path, where its own is an alias target, and on from there", () => {
  const job = foldFixture();
  job.add("a", "b");
  job.observe(job.moved("a", "b"), job.moved("b", "a"));
  job.store("b", { from: "docs/a", key: ".holdfast/content/x/6-0" }, "ObjectCopied");
  assert.deepEqual(job.renames(), [".holdfast/content/x/6-0 -> b", "docs/b -> a"]);
  assert.equal(job.isTarget("docs/a"), false, "so that the other one can have it");
  job.store("a", { from: "docs/b" }, "ObjectCopied");
  job.store("b", { from: ".holdfast/content/x/6-0" }, "ObjectCopied");
  assert.deepEqual([job.renames(), job.aliases(), job.keyOf("b")], [[], [], "docs/b"]);
});

Deno.test("a file that is stored anew needs its alias no longer", () => {
  const job = foldFixture();
  job.add("a");
  job.moveFile("a", "b");
  job.observe(job.seen("b", "changed"));
  assert.deepEqual(job.aliases(), ["docs/a"], "it may be found equal");
  job.store("b");
  assert.deepEqual([job.keyOf("b"), ...job.aliases()], ["docs/b"]);
});

Deno.test("an alias that two need stays until the second is settled", () => {
  const job = foldFixture();
  job.add("a");
  const content = job.contentOf("a");
  job.observe(job.moved("a", "b"), job.removed("a"));
  job.observe(job.seen("c", "linked", { from: "b", evidence: "file id", content }));
  job.store("b", { from: "docs/a" }, "ObjectCopied");
  assert.equal(job.isTarget("docs/a"), true);
  job.store("c", { from: "docs/a" }, "ObjectCopied");
  assert.equal(job.isTarget("docs/a"), false);
});

Deno.test("a settled rename keeps its alias while a snapshot made since is kept, file and folder", () => {
  const job = foldFixture();
  job.add("a", "d/", "d/x");
  const early = job.snapshot();
  job.moveFile("a", "b");
  job.moveFolder("d", "e");
  const snapshot = job.snapshot();
  job.store("b", { from: "docs/a" }, "ObjectCopied");
  job.store("e/x", { from: "docs/d/x" }, "ObjectCopied");
  job.settled({ paths: [{ path: "b" }, { path: "e", folder: true }] });
  assert.deepEqual(job.renames(), []);
  assert.deepEqual(job.aliases(), ["docs/a", "docs/d/"]);
  const release = () =>
    job.append({ type: "AliasesReleased", data: { keys: ["docs/a", "docs/d/"] } });
  release();
  assert.deepEqual(job.aliases(), ["docs/a", "docs/d/"], "the snapshot still needs them");
  const at = job.forget(snapshot);
  assert.equal(job.tables.snapshot(snapshot)?.forgotten, at);
  assert.equal(job.tables.snapshot(early)?.forgotten, 0);
  release();
  assert.deepEqual(job.aliases(), [], "the earlier snapshot was made before the renames");
});

Deno.test("aliases that a rename needs are not released, whatever the event says", () => {
  const job = foldFixture();
  job.add("a", "d/", "d/x");
  job.moveFile("a", "b");
  job.moveFolder("d", "e");
  job.append({ type: "AliasesReleased", data: { keys: ["docs/a", "docs/d/"] } });
  assert.deepEqual(job.aliases(), ["docs/a", "docs/d/"]);
});

Deno.test("what a settled folder's aliases alone protected is not believed any more", () => {
  const job = foldFixture();
  job.add("d/", "d/kept", "d/gone", "d/waits", "d/aside", "o");
  job.observe(job.removed("d/gone"));
  job.moveFile("o", "d/alias");
  job.observe(job.seen("d/aside", "changed"));
  job.store("d/aside", { key: ".holdfast/content/x/9-0" });
  job.moveFolder("d", "e");
  job.store("e/kept", { from: "docs/d/kept" }, "ObjectCopied");
  job.settled({ paths: [{ path: "e", folder: true }] });
  assert.equal(job.keyOf("e/kept"), "docs/e/kept");
  assert.equal(job.entry("e/gone").content.etag, null, "its key may be overwritten");
  assert.ok(job.entry("e/waits").content.stored < 0, "is stored again");
  assert.equal(job.keyOf("e/aside"), ".holdfast/content/x/9-0", "that key is nobody else's");
  assert.equal(job.keyOf("e/alias"), "docs/o", "that has an alias of its own");
  assert.ok(job.folder("e").content.stored < 0, "the marker");
});

Deno.test("content that replaced another for good is lost to the snapshots in between alone", () => {
  const job = foldFixture();
  job.snapshot();
  job.add("a");
  const { stored } = job.entry("a").content;
  job.snapshot();
  job.snapshot();
  job.observe(job.seen("a", "changed"));
  job.snapshot();
  job.store("a", { over: stored });
  job.snapshot();
  assert.deepEqual(lost(job), [0, 1, 1, 0, 0]);
});

Deno.test("a deleted object is lost to the snapshots that had it, where no version is left", () => {
  const job = foldFixture();
  job.snapshot();
  job.add("a", "b");
  const { stored } = job.entry("a").content;
  job.snapshot();
  const until = job.observe(job.removed("a"), job.removed("b"));
  job.snapshot();
  deleted(job, { source: "docs", path: "a", key: "docs/a", stored, until });
  deleted(job, { source: "docs", path: "b", key: "docs/b", stored: stored + 2 });
  assert.deepEqual(lost(job), [0, 1, 0]);
});

Deno.test("a deleted object clears what is removed and was there, and nothing else", () => {
  const job = foldFixture();
  job.add("gone", "there", "d/");
  const { stored } = job.entry("gone").content;
  job.observe(job.removed("gone"), job.removed("d"));
  const there = job.entry("there");
  const object = { source: "docs", path: "gone", key: "docs/gone" };
  deleted(job, { ...object, stored: stored + 1 });
  deleted(job, { ...object, key: "docs/other", stored });
  assert.notEqual(job.entry("gone").content.etag, null, "another object");
  deleted(job, { ...object, stored });
  assert.deepEqual(job.entry("gone").content, { ...NO_CONTENT, stored: -stored });
  deleted(job, { ...object, path: "there", key: "docs/there", stored: there.content.stored });
  assert.deepEqual(job.entry("there").content, there.content, "a live entry's is not gone by it");
  const folder = { folder: true as const, stored: job.folder("d").content.stored };
  deleted(job, { ...object, path: "d", key: "docs/d/", ...folder });
  assert.equal(job.folder("d").content.etag, null);
  deleted(job, { key: "docs/unknown", stored: 0 });
});

Deno.test("from the intent to delete on nothing is believed to be there, until it is stored again", () => {
  const job = foldFixture();
  job.add("a");
  const { stored } = job.entry("a").content;
  job.observe(job.removed("a"));
  planned(job, { source: "docs", path: "a", key: "docs/a", stored });
  assert.equal(job.entry("a").content.etag, null);
  assert.deepEqual([...job.state.deletions.values()].map(({ key }) => key), ["docs/a"]);
  job.observe(job.seen("a", "added"));
  assert.equal(job.entry("a").content.etag, null, "came back, and is uploaded");
  job.store("a");
  assert.deepEqual([...job.state.deletions.values()], [], "what is there now stays");
});

Deno.test("what a rename made obsolete is to be deleted, but for what somebody has there", () => {
  const job = foldFixture();
  job.add("a", "b", "c");
  const contents = ["a", "b", "c"].map((path) => ({ key: "", ...job.contentOf(path) }));
  job.moveFile("a", "d");
  for (const [i, from] of ["b", "c"].entries()) {
    const content = contents[i + 1];
    job.observe(job.seen(`${from}2`, "linked", { from, evidence: "file id", content }));
  }
  job.observe(job.removed("c"));
  for (const path of ["d", "b2", "c2"]) job.store(path, {}, "ObjectCopied");
  const obsolete = contents.map(({ key, stored }) => ({ source: "docs", key, stored }));
  job.settled({ paths: [], obsolete });
  assert.deepEqual(
    [...job.state.deletions.values()].map(({ key }) => key),
    ["docs/a"],
    "b is there, and the removed c is kept",
  );
});

Deno.test("a key of no path is claimed by the entry that has its content there", () => {
  const job = foldFixture();
  job.add("a");
  const key = ".holdfast/content/x/2-0";
  job.observe(job.seen("a", "changed"));
  job.store("a", { key });
  assert.equal(isClaimed(job, key), true);
  assert.equal(isClaimed(job, "docs/a"), false, "a has its content elsewhere");
  job.observe(job.removed("a"));
  assert.equal(isClaimed(job, key), false);
  deleted(job, { key, stored: Math.abs(job.entry("a").content.stored) });
  assert.equal(job.entry("a").content.etag, null, "though the event names no path");
});

Deno.test("a verified object is noted with the position, and nothing else of its entry changes", () => {
  const job = foldFixture();
  job.add("d/", "d/a", "d/b");
  const before = job.entry("d/a");
  const data = { source: "docs", folders: [{ path: "d", names: ["a", "nobody"] }] };
  const position = job.append({ type: "ObjectVerified", data });
  assert.deepEqual(job.entry("d/a"), { ...before, checked: position });
  assert.equal(job.entry("d/b").checked, 0);
});
