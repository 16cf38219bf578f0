/** Conformance: copies inside the store, deletions, and the parts of open uploads. */
import assert from "node:assert/strict";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import type { RegisterCase } from "./conformance.ts";
import { bytesOf, content, crcOf, failsWith, listKeys, read } from "./store_probes.ts";

const MIB = 1024 * 1024;

/** Keys that an unescaped header or query would break. */
const awkward = [
  "with space",
  "100%",
  "%41",
  "a+b",
  "q?v=1&x=y",
  "grüße/写真 😀",
  "it's (here)!*;,:@$=~#[x]",
];

export function registerCopyDeleteCases(register: RegisterCase): void {
  copies(register);
  copiesInParts(register);
  deletions(register);
  deletedVersions(register);
  listedParts(register);
}

function copies(register: RegisterCase): void {
  register("a copy has the bytes and not the metadata of its source", async (store) => {
    const body = content(70_000, 41);
    const source = await store.put("from", body, { metadata: { holdfast: "old", more: "x" } });
    const from = { key: "from", ifMatch: source.etag, size: body.length };
    const copy = await store.copy(from, "deep/to", { metadata: { holdfast: "new" } });
    assert.deepEqual(await read(store, "deep/to"), body);
    const head = await store.head("deep/to");
    assert.deepEqual(head?.metadata, { holdfast: "new" });
    assert.equal(head?.size, body.length);
    assert.equal(head?.etag, copy.etag);
    assert.equal(head?.versionId, copy.versionId);
    assert.deepEqual((await store.head("from"))?.metadata, { holdfast: "old", more: "x" });
    if (copy.checksum !== undefined) assert.equal(copy.checksum, `crc32:${crcOf(body)}`);
    assert.deepEqual(await listKeys(store, ""), ["deep/to", "from"]);
  });

  register("a copy onto itself replaces the metadata only", async (store, holds) => {
    const old = await store.put("k", bytesOf("bytes"), { metadata: { holdfast: "1" } });
    await store.copy({ key: "k", ifMatch: old.etag, size: 5 }, "k", {
      metadata: { holdfast: "2" },
    });
    assert.deepEqual(await read(store, "k"), bytesOf("bytes"));
    assert.deepEqual((await store.head("k"))?.metadata, { holdfast: "2" });
    if (!holds.versions || holds.versionsOfSelfCopy === false) return;
    const former = await store.head("k", { versionId: old.versionId });
    assert.deepEqual(former?.metadata, { holdfast: "1" });
  });

  register("a copy replaces what was at its key", async (store) => {
    await store.put("from", bytesOf("new"), {});
    await store.put("to", bytesOf("former"), { metadata: { holdfast: "1" } });
    await store.copy({ key: "from", size: 3 }, "to", {});
    assert.deepEqual(await read(store, "to"), bytesOf("new"));
    assert.deepEqual((await store.head("to"))?.metadata, {});
  });

  register("the storage class of a copy is the one asked for", async (store, holds) => {
    if (holds.storageClass === undefined) return;
    await store.put("from", bytesOf("x"), {});
    await store.copy({ key: "from", size: 1 }, "to", { storageClass: holds.storageClass });
    assert.equal((await store.head("to"))?.storageClass, holds.storageClass);
    assert.equal((await store.head("from"))?.storageClass, "STANDARD");
  });

  register("a copy of another content than meant is a conflict", async (store, holds) => {
    if (holds.copyIfMatch === false) return;
    const old = await store.put("from", bytesOf("old"), {});
    const now = await store.put("from", bytesOf("now"), {});
    const stale = { key: "from", ifMatch: old.etag, size: 3 };
    await failsWith(store.copy(stale, "to", {}), "conflict");
    assert.equal(await store.head("to"), undefined);
    await store.copy({ ...stale, ifMatch: now.etag }, "to", {});
    assert.deepEqual(await read(store, "to"), bytesOf("now"));
  });

  register("a copy of what is not there is gone", async (store, holds) => {
    await failsWith(store.copy({ key: "nothing/here", size: 3 }, "to", {}), "gone");
    if (holds.copiesDeleted) return;
    await store.put("deleted", bytesOf("x"), {});
    await store.delete([{ key: "deleted" }]);
    await failsWith(store.copy({ key: "deleted", size: 1 }, "to", {}), "gone");
    assert.equal(await store.head("to"), undefined);
  });

  register("an older version can be copied, also over a newer one", async (store, holds) => {
    if (!holds.versions) return;
    const one = await store.put("k", bytesOf("one"), {});
    await store.put("k", bytesOf("two"), {});
    await store.delete([{ key: "k" }]);
    const from = { key: "k", versionId: one.versionId, ifMatch: one.etag, size: 3 };
    await store.copy(from, "other", {});
    await store.copy(from, "k", { metadata: { holdfast: "back" } });
    assert.deepEqual(await read(store, "other"), bytesOf("one"));
    assert.deepEqual(await read(store, "k"), bytesOf("one"));
  });

  register("awkward keys are copied from and to, and deleted", async (store, holds) => {
    const keys = [...awkward, ...(holds.exactCopySource === false ? [] : ["q?versionId=1"])];
    await store.put("plain", bytesOf("plain"), {});
    for (const [i, key] of keys.entries()) {
      await store.put(key, bytesOf(`body ${i}`), {});
      await store.copy({ key, size: 6 }, `from ${i}`, {});
      assert.deepEqual(await read(store, `from ${i}`), bytesOf(`body ${i}`), key);
      await store.copy({ key: "plain", size: 5 }, key, { metadata: { holdfast: "m" } });
      assert.deepEqual(await read(store, key), bytesOf("plain"), key);
    }
    assert.deepEqual(await store.delete(keys.map((key) => ({ key }))), []);
    const left = ["plain", ...keys.map((_, i) => `from ${i}`)];
    assert.deepEqual(await listKeys(store, ""), left.sort());
  });
}

