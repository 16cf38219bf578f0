import assert from "node:assert/strict";
import { probeStore } from "../../../src/app/probe_store.ts";
import type { ObjectStore, StoreFeatures } from "../../../src/ports/object_store.ts";
import type { S3StoreOptions } from "../../../src/stores/s3/options.ts";
import { startMoto } from "../../servers/moto.ts";
import { freshBucketName } from "../../servers/s3_server.ts";
import { startVersitygw } from "../../servers/versitygw.ts";
import { bytesOf, content, crcOf, failsWith } from "../store_probes.ts";
import { openTestStore } from "./open_store.ts";

const servers = [
  { name: "moto", server: await startMoto() },
  { name: "versitygw", server: await startVersitygw() },
];
Deno.test.afterAll(async () => {
  for (const { server } of servers) await server?.stop();
});

const DAY = 86_400_000;
const lock = { mode: "governance", ms: 30 * DAY } as const;

interface Place {
  readonly open: (options?: Partial<S3StoreOptions>) => ObjectStore;
  readonly plain: string;
  /**
   * moto forgets the lock of an upload in parts, refuses that of a copy for the want of a checksum
   * that CopyObject does not have, and fails where a key to be locked is not there.
   */
  readonly isMoto: boolean;
}

/** On both servers: a bucket with Object Lock, and the name of one without. */
function onServers(name: string, use: (place: Place) => Promise<void>): void {
  for (const { name: where, server } of servers) {
    Deno.test({
      name: `${where}: ${name}`,
      ignore: server === undefined,
      sanitizeOps: false,
      sanitizeResources: false,
      fn: async () => {
        const [locked, plain] = [freshBucketName(), freshBucketName()];
        await server!.createBucket(locked, { lock: true });
        await server!.createBucket(plain, { versioning: true });
        const open = (options: Partial<S3StoreOptions> = {}) => {
          const { bucket = locked, ...rest } = options;
          return openTestStore(server!, bucket, rest);
        };
        await use({ open, plain, isMoto: where === "moto" });
      },
    });
  }
}

async function assertLocked(
  store: ObjectStore,
  key: string,
  versionId: string | undefined,
): Promise<void> {
  const found = await store.lockOf!({ key, versionId: versionId! });
  assert.equal(found?.mode, "governance", key);
  const left = found!.until - Date.now();
  assert.ok(left > lock.ms - 60_000 && left <= lock.ms + 1000, `${key}: ${left}`);
}

onServers("whatever way an object is put, it is put with its lock", async ({ open, isMoto }) => {
  for (const puts of ["auto", "always-client"] as const) {
    const store = open({ lock, puts });
    const one = await store.put(`${puts}/one`, bytesOf("one"), {});
    await assertLocked(store, `${puts}/one`, one.versionId);

    const body = content(1000, 3);
    const upload = await store.createUpload(`${puts}/parts`, {});
    const part = await store.uploadPart(`${puts}/parts`, upload, 1, body);
    const whole = { crc32: crcOf(body), size: body.length };
    const parts = await store.completeUpload(`${puts}/parts`, upload, [part], whole);
    if (!isMoto) await assertLocked(store, `${puts}/parts`, parts.versionId);

    if (isMoto) {
      store.close();
      continue;
    }
    const source = { key: `${puts}/one`, size: 3 };
    const copy = await store.copy(source, `${puts}/copy`, { metadata: { a: "b" } });
    await assertLocked(store, `${puts}/copy`, copy.versionId);

    const stream = new Blob([content(2000, 4)]).stream();
    const streamed = await store.putStream(`${puts}/stream`, stream, {});
    await assertLocked(store, `${puts}/stream`, streamed.versionId);
    store.close();
  }
});

onServers("a locked version is not deleted, and the refusal says why", async ({ open }) => {
  const store = open({ lock });
  const { versionId } = await store.put("kept", bytesOf("kept"), {});
  const [refused, ...others] = await store.delete([{ key: "kept", versionId: versionId! }]);
  assert.deepEqual(others, []);
  assert.equal(refused.object.key, "kept");
  assert.match(refused.reason, /^its lock \(S3 Object Lock\) has not ended/);
  // Without a version it is only hidden.
  assert.deepEqual(await store.delete([{ key: "kept" }]), []);
  assert.equal((await store.head("kept", { versionId: versionId! }))?.size, 4);
  store.close();
});

onServers("a lock is made longer", async ({ open, isMoto }) => {
  const store = open({ lock });
  const { versionId } = await store.put("kept", bytesOf("kept"), {});
  const until = Math.ceil((Date.now() + 60 * DAY) / 1000) * 1000;
  const object = { key: "kept", versionId: versionId! };
  await store.extendLock!(object, { mode: "governance", until });
  assert.deepEqual(await store.lockOf!(object), { mode: "governance", until });
  const missing = { key: "none" };
  if (!isMoto) await failsWith(store.extendLock!(missing, { mode: "governance", until }), "gone");
  store.close();
});

onServers("what was put without a lock has none", async ({ open, plain }) => {
  const store = open();
  await store.put("free", bytesOf("free"), {});
  assert.equal(await store.lockOf!({ key: "free" }), undefined);
  store.close();
  const other = open({ bucket: plain });
  await other.put("free", bytesOf("free"), {});
  assert.equal(await other.lockOf!({ key: "free" }), undefined);
  await failsWith(other.lockOf!({ key: "none" }), "gone");
  other.close();
});

onServers("a probe finds out whether a bucket has Object Lock", async ({ open, plain }) => {
  const probe = (bucket: Partial<S3StoreOptions>, lockUntil: number) =>
    probeStore((features: StoreFeatures) => open({ ...bucket, lock, features }), {
      ...{ folder: ".holdfast/probe/1/", encryption: false },
      lockUntil,
    });
  const soon = Date.now() + 5000;
  assert.deepEqual((await probe({}, soon)).lock, { works: true });
  const { lock: lacking } = await probe({ bucket: plain }, soon);
  assert.match(lacking?.works === false ? lacking.reason : "", /^the store locks no object/);
  // The probe's other objects are nobody's to keep.
  const store = open();
  for await (const page of store.list(".holdfast/probe/")) {
    for (const { key } of page.filter(({ key }) => !key.endsWith("/lock"))) {
      assert.equal(await store.lockOf!({ key }), undefined, key);
    }
  }
  store.close();
});
