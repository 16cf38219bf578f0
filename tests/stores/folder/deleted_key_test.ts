import assert from "node:assert/strict";
import { isKind } from "../../../src/core/error.ts";
import { bytesOf, content, failsWith, read } from "../store_probes.ts";
import { fullDisk } from "./failing_disk.ts";
import { openAt, withFolder } from "./opened_folder.ts";
import { assertSwept, filesBelow } from "./store_inspection.ts";

Deno.test("of writers of two machines who create a deleted key one wins, each time", async () => {
  await withFolder(async (root) => {
    const stores = [openAt(root, { create: true }), openAt(root, { create: true })];
    for (let round = 0; round < 10; round++) {
      await stores[0].put("k", bytesOf("before"), {});
      await stores[1].delete([{ key: "k" }]);
      const results = await Promise.allSettled(
        Array.from(
          { length: 8 },
          (_, i) => stores[i % 2].put("k", bytesOf(`${round}-${i}`), { ifNoneMatch: true }),
        ),
      );
      const winners = results.flatMap(({ status }, i) => status === "fulfilled" ? [i] : []);
      assert.equal(winners.length, 1);
      assert.deepEqual(await read(stores[0], "k"), bytesOf(`${round}-${winners[0]}`));
      for (const result of results) {
        if (result.status === "rejected") assert.ok(isKind(result.reason, "conflict"));
      }
    }
    for (const store of stores) store.close();
    assertSwept(root);
  });
});

Deno.test("a full disk is disk-full for copies and deletions, and changes nothing", async () => {
  console.log("stand-in for a full disk: calls that fail with ENOSPC");
  for (let at = 1; at <= 14; at++) {
    await withFolder(async (root) => {
      const first = openAt(root, { create: true });
      await first.put("a", bytesOf("a"), {});
      await first.put("b", bytesOf("b"), {});
      first.close();
      for (const what of ["copy", "delete"] as const) {
        const store = openAt(root, { disk: fullDisk(at) });
        const before = await store.head("b") === undefined ? undefined : await read(store, "b");
        try {
          if (what === "copy") await store.copy({ key: "a", size: 1 }, "b", {});
          else await store.delete([{ key: "b" }]);
        } catch (error) {
          assert.equal((error as { kind?: string }).kind, "disk-full", String(error));
          assert.deepEqual(await read(store, "b"), before);
          assertSwept(root);
        }
        store.close();
      }
    });
  }
});

Deno.test("a folder that is not mounted any more says nothing about a key that was to be deleted", async () => {
  await withFolder(async (above) => {
    const root = `${above}/store`;
    const store = openAt(root, { create: true });
    const { versionId } = await store.put("k", bytesOf("x"), {});
    Deno.renameSync(root, `${above}/unmounted`);
    await failsWith(store.delete([{ key: "k" }]), "gone");
    await failsWith(store.delete([{ key: "k", versionId }]), "gone");
    await failsWith(store.copy({ key: "k", size: 1 }, "to", {}), "gone");
    await failsWith(store.listParts("k", "000000000-000000000000"), "gone");
    Deno.renameSync(`${above}/unmounted`, root);
    assert.deepEqual(await read(store, "k"), bytesOf("x"));
    store.close();
  });
});

Deno.test("a version whose data file is gone cannot be copied: that is damage", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    await store.put("k", content(1_000, 1), {});
    const [data] = filesBelow(`${root}/.holdfast-store/versions`).filter((p) =>
      p.endsWith(".data")
    );
    Deno.removeSync(data);
    await failsWith(store.copy({ key: "k", size: 1_000 }, "to", {}), "damage");
    assert.equal(await store.head("to"), undefined);
    store.close();
  });
});

Deno.test("a key whose record is damaged is told, the others are deleted", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true });
    for (const key of ["a", "b", "c"]) await store.put(key, bytesOf(key), {});
    const [pointer] = filesBelow(`${root}/.holdfast-store/current`).filter((p) =>
      p.endsWith("/b=")
    );
    const bytes = Deno.readFileSync(pointer);
    Deno.removeSync(pointer);
    Deno.writeTextFileSync(pointer, "torn");
    const left = await store.delete(["a", "b", "c"].map((key) => ({ key })));
    assert.deepEqual(left.map(({ object }) => object), [{ key: "b" }]);
    assert.match(left[0].reason, /damaged/);
    Deno.writeFileSync(pointer, bytes);
    assert.equal(await store.head("a"), undefined);
    assert.deepEqual(await read(store, "b"), bytesOf("b"));
    store.close();
  });
});