function copiesInParts(register: RegisterCase): void {
  register("a large object is copied in parts, or not at all", async (store, holds) => {
    const body = content(11 * MIB + 5, 42);
    const source = await store.put("from", body, { metadata: { holdfast: "old" } });
    const from = { key: "from", ifMatch: source.etag, size: body.length };
    const copy = await store.copy(from, "to", {
      metadata: { holdfast: "new" },
      ...(holds.storageClass === undefined ? {} : { storageClass: holds.storageClass }),
    });
    if (holds.storageClass === undefined) assert.deepEqual(await read(store, "to"), body);
    const head = await store.head("to");
    assert.equal(head?.size, body.length);
    assert.equal(head?.etag, copy.etag);
    assert.equal(head?.versionId, copy.versionId);
    assert.deepEqual(head?.metadata, { holdfast: "new" });
    assert.equal(head?.storageClass, holds.storageClass ?? "STANDARD");
    if (copy.checksum !== undefined) assert.equal(copy.checksum, `crc32:${crcOf(body)}`);

    if (holds.copyIfMatch !== false) {
      const stale = { ...from, ifMatch: "0".repeat(32) };
      await failsWith(store.copy(stale, "stale", {}), "conflict");
    }
    await failsWith(store.copy({ ...from, key: "missing" }, "none", {}), "gone");
    assert.deepEqual(await listKeys(store, ""), ["from", "to"]);
    assert.deepEqual(await store.listUploads(""), []);
  });
}

function deletions(register: RegisterCase): void {
  register("what is deleted is absent, what was not there is no error", async (store) => {
    const keys = Array.from({ length: 40 }, (_, i) => `folder/${String(i).padStart(2, "0")}`);
    await Promise.all(keys.map((key) => store.put(key, bytesOf(key), {})));
    await store.put("kept", bytesOf("kept"), {});
    const gone = [...keys, "never", "folder/never/there"].map((key) => ({ key }));
    assert.deepEqual(await store.delete(gone), []);
    assert.deepEqual(await listKeys(store, ""), ["kept"]);
    assert.equal(await store.head(keys[3]), undefined);
    await failsWith(store.get(keys[3]), "gone");
    assert.deepEqual(await store.delete(gone), [], "a second time as well");
    assert.deepEqual(await store.delete([]), []);
    assert.deepEqual(await read(store, "kept"), bytesOf("kept"));
  });

  register("a deleted key can be written again, also with a condition", async (store, holds) => {
    await store.put("k", bytesOf("one"), { metadata: { holdfast: "1" } });
    await store.delete([{ key: "k" }]);
    await store.put("k", bytesOf("two"), {});
    assert.deepEqual(await read(store, "k"), bytesOf("two"));
    assert.deepEqual((await store.head("k"))?.metadata, {});
    await store.delete([{ key: "k" }]);
    if (holds.createsDeleted === false) return;
    await store.put("k", bytesOf("three"), { ifNoneMatch: true });
    assert.deepEqual(await read(store, "k"), bytesOf("three"));
    assert.deepEqual(await listKeys(store, ""), ["k"]);
    if (!holds.conditionalPut) return;
    await failsWith(store.put("k", bytesOf("four"), { ifNoneMatch: true }), "conflict");
  });

  register("of eight who write a deleted key by if-none-match one wins", async (store, holds) => {
    if (!holds.conditionalPut || holds.createsDeleted === false) return;
    await store.put("race", bytesOf("before"), {});
    await store.delete([{ key: "race" }]);
    const results = await Promise.allSettled(
      Array.from(
        { length: 8 },
        (_, i) => store.put("race", bytesOf(`${i}`), { ifNoneMatch: true }),
      ),
    );
    const winners = results.flatMap((result, i) => result.status === "fulfilled" ? [i] : []);
    assert.equal(winners.length, 1);
    assert.deepEqual(await read(store, "race"), bytesOf(`${winners[0]}`));
  });
}

