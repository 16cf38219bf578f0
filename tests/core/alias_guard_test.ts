import assert from "node:assert/strict";
import { foldFixture } from "./fold_fixture.ts";

Deno.test("nothing is an alias target where nothing was moved", () => {
  const job = foldFixture();
  job.add("d/", "d/x");
  assert.deepEqual(["docs/d/x", "docs/d/", "docs/"].map(job.isTarget), [false, false, false]);
});

Deno.test("the key of a moved file is an alias target, and no other key", () => {
  const job = foldFixture();
  job.add("d/", "d/x", "d/y");
  job.moveFile("d/x", "z");
  assert.equal(job.isTarget("docs/d/x"), true);
  for (const key of ["docs/d/y", "docs/d/", "docs/d/x/", "docs/d/xx", "docs/z"]) {
    assert.equal(job.isTarget(key), false, key);
  }
});

Deno.test("below a moved folder's old name only what that folder ever held is an alias target", () => {
  const job = foldFixture();
  job.add("d/", "d/x", "d/s/", "d/s/y", "d/gone");
  job.observe(job.removed("d/gone"));
  job.moveFolder("d", "e");
  for (const key of ["docs/d/x", "docs/d/", "docs/d/s/", "docs/d/s/y", "docs/d/gone"]) {
    assert.equal(job.isTarget(key), true, key);
  }
  for (const key of ["docs/d/new", "docs/d/s/new", "docs/d/x/", "docs/d/t/y", "docs/e/x"]) {
    assert.equal(job.isTarget(key), false, key);
  }
});

Deno.test("a new folder with the old name: its new files have their own keys, the others do not", () => {
  const job = foldFixture();
  job.add("d/", "d/x");
  job.moveFolder("d", "e");
  job.observe(job.seen("d", "added", { is: "folder" }));
  assert.notEqual(job.folder("d").id, job.folder("e").id);
  assert.equal(job.isTarget("docs/d/"), true, "the marker of the moved one");
  assert.equal(job.isTarget("docs/d/x"), true);
  assert.equal(job.isTarget("docs/d/other"), false);
});

Deno.test("a folder that leaves a moved one takes the protection of both its names along", () => {
  const job = foldFixture();
  job.add("d/", "d/s/", "d/s/y");
  job.moveFolder("d", "e");
  job.moveFolder("e/s", "t");
  assert.equal(job.keyOf("t/y"), "docs/d/s/y");
  assert.equal(job.isTarget("docs/d/s/y"), true);
  assert.equal(job.isTarget("docs/d/s/"), true);
  job.settled({ paths: [{ path: "e", folder: true }] });
  assert.equal(job.isTarget("docs/d/s/y"), true, "the settled folder is another one");
  assert.equal(job.isTarget("docs/d/"), false);
});

Deno.test("protection that a folder takes along is as old as it was: snapshots made since count", () => {
  const job = foldFixture();
  job.add("d/", "d/s/", "d/s/y");
  job.moveFolder("d", "e");
  const snapshot = job.snapshot();
  job.moveFolder("e/s", "t");
  job.store("t/y", { from: "docs/d/s/y" }, "ObjectCopied");
  job.settled({ paths: [{ path: "t", folder: true }] });
  assert.equal(job.isTarget("docs/d/s/y"), true, "the snapshot has it there");
  assert.equal(job.isTarget("docs/e/s/y"), false, "no snapshot since it has left that name");
  job.forget(snapshot);
  job.append({ type: "AliasesReleased", data: { keys: ["docs/d/s/"] } });
  assert.equal(job.isTarget("docs/d/s/y"), false);
});

Deno.test("a settled folder that is moved again protects the name it leaves, and not those before", () => {
  const job = foldFixture();
  job.add("d/", "d/x");
  job.moveFolder("d", "e");
  job.store("e/x", { from: "docs/d/x" }, "ObjectCopied");
  job.settled({ paths: [{ path: "e", folder: true }] });
  job.moveFolder("e", "f");
  assert.deepEqual(job.aliases(), ["docs/e/"]);
  assert.equal(job.isTarget("docs/d/x"), false);
});

Deno.test("a source without a name that gets one protects what it held, and no more", () => {
  const job = foldFixture("");
  job.add("d/", "d/x");
  job.renameSource("docs");
  assert.equal(job.isTarget("d/x"), true);
  assert.equal(job.isTarget("d/"), true);
  assert.equal(job.isTarget("docs/d/x"), false);
  assert.equal(job.isTarget("other"), false);
});
