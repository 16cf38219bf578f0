/** Conformance: keys that a store holds exactly or refuses, and never changes. */
import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import type { RegisterCase } from "./conformance.ts";
import { bytesOf, failsWith, inByteOrder, listKeys, read } from "./store_probes.ts";

/** Keys that some stores cannot hold. All are at most 1,024 bytes of UTF-8. */
export const oddKeys: readonly string[] = [
  "/leading",
  "double//slash",
  "up/../over",
  "..",
  "../outside",
  "./dot",
  "dot/.",
  "/",
  "//",
  "folder-with-content/",
  ".holdfast-store/inside",
  ".holdfast-store",
  ".HOLDFAST-STORE/case",
  `long/${"n".repeat(255)}`,
  `longer/${"n".repeat(256)}`,
  `longer/${"n".repeat(256)}/${"ü".repeat(300)}`,
  "k".repeat(1_024),
  "ä".repeat(512),
  `${"deep/".repeat(200)}leaf`,
  "nfc/\u00e9",
  "nfc/e\u0301",
  "case/Name",
  "case/name",
  "case/NAME",
  "trailing space ",
  "trailing.dot.",
  "back\\slash",
  "colon:star*question?",
  "percent%2Fnot a slash",
  "plus+equals=tilde~",
  "CON",
  "emoji/🗄️",
  "-leading-dash",
];

/** As above; XML 1.0 cannot name these, so a store behind S3's API may garble them in lists. */
export const controlKeys: readonly string[] = [
  "control/\u0001",
  "new\nline",
  "tab\there",
  "del\u007f",
];

export function registerKeyCases(register: RegisterCase): void {
  register("keys that end in a slash are objects of their own", async (store) => {
    await store.put("folder/", new Uint8Array(0), { metadata: { holdfast: "f" } });
    await store.put("folder/file", bytesOf("x"), {});
    await store.put("folder/sub/", new Uint8Array(0), {});
    assert.deepEqual(await listKeys(store, ""), ["folder/", "folder/file", "folder/sub/"]);
    assert.deepEqual(await listKeys(store, "folder/"), ["folder/", "folder/file", "folder/sub/"]);
    assert.deepEqual((await store.head("folder/"))?.metadata, { holdfast: "f" });
    assert.equal(await store.head("folder"), undefined);
    assert.equal((await read(store, "folder/sub/")).length, 0);
  });

  register(
    "keys `a` and `a/b` are held together in either order, or the second is refused",
    async (store, holds) => {
      await checkKeys(store, ["pf", "pf/x", "pf/x/y", "qf/x", "qf"], holds.nestedKeys);
    },
  );

  register("odd keys are held exactly or refused, and never changed", async (store, holds) => {
    await checkKeys(store, oddKeys, holds.oddKeys);
  });

  register(
    "control characters in keys are held exactly or refused, and never changed",
    async (store, holds) => {
      await checkKeys(store, controlKeys, holds.oddKeys);
    },
  );

  register("a key of more than 1,024 bytes is refused", async (store) => {
    const key = "k".repeat(1_025);
    assert.equal(typeof store.refusesKey(key), "string");
    await failsWith(store.put(key, bytesOf("x"), {}), "refused");
    assert.equal(store.limits.maxKeyBytes, 1_024);
  });
}

/** Puts each key, then finds exactly those that were not refused. With `all`, none may be refused. */
async function checkKeys(store: ObjectStore, keys: readonly string[], all: boolean): Promise<void> {
  const held: string[] = [];
  for (const key of keys) {
    const reason = store.refusesKey(key);
    if (reason !== undefined) {
      assert.ok(!all, `${JSON.stringify(key)} must be held, refused: ${reason}`);
      continue;
    }
    try {
      await store.put(key, bytesOf(`content of ${key}`), {});
      held.push(key);
    } catch (error) {
      assert.ok(!all && isKind(error, "refused"), `${JSON.stringify(key)}: ${error}`);
    }
  }
  assert.deepEqual(await listKeys(store, ""), inByteOrder(held));
  for (const key of held) {
    assert.deepEqual(await read(store, key), bytesOf(`content of ${key}`), JSON.stringify(key));
  }
}
