/** Conformance: multipart uploads and streams of unknown length. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ObjectStore, UploadedPart } from "../../src/ports/object_store.ts";
import type { RegisterCase } from "./conformance.ts";
import { bytesOf, content, crcOf, failsWith, read, streamOf } from "./store_probes.ts";

const MIB = 1024 * 1024;

/** Three parts: two of the smallest size, a last one that is smaller. */
const bodies = [content(5 * MIB, 11), content(5 * MIB, 12), content(MIB + 1, 13)];
const whole = joined(bodies);

export function registerMultipartCases(register: RegisterCase): void {
  uploads(register);
  refusals(register);
  openUploads(register);
  streams(register);
}

function uploads(register: RegisterCase): void {
  register("parts uploaded out of order become one object in part order", async (store, holds) => {
    assert.equal(store.limits.minPart, 5 * MIB);
    const id = await store.createUpload("big/file", { metadata: { holdfast: "m" } });
    const parts = await uploadAll(store, "big/file", id, [3, 1, 2]);
    assert.equal(await store.head("big/file"), undefined, "nothing is visible before completion");
    const stored = await store.completeUpload("big/file", id, parts, sums(whole));
    assert.deepEqual(await read(store, "big/file"), whole);
    const head = await store.head("big/file");
    assert.equal(head?.size, whole.length);
    assert.equal(head?.etag, stored.etag);
    assert.equal(head?.versionId, stored.versionId);
    assert.deepEqual(head?.metadata, { holdfast: "m" });
    assert.equal(stored.etag, multipartEtag(bodies));
    if (holds.fullObjectCrc) assert.equal(stored.checksum, `crc32:${crcOf(whole)}`);
    assert.deepEqual(await store.listUploads(""), []);
  });

  register("a part that is sent again replaces the first one", async (store) => {
    const id = await store.createUpload("k", {});
    await store.uploadPart("k", id, 1, bytesOf("wrong"));
    const part = await store.uploadPart("k", id, 1, bytesOf("right"));
    await store.completeUpload("k", id, [part], sums(bytesOf("right")));
    assert.deepEqual(await read(store, "k"), bytesOf("right"));
  });

  register("a part names its size and CRC32", async (store) => {
    const id = await store.createUpload("k", {});
    const body = content(100_000, 14);
    const { etag, ...rest } = await store.uploadPart("k", id, 7, body);
    assert.deepEqual(rest, { part: 7, size: 100_000, crc32: crcOf(body) });
    assert.equal(typeof etag, "string");
    await store.abortUpload("k", id);
  });

  register("if-none-match is honoured when an upload is completed", async (store, holds) => {
    if (!holds.conditionalPut) return;
    const id = await store.createUpload("k", {});
    const part = await store.uploadPart("k", id, 1, bytesOf("late"));
    await store.put("k", bytesOf("early"), {});
    const options = { ...sums(bytesOf("late")), ifNoneMatch: true };
    await failsWith(store.completeUpload("k", id, [part], options), "conflict");
    assert.deepEqual(await read(store, "k"), bytesOf("early"));
    await store.abortUpload("k", id);
  });

  register("the storage class of an upload is that of its object", async (store, holds) => {
    if (holds.storageClass === undefined) return;
    const id = await store.createUpload("k", { storageClass: holds.storageClass });
    const part = await store.uploadPart("k", id, 1, bytesOf("cold"));
    await store.completeUpload("k", id, [part], sums(bytesOf("cold")));
    assert.equal((await store.head("k"))?.storageClass, holds.storageClass);
  });
}

function refusals(register: RegisterCase): void {
  register(
    "a completion with a wrong part checksum is refused and nothing is visible",
    async (store, holds) => {
      if (!holds.partCrc) return;
      const id = await store.createUpload("k", {});
      const part = await store.uploadPart("k", id, 1, bytesOf("part"));
      const wrong = { ...part, crc32: crcOf(bytesOf("other")) };
      const complete = store.completeUpload("k", id, [wrong], sums(bytesOf("part")));
      await failsWith(complete, "damage", "refused");
      assert.equal(await store.head("k"), undefined);
      await store.abortUpload("k", id);
    },
  );

  register(
    "a completion with a wrong checksum of the whole is refused and nothing is visible",
    async (store, holds) => {
      if (!holds.fullObjectCrc) return;
      const id = await store.createUpload("k", {});
      const part = await store.uploadPart("k", id, 1, bytesOf("part"));
      const options = { crc32: crcOf(bytesOf("other")), size: 4 };
      await failsWith(store.completeUpload("k", id, [part], options), "damage", "refused");
      assert.equal(await store.head("k"), undefined);
      await store.abortUpload("k", id);
    },
  );

  register("a completion that names a part never sent is refused", async (store) => {
    const id = await store.createUpload("k", {});
    const part = await store.uploadPart("k", id, 1, content(5 * MIB, 15));
    const absent: UploadedPart = { ...part, part: 2 };
    const options = { crc32: part.crc32, size: 10 * MIB };
    await failsWith(store.completeUpload("k", id, [part, absent], options), "refused", "damage");
    assert.equal(await store.head("k"), undefined);
    await store.abortUpload("k", id);
  });
}

