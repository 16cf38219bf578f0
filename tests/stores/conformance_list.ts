/** Conformance: listing in byte order, page by page. */
import assert from "node:assert/strict";
import { keyBefore } from "../../src/core/mirror/key_before.ts";
import type { RegisterCase } from "./conformance.ts";
import { bytesOf, inByteOrder, inParallel, listAll, listKeys } from "./store_probes.ts";

export function registerListCases(register: RegisterCase): void {
  register("an empty store lists nothing", async (store) => {
    assert.deepEqual(await listKeys(store, ""), []);
    assert.deepEqual(await listKeys(store, "some/prefix"), []);
  });

  register("keys are listed in the order of their bytes", async (store) => {
    const keys = [
      "a!",
      "a-b",
      "a.b",
      "a/b",
      "a/b.c/d",
      "a/b0",
      "a0",
      "b",
      "é",
      "ﬀ",
      "𐀀",
      "Z",
      "a/!",
    ];
    for (const key of keys) await store.put(key, bytesOf(key), {});
    assert.deepEqual(await listKeys(store, ""), inByteOrder(keys));
  });

  register(
    "more than 1,000 objects come in pages, in order, and from any key on",
    async (store) => {
      const keys = Array.from(
        { length: 1_050 },
        (_, i) => `n/${(i * 7919) % 1_050}/${i % 3 === 0 ? "x" : "y.txt"}`,
      );
      await inParallel(keys, 32, (key) => store.put(key, bytesOf(key), {}));
      const sorted = inByteOrder(keys);
      let pages = 0;
      for await (const page of store.list("n/")) {
        assert.ok(page.length > 0 && page.length <= 1_000);
        pages++;
      }
      assert.ok(pages > 1, "1,050 objects need more than one page");
      assert.deepEqual(await listKeys(store, "n/"), sorted);
      for (const at of [0, 1, 499, 1_030, 1_049]) {
        const rest = await listKeys(store, "n/", { startAfter: sorted[at] });
        assert.deepEqual(rest, sorted.slice(at + 1), `after ${sorted[at]}`);
      }
    },
  );

  register(
    "a prefix selects, also within a name, and start-after need not be a key",
    async (store) => {
      const keys = [
        "p",
        "photo",
        "photos/1/a",
        "photos/1/b",
        "photos/10/c",
        "photos/2/d",
        "photos2",
        "q",
      ];
      for (const key of keys) await store.put(key, bytesOf(key), {});
      const check = async (prefix: string, startAfter?: string) => {
        const expected = inByteOrder(keys).filter((key) =>
          key.startsWith(prefix) && (startAfter === undefined || key > startAfter)
        );
        const found = await listKeys(store, prefix, startAfter === undefined ? {} : { startAfter });
        assert.deepEqual(found, expected, `${prefix} after ${startAfter}`);
      };
      for (
        const prefix of ["", "p", "photos", "photos/", "photos/1", "photos/1/", "photos/1/a", "x"]
      ) {
        for (
          const after of [undefined, "", "photos", "photos/1/a", "photos/1/zz", "photos/1", "zz"]
        ) {
          await check(prefix, after);
        }
      }
    },
  );

  register(
    "a list begins right before any key, whatever characters that ends in",
    async (store) => {
      const keys = inByteOrder(["a b", "a~", "aé", "a日", "a\uFFFD", "a🎈x", "a🎉", "ab"]);
      for (const key of keys) await store.put(key, bytesOf(key), {});
      for (const [at, key] of keys.entries()) {
        const startAfter = keyBefore(key, store.limits.maxKeyBytes);
        assert.deepEqual(await listKeys(store, "", { startAfter }), keys.slice(at), key);
      }
    },
  );

  register("a listed object has the size and ETag of its newest version", async (store) => {
    await store.put("k", bytesOf("one"), {});
    const newest = await store.put("k", bytesOf("newest"), {});
    const listed = await listAll(store, "");
    assert.deepEqual(listed.map(({ key, size, etag }) => ({ key, size, etag })), [
      { key: "k", size: 6, etag: newest.etag },
    ]);
  });
}
