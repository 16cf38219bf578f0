/** Conformance: single objects, their metadata, conditions, versions and ranges. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { isKind } from "../../src/core/error.ts";
import type { RegisterCase } from "./conformance.ts";
import { bytesOf, content, crcOf, failsWith, listAll, read, readStream } from "./store_probes.ts";

export function registerObjectCases(register: RegisterCase): void {
  roundTrips(register);
  conditions(register);
  versions(register);
}

function roundTrips(register: RegisterCase): void {
  register("what is put comes back by get, head and list", async (store) => {
    const body = content(70_000, 1);
    const before = Date.now();
    const stored = await store.put("photos/a.jpg", body, { metadata: { holdfast: "abc" } });
    const got = await store.get("photos/a.jpg");
    assert.deepEqual(await readStream(got.stream), body);
    const head = await store.head("photos/a.jpg");
    assert.ok(head);
    const { lastModified, ...rest } = head;
    assert.deepEqual(rest, {
      size: 70_000,
      etag: stored.etag,
      ...(stored.versionId === undefined ? {} : { versionId: stored.versionId }),
      storageClass: "STANDARD",
      metadata: { holdfast: "abc" },
    });
    assert.deepEqual(got.head, head);
    assert.ok(Math.abs(lastModified - before) < 120_000, "lastModified is about now, in ms");
    const [listed] = await listAll(store, "");
    assert.equal(listed.key, "photos/a.jpg");
    assert.equal(listed.size, 70_000);
    assert.equal(listed.etag, stored.etag);
    assert.equal(listed.storageClass, "STANDARD");
    assert.ok(Math.abs(listed.lastModified - before) < 120_000);
  });

  register("the ETag of a single put is the MD5 without quotes", async (store) => {
    const stored = await store.put("k", bytesOf("hello"), {});
    assert.equal(stored.etag, createHash("md5").update("hello").digest("hex"));
  });

  register("the CRC32 of a put is confirmed", async (store, holds) => {
    const body = content(5_000, 2);
    const stored = await store.put("k", body, {});
    if (holds.fullObjectCrc || stored.checksum?.startsWith("crc32:")) {
      assert.equal(stored.checksum, `crc32:${crcOf(body)}`);
    }
  });

  register("an empty object is an object", async (store) => {
    await store.put("empty", new Uint8Array(0), {});
    assert.equal((await store.head("empty"))?.size, 0);
    assert.equal((await read(store, "empty")).length, 0);
  });

  register("metadata of 2 KiB comes back as it was", async (store) => {
    const metadata = { holdfast: "A-z_0=".repeat(336) };
    await store.put("k", bytesOf("x"), { metadata });
    assert.deepEqual((await store.head("k"))?.metadata, metadata);
    assert.deepEqual(
      (await store.get("k").then((got) => (got.stream.cancel(), got.head))).metadata,
      metadata,
    );
  });

  register("a put of a key that is there replaces body and metadata", async (store) => {
    await store.put("k", bytesOf("one"), { metadata: { holdfast: "1", other: "x" } });
    await store.put("k", bytesOf("three"), { metadata: { holdfast: "2" } });
    assert.deepEqual(await read(store, "k"), bytesOf("three"));
    assert.deepEqual((await store.head("k"))?.metadata, { holdfast: "2" });
    assert.equal((await listAll(store, "")).length, 1);
  });

  register("a missing key has no head and its get is gone", async (store) => {
    assert.equal(await store.head("nothing/here"), undefined);
    await failsWith(store.get("nothing/here"), "gone");
    await failsWith(store.get("nothing/here", { range: { offset: 0, length: 1 } }), "gone");
  });

  register(
    "the storage class is recorded in head and list, or refused, or seen in the head",
    async (store, holds) => {
      const storageClass = holds.storageClass ?? "STANDARD_IA";
      try {
        await store.put("k", bytesOf("cold"), { storageClass });
      } catch (error) {
        assert.ok(isKind(error, "refused") && holds.storageClass === undefined, String(error));
        return;
      }
      const expected = holds.storageClass ?? "STANDARD";
      assert.equal((await store.head("k"))?.storageClass, expected);
      assert.equal((await listAll(store, ""))[0].storageClass, expected);
    },
  );

  register("ranges of an object come back, cut at its end", async (store) => {
    const body = content(300_000, 3);
    await store.put("k", body, {});
    const range = async (offset: number, length: number) =>
      await read(store, "k", { range: { offset, length } });
    assert.deepEqual(await range(0, 1), body.slice(0, 1));
    assert.deepEqual(await range(1_000, 200_000), body.slice(1_000, 201_000));
    assert.deepEqual(await range(299_999, 1), body.slice(299_999));
    assert.deepEqual(await range(299_990, 1_000), body.slice(299_990));
    const got = await store.get("k", { range: { offset: 10, length: 5 } });
    assert.equal(got.head.size, 300_000, "the head of a range names the size of the whole object");
    await got.stream.cancel();
  });
}

function conditions(register: RegisterCase): void {
  register(
    "if-none-match writes a new key and loses against one that is there",
    async (store, holds) => {
      await store.put("k", bytesOf("first"), { ifNoneMatch: true });
      if (!holds.conditionalPut) return;
      await failsWith(store.put("k", bytesOf("second"), { ifNoneMatch: true }), "conflict");
      assert.deepEqual(await read(store, "k"), bytesOf("first"));
    },
  );

  register("of eight racing if-none-match writers one wins", async (store, holds) => {
    if (!holds.conditionalPut) return;
    const results = await Promise.allSettled(
      Array.from(
        { length: 8 },
        (_, i) => store.put("race", bytesOf(`writer ${i}`), { ifNoneMatch: true }),
      ),
    );
    const winners = results.flatMap((result, i) => result.status === "fulfilled" ? [i] : []);
    assert.equal(winners.length, 1);
    for (const result of results) {
      if (result.status === "rejected") {
        assert.ok(isKind(result.reason, "conflict"), String(result.reason));
      }
    }
    assert.deepEqual(await read(store, "race"), bytesOf(`writer ${winners[0]}`));
  });

  register("a get with the ETag of another content does not give this content", async (store) => {
    const old = await store.put("k", bytesOf("old"), {});
    const now = await store.put("k", bytesOf("new"), {});
    await failsWith(store.get("k", { ifMatch: old.etag }), "conflict", "gone");
    assert.deepEqual(await read(store, "k", { ifMatch: now.etag }), bytesOf("new"));
  });
}

function versions(register: RegisterCase): void {
  register("older versions are read by their version ID", async (store, holds) => {
    const one = await store.put("k", bytesOf("one"), { metadata: { holdfast: "1" } });
    const two = await store.put("k", bytesOf("two!"), { metadata: { holdfast: "2" } });
    if (!holds.versions) {
      assert.equal(one.versionId, undefined);
      return;
    }
    assert.ok(one.versionId && two.versionId && one.versionId !== two.versionId);
    assert.deepEqual(await read(store, "k", { versionId: one.versionId }), bytesOf("one"));
    assert.deepEqual(await read(store, "k", { versionId: two.versionId }), bytesOf("two!"));
    assert.deepEqual(await read(store, "k"), bytesOf("two!"));
    const head = await store.head("k", { versionId: one.versionId });
    assert.equal(head?.size, 3);
    assert.equal(head?.versionId, one.versionId);
    assert.deepEqual(head?.metadata, { holdfast: "1" });
    assert.equal((await store.head("k"))?.versionId, two.versionId);
  });

  register("a version ID of another key is not found under this key", async (store, holds) => {
    if (!holds.versions) return;
    const other = await store.put("other", bytesOf("x"), {});
    await store.put("k", bytesOf("y"), {});
    assert.equal(await store.head("k", { versionId: other.versionId }), undefined);
    await failsWith(store.get("k", { versionId: other.versionId }), "gone");
  });
}
