import assert from "node:assert/strict";
import { localDisk } from "../../../src/stores/folder/disk.ts";
import { bytesOf, read } from "../store_probes.ts";
import { openAt, withFolder } from "./opened_folder.ts";
import { filesBelow } from "./store_inspection.ts";

const text = (path: string) => Deno.readTextFileSync(path);
const oddFiles = (root: string) => filesBelow(`${root}/.holdfast-store/odd`);

Deno.test("an object is a plain file at its key's path, readable by its owner only", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    await store.put("photos/2024/a.jpg", bytesOf("a"), {});
    await store.put(".holdfast/repository.json", bytesOf("{}"), {});
    assert.equal(text(`${root}/photos/2024/a.jpg`), "a");
    assert.equal(text(`${root}/.holdfast/repository.json`), "{}");
    assert.equal(Deno.statSync(`${root}/photos/2024/a.jpg`).mode! & 0o777, 0o400);
    assert.equal(Deno.statSync(`${root}/photos`).mode! & 0o777, 0o700);
    assert.deepEqual(oddFiles(root), []);
    store.close();
  });
});

Deno.test("the plain file follows the newest version", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    for (const body of ["one", "two", "three"]) {
      await store.put("k", bytesOf(body), {});
      assert.equal(text(`${root}/k`), body);
    }
    await Promise.all(["x", "y", "z"].map((body) => store.put("k", bytesOf(body), {})));
    assert.deepEqual(await read(store, "k"), bytesOf(text(`${root}/k`)));
    store.close();
  });
});

Deno.test("an empty object whose key ends in a slash is a folder", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    await store.put("empty/", new Uint8Array(0), {});
    assert.ok(Deno.statSync(`${root}/empty`).isDirectory);
    assert.deepEqual(oddFiles(root), []);
    store.close();
  });
});

Deno.test("a key that cannot be a path here is a file below odd", async () => {
  await withFolder(async (above) => {
    const root = `${above}/store`;
    const store = openAt(root, { create: true });
    await store.put("pf", bytesOf("file"), {});
    await store.put("pf/x", bytesOf("below a file"), {});
    await store.put("../outside", bytesOf("up"), {});
    await store.put("../outside", bytesOf("up again"), {});
    await store.put(".holdfast-store/format.json", bytesOf("mine"), {});
    assert.equal(text(`${root}/pf`), "file");
    assert.deepEqual(oddFiles(root).map((path) => text(path)).sort(), [
      "below a file",
      "mine",
      "up again",
    ]);
    assert.deepEqual([...Deno.readDirSync(above)].map(({ name }) => name), ["store"]);
    store.close();
  });
});

Deno.test("a file that the store did not make is never replaced", async () => {
  await withFolder(async (root) => {
    Deno.writeTextFileSync(`${root}/mine`, "not a backup");
    const store = openAt(root, { create: true });
    for (const body of ["one", "two"]) await store.put("mine", bytesOf(body), {});
    assert.equal(text(`${root}/mine`), "not a backup");
    assert.deepEqual(oddFiles(root).map((path) => text(path)), ["two"]);
    assert.deepEqual(await read(store, "mine"), bytesOf("two"));
    store.close();
  });
});

Deno.test("a plain file that someone replaced is left, and the store keeps its own bytes", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    await store.put("k", bytesOf("one"), {});
    Deno.removeSync(`${root}/k`);
    Deno.writeTextFileSync(`${root}/k`, "edited");
    assert.deepEqual(await read(store, "k"), bytesOf("one"));
    await store.put("k", bytesOf("two"), {});
    assert.equal(text(`${root}/k`), "edited");
    assert.deepEqual(await read(store, "k"), bytesOf("two"));
    Deno.removeSync(`${root}/k`);
    await store.put("k", bytesOf("three"), {});
    assert.equal(text(`${root}/k`), "three");
    assert.deepEqual(oddFiles(root), []);
    store.close();
  });
});

Deno.test("no symlink below the repository is followed", async () => {
  await withFolder((root) =>
    withFolder(async (outside) => {
      Deno.symlinkSync(outside, `${root}/photos`);
      Deno.symlinkSync(`${outside}/target`, `${root}/file`);
      const store = openAt(root, { create: true });
      await store.put("photos/a", bytesOf("a"), {});
      await store.put("photos/deep/b", bytesOf("b"), {});
      await store.put("photos/folder/", new Uint8Array(0), {});
      await store.put("file", bytesOf("c"), {});
      assert.deepEqual([...Deno.readDirSync(outside)], []);
      assert.ok(Deno.lstatSync(`${root}/file`).isSymlink);
      assert.deepEqual(await read(store, "photos/deep/b"), bytesOf("b"));
      store.close();
    })
  );
});

Deno.test("without hard links there are no plain files, and the features say why", async () => {
  await withFolder(async (root) => {
    const link = () => Promise.reject(Object.assign(new Error("no links"), { code: "ENOTSUP" }));
    const store = openAt(root, { create: true, disk: { ...localDisk, link } });
    await store.put("k", bytesOf("one"), {});
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), [".holdfast-store"]);
    const { conditionalPut, versions } = store.features;
    assert.ok(!conditionalPut.works && /no hard links/.test(conditionalPut.reason));
    assert.ok(versions.works);
    store.close();
    const again = openAt(root).features.conditionalPut;
    assert.equal(again.works, false, "the store remembers it");
  });
});
