import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import { bytesOf, read } from "../store_probes.ts";
import { openAt, withFolder } from "./opened_folder.ts";
import { filesBelow, isSameFile } from "./store_inspection.ts";

function plain(
  sentence: string,
  check: (store: ObjectStore, root: string) => Promise<void>,
): void {
  Deno.test(sentence, () =>
    withFolder(async (root) => {
      const store = openAt(root, { create: true });
      await check(store, root);
      store.close();
    }));
}

plain(
  "a deletion removes the plain file and the folders that it leaves empty",
  async (store, root) => {
    await store.put("a/b/c/file", bytesOf("x"), {});
    await store.put("a/other", bytesOf("y"), {});
    await store.delete([{ key: "a/b/c/file" }]);
    assert.deepEqual([...Deno.readDirSync(`${root}/a`)].map(({ name }) => name), ["other"]);
    await store.delete([{ key: "a/other" }]);
    assert.equal(existsSync(`${root}/a`), false);
    assert.ok(existsSync(root));
    await store.put("a/b/c/file", bytesOf("again"), {});
    assert.equal(Deno.readTextFileSync(`${root}/a/b/c/file`), "again");
  },
);

plain("a folder that is an object stays until it is deleted itself", async (store, root) => {
  await store.put("album/", new Uint8Array(0), {});
  await store.put("album/photo", bytesOf("x"), {});
  await store.delete([{ key: "album/photo" }]);
  assert.ok(existsSync(`${root}/album`));
  await store.delete([{ key: "album/" }]);
  assert.equal(existsSync(`${root}/album`), false);
});

plain("a deletion leaves what others put in the plain file's place", async (store, root) => {
  await store.put("k", bytesOf("ours"), {});
  Deno.removeSync(`${root}/k`);
  Deno.writeTextFileSync(`${root}/k`, "theirs");
  await store.delete([{ key: "k" }]);
  assert.equal(Deno.readTextFileSync(`${root}/k`), "theirs");
  Deno.mkdirSync(`${root}/elsewhere`);
  await store.put("link/file", bytesOf("ours"), {});
  Deno.renameSync(`${root}/link`, `${root}/moved`);
  Deno.symlinkSync(`${root}/moved`, `${root}/link`);
  await store.delete([{ key: "link/file" }]);
  assert.equal(Deno.readTextFileSync(`${root}/moved/file`), "ours", "no symlink is followed");
});

plain("a deletion removes the plain file of a key that no path holds", async (store, root) => {
  await store.put("../up//side", bytesOf("x"), {});
  assert.equal(filesBelow(`${root}/.holdfast-store/odd`).length, 1);
  await store.delete([{ key: "../up//side" }]);
  assert.deepEqual(filesBelow(`${root}/.holdfast-store/odd`), []);
});

plain("a copy shares its bytes with its source, and outlives it", async (store, root) => {
  const { versionId } = await store.put("old/name", bytesOf("bytes"), {});
  await store.copy({ key: "old/name", size: 5 }, "new/name", {});
  assert.ok(isSameFile(`${root}/old/name`, `${root}/new/name`));
  await store.delete([{ key: "old/name", versionId }]);
  assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name).sort(), [
    ".holdfast-store",
    "new",
  ]);
  assert.deepEqual(await read(store, "new/name"), bytesOf("bytes"));
  const data = filesBelow(`${root}/.holdfast-store/versions`).filter((p) => p.endsWith(".data"));
  assert.equal(data.length, 1, "the source's data file is gone");
});

plain("names swapped by copies are swapped as plain files too", async (store, root) => {
  const one = await store.put("a", bytesOf("one"), {});
  const two = await store.put("b", bytesOf("two"), {});
  await store.copy({ key: "a", versionId: one.versionId, size: 3 }, "b", {});
  await store.copy({ key: "b", versionId: two.versionId, size: 3 }, "a", {});
  assert.equal(Deno.readTextFileSync(`${root}/a`), "two");
  assert.equal(Deno.readTextFileSync(`${root}/b`), "one");
});

Deno.test("deletions side by side with puts of the same folder lose no plain file", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    for (let round = 0; round < 20; round++) {
      await store.put("shared/old", bytesOf("x"), {});
      await Promise.all([
        store.delete([{ key: "shared/old" }]),
        store.put(`shared/new${round}`, bytesOf("y"), {}),
      ]);
      assert.ok(existsSync(`${root}/shared/new${round}`));
      await store.delete([{ key: `shared/new${round}` }]);
    }
    assert.equal(existsSync(`${root}/shared`), false);
    store.close();
    assert.deepEqual(filesBelow(`${root}/.holdfast-store/pending`), []);
  });
});
