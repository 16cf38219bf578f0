import assert from "node:assert/strict";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import { freshBucketName } from "../../servers/s3_server.ts";
import { startVersitygw, type Versitygw } from "../../servers/versitygw.ts";
import { bytesOf, content, crcOf, failsWith, inParallel, listKeys, read } from "../store_probes.ts";
import { openTestStore } from "./open_store.ts";

const server = await startVersitygw();
Deno.test.afterAll(() => server?.stop());

function counting(
  sentence: string,
  check: (store: ObjectStore, spent: () => Promise<Record<string, number>>) => Promise<void>,
): void {
  Deno.test({
    name: sentence,
    ignore: server === undefined,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const bucket = freshBucketName();
      await server!.createBucket(bucket, { versioning: true });
      const before = await server!.accessLog();
      const store = openTestStore(server!, bucket, { prefix: "some/prefix" });
      try {
        await check(store, () => since(server!, before));
      } finally {
        store.close();
      }
    },
  });
}

async function since(at: Versitygw, before: Record<string, number>) {
  const counts = Object.entries(await at.accessLog())
    .map(([name, count]): [string, number] => [name, count - (before[name] ?? 0)]);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

counting("a put is exactly one request, with 32 at a time as well", async (store, spent) => {
  const keys = Array.from({ length: 200 }, (_, i) => `many/${i}`);
  await inParallel(
    keys,
    32,
    (key) => store.put(key, bytesOf(key), { metadata: { holdfast: key } }),
  );
  assert.deepEqual(await spent(), { PutObject: 200 });
  assert.deepEqual(await read(store, "many/7"), bytesOf("many/7"));
  assert.equal((await listKeys(store, "many/1")).length, 111);
  assert.deepEqual(await spent(), { PutObject: 200, GetObject: 1, ListObjectsV2: 1 });
});

counting("an upload is one request a part and two more", async (store, spent) => {
  const body = content(5 * 1024 * 1024, 1);
  const id = await store.createUpload("big", {});
  const parts = [await store.uploadPart("big", id, 1, body)];
  await store.completeUpload("big", id, parts, { crc32: crcOf(body), size: body.length });
  assert.deepEqual(await spent(), {
    CreateMultipartUpload: 1,
    UploadPart: 1,
    CompleteMultipartUpload: 1,
  });
});

counting(
  "a rename of 300 objects is a copy each and one deletion for all",
  async (store, spent) => {
    const keys = Array.from({ length: 300 }, (_, i) => `${i} %+ü`);
    await inParallel(keys, 32, (key) => store.put(`old/${key}`, bytesOf(key), {}));
    const before = await spent();
    await inParallel(keys, 32, async (key) => {
      const from = { key: `old/${key}`, size: key.length };
      await store.copy(from, `new/${key}`, { metadata: { holdfast: "moved" } });
    });
    assert.deepEqual(await store.delete(keys.map((key) => ({ key: `old/${key}` }))), []);
    assert.deepEqual(await spent(), { ...before, CopyObject: 300, DeleteObjects: 1 });
    assert.equal((await listKeys(store, "")).length, 300);
    assert.deepEqual(await read(store, `new/${keys[7]}`), bytesOf(keys[7]));
  },
);

counting("a short stream is one put, an open store is none at all", async (store, spent) => {
  assert.deepEqual(await spent(), {});
  await store.putStream("s", ReadableStream.from([bytesOf("short")]), {});
  assert.deepEqual(await spent(), { PutObject: 1 });
});

for (
  const [what, keys] of [
    ["an unknown access key", { accessKey: "nobody" }],
    ["a wrong secret key", { secretKey: "wrong" }],
  ] as const
) {
  counting(`${what} is denied at once by a real server`, async (_, spent) => {
    const store = openTestStore({ ...server!, ...keys }, freshBucketName());
    try {
      await failsWith(store.put("k", bytesOf("x"), {}), "denied");
      await failsWith(store.get("k"), "denied");
      await failsWith(store.head("k"), "denied");
      await failsWith(listKeys(store, ""), "denied");
      assert.equal((await spent()).PutObject, 2, "once the short way, once by S3Client");
    } finally {
      store.close();
    }
  });
}

counting("a bucket that is not there is gone, with the setting that names it", async () => {
  const store = openTestStore(server!, freshBucketName());
  try {
    const error = await failsWith(store.put("k", bytesOf("x"), {}), "gone");
    assert.equal(error.context.code, "NoSuchBucket");
    assert.match(error.hint!, /`repository`/);
    assert.equal((await failsWith(store.head("k"), "gone")).context.code, "NoSuchBucket");
  } finally {
    store.close();
  }
});