function openUploads(register: RegisterCase): void {
  register("an aborted upload is gone, and aborting it again is no error", async (store, holds) => {
    const id = await store.createUpload("k", {});
    const part = await store.uploadPart("k", id, 1, bytesOf("x"));
    await store.abortUpload("k", id);
    await store.abortUpload("k", id);
    assert.deepEqual(await store.listUploads(""), []);
    const kinds = holds.goneUploads === false
      ? ["gone", "unreachable"] as const
      : ["gone"] as const;
    await failsWith(store.uploadPart("k", id, 1, bytesOf("x")), ...kinds);
    await failsWith(store.completeUpload("k", id, [part], sums(bytesOf("x"))), ...kinds);
  });

  register("open uploads are listed by prefix", async (store, holds) => {
    const ids = new Map<string, string>();
    for (const key of ["up/b", "up/a", "other/c"]) {
      ids.set(key, await store.createUpload(key, {}));
    }
    const found = async (prefix: string) =>
      (await store.listUploads(prefix)).map(({ key, uploadId }) => ({ key, uploadId }))
        .sort((a, b) => a.key < b.key ? -1 : 1);
    const expected = (keys: string[]) => keys.map((key) => ({ key, uploadId: ids.get(key) }));
    if (holds.uploadPrefix) assert.deepEqual(await found("up/"), expected(["up/a", "up/b"]));
    assert.deepEqual(await found(""), expected(["other/c", "up/a", "up/b"]));
    for (const upload of await store.listUploads("")) {
      assert.ok(Number.isFinite(upload.initiated));
      await store.abortUpload(upload.key, upload.uploadId);
    }
    assert.deepEqual(await found(""), []);
  });
}

function streams(register: RegisterCase): void {
  register(
    "a stream of unknown length becomes an object, also an empty and a long one",
    async (store) => {
      const pieces = [content(10, 21), content(MIB * 6, 22), content(70_001, 23)];
      for (
        const [key, chunks] of [["none", []], ["short", [pieces[0]]], ["long", pieces]] as const
      ) {
        const stored = await store.putStream(key, streamOf(chunks), {
          metadata: { holdfast: key },
        });
        assert.deepEqual(await read(store, key), joined(chunks));
        const head = await store.head(key);
        assert.equal(head?.etag, stored.etag);
        assert.deepEqual(head?.metadata, { holdfast: key });
      }
      assert.deepEqual(await store.listUploads(""), []);
    },
  );

  register("a stream that fails leaves neither an object nor an open upload", async (store) => {
    for (const [key, length] of [["short", 10], ["long", 11 * MIB]] as const) {
      const failing = streamOf([content(length, 24)], new Error("the source broke"));
      await failsAtAll(store.putStream(key, failing, {}));
      assert.equal(await store.head(key), undefined);
    }
    assert.deepEqual(await store.listUploads(""), []);
  });
}

async function failsAtAll(promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, /the source broke/);
}

async function uploadAll(
  store: ObjectStore,
  key: string,
  id: string,
  order: readonly number[],
): Promise<UploadedPart[]> {
  const parts: UploadedPart[] = [];
  for (const part of order) parts.push(await store.uploadPart(key, id, part, bodies[part - 1]));
  return parts.sort((a, b) => a.part - b.part);
}

function sums(body: Uint8Array): { crc32: string; size: number } {
  return { crc32: crcOf(body), size: body.length };
}

/** MD5 of the parts' MD5s, then "-" and their number. */
function multipartEtag(parts: readonly Uint8Array[]): string {
  const outer = createHash("md5");
  for (const part of parts) outer.update(createHash("md5").update(part).digest());
  return `${outer.digest("hex")}-${parts.length}`;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