function deletedVersions(register: RegisterCase): void {
  register("the versions of a deleted key stay readable", async (store, holds) => {
    if (!holds.versions) return;
    const versions = await twoVersions(store);
    await store.delete([{ key: "k" }]);
    await checkVersions(store, versions);
    await store.put("k", bytesOf("3"), {});
    await checkVersions(store, versions);
  });

  register("a version that is deleted is gone, the others stay", async (store, holds) => {
    if (!holds.versions) return;
    const [one, two] = await twoVersions(store);
    const neighbour = await store.put("other", bytesOf("x"), {});
    const objects = [{ key: "k", versionId: one.versionId }];
    assert.deepEqual(await store.delete(objects), []);
    await isGone(store, "k", one.versionId);
    await checkVersions(store, [two]);
    assert.deepEqual(await read(store, "k"), bytesOf(two.body), "the current one is as it was");
    assert.deepEqual(await store.delete(objects), [], "a second time is no error");
    // Each key has its own versions.
    await store.delete([{ key: "k", versionId: neighbour.versionId }]);
    assert.deepEqual(await read(store, "other"), bytesOf("x"));
  });

  register("a key without versions is absent", async (store, holds) => {
    if (!holds.versions) return;
    const [one, two] = await twoVersions(store);
    const versions = [one, two].map(({ versionId }) => ({ key: "k", versionId }));
    assert.deepEqual(await store.delete(versions), []);
    assert.equal(await store.head("k"), undefined);
    await failsWith(store.get("k"), "gone");
    assert.deepEqual(await listKeys(store, ""), []);
    await isGone(store, "k", two.versionId);
    await store.put("k", bytesOf("again"), { ifNoneMatch: true });
    assert.deepEqual(await read(store, "k"), bytesOf("again"));
  });
}

interface Version {
  readonly versionId: string;
  readonly body: string;
}

async function twoVersions(store: ObjectStore): Promise<[Version, Version]> {
  const make = async (body: string): Promise<Version> => ({
    versionId: (await store.put("k", bytesOf(body), {})).versionId!,
    body,
  });
  return [await make("one"), await make("two")];
}

async function checkVersions(store: ObjectStore, versions: readonly Version[]): Promise<void> {
  for (const { versionId, body } of versions) {
    assert.deepEqual(await read(store, "k", { versionId }), bytesOf(body));
    assert.equal((await store.head("k", { versionId }))?.versionId, versionId);
  }
}

async function isGone(store: ObjectStore, key: string, versionId: string) {
  assert.equal(await store.head(key, { versionId }), undefined);
  await failsWith(store.get(key, { versionId }), "gone");
}

function listedParts(register: RegisterCase): void {
  register("an open upload lists its parts by number", async (store, holds) => {
    const started = Date.now();
    const id = await store.createUpload("up/k?x", { metadata: { holdfast: "m" } });
    assert.deepEqual(await store.listParts("up/k?x", id), []);
    const bodies = [content(5 * MIB, 43), content(300, 44)];
    const second = await store.uploadPart("up/k?x", id, 2, bodies[1]);
    const first = await store.uploadPart("up/k?x", id, 1, bodies[0]);
    const listed = await store.listParts("up/k?x", id);
    assert.deepEqual(
      listed?.map(({ part, etag, size }) => ({ part, etag, size })),
      [first, second].map(({ part, etag, size }) => ({ part, etag, size })),
    );
    for (const [i, { crc32 }] of listed!.entries()) {
      if (holds.listsPartCrc !== false) assert.equal(crc32, crcOf(bodies[i]));
    }
    const [upload] = await store.listUploads("");
    assert.equal(upload.uploadId, id);
    if (holds.initiated !== false) assert.ok(Math.abs(upload.initiated - started) < 120_000);
    const body = new Uint8Array([...bodies[0], ...bodies[1]]);
    const sums = { crc32: crcOf(body), size: body.length };
    const parts = listed!.map((part, i) => ({ ...part, crc32: crcOf(bodies[i]) }));
    await store.completeUpload("up/k?x", id, parts, sums);
    assert.equal((await store.head("up/k?x"))?.size, body.length, "the listed parts complete it");
    assert.equal(await store.listParts("up/k?x", id), undefined);
  });

  register("an upload that is not there has no parts to list", async (store) => {
    const id = await store.createUpload("k", {});
    await store.uploadPart("k", id, 1, bytesOf("x"));
    await store.abortUpload("k", id);
    assert.equal(await store.listParts("k", id), undefined);
  });
}
