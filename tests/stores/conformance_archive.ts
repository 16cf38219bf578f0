/** Conformance: objects in archive classes, before, while and after they are warmed up. */
import assert from "node:assert/strict";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import type { Holds, RegisterCase } from "./conformance.ts";
import { bytesOf, failsWith, listAll, read } from "./store_probes.ts";

/** What is different in a store that does not do all as S3 does. */
export interface ArchiveHolds {
  /** Lets the request that is under way for this key come to its end. */
  warm(store: ObjectStore, key: string): Promise<void>;
  /** Lets the restored copies expire; absent where they never do (moto). */
  readonly expire?: () => Promise<void>;
  /** Says 409 to a second request while the first is under way (moto: 200). */
  readonly saysUnderWay: boolean;
  /** Refuses Expedited on DEEP_ARCHIVE and days below 1. */
  readonly refusesBadRequests: boolean;
  /** Tells RestoreStatus in lists. */
  readonly listsStatus: boolean;
  /** Warms up the version that is asked for (moto: always the current one). */
  readonly restoresVersions: boolean;
}

const DAY = 86_400_000;
/** moto says the second of a copy. */
const archivedCodes = ["InvalidObjectState", "ObjectNotInActiveTierError"];

type ArchiveCase = (store: ObjectStore, archive: ArchiveHolds, holds: Holds) => Promise<void>;

export function registerArchiveCases(register: RegisterCase): void {
  register("a store without archive classes refuses to warm up", async (store, holds) => {
    if (holds.archive !== undefined) return;
    await store.put("k", bytesOf("x"), {});
    const error = await failsWith(store.requestRestore({ key: "k" }, bulk), "refused");
    assert.equal(error.context.code, "NotImplemented");
  });

  const archived = (sentence: string, check: ArchiveCase) =>
    register(sentence, async (store, holds) => {
      if (holds.archive !== undefined) await check(store, holds.archive, holds);
    });
  coldObjects(archived);
  requests(archived);
  refusals(archived);
}

const bulk = { tier: "Bulk", days: 7 } as const;

async function isArchived(promise: Promise<unknown>): Promise<void> {
  const { context } = await failsWith(promise, "refused");
  assert.ok(archivedCodes.includes(String(context.code)), String(context.code));
}

function coldObjects(archived: (sentence: string, check: ArchiveCase) => void): void {
  archived(
    "a cold object is neither read nor copied, and is looked at and listed",
    async (store) => {
      for (const storageClass of ["GLACIER", "DEEP_ARCHIVE"]) {
        const metadata = { holdfast: "m" };
        const stored = await store.put("cold", bytesOf("bytes"), { storageClass, metadata });
        await isArchived(store.get("cold"));
        await isArchived(store.get("cold", { range: { offset: 1, length: 2 } }));
        await isArchived(store.copy({ key: "cold", size: 5 }, "to", {}));
        const head = await store.head("cold");
        assert.deepEqual(head?.metadata, metadata);
        assert.equal(head?.size, 5);
        assert.equal(head?.storageClass, storageClass);
        assert.equal(head?.restore, undefined);
        const [listed, ...more] = await listAll(store, "", { restoreStatus: true });
        assert.deepEqual(more, [], "nothing was copied");
        assert.equal(listed.etag, stored.etag);
        assert.equal(listed.restore ?? undefined, undefined, "none, or nobody knows");
      }
    },
  );

  archived("GLACIER_IR is read and copied at once", async (store) => {
    await store.put("k", bytesOf("bytes"), { storageClass: "GLACIER_IR" });
    assert.deepEqual(await read(store, "k"), bytesOf("bytes"));
    await store.copy({ key: "k", size: 5 }, "to", {});
    assert.deepEqual(await read(store, "to"), bytesOf("bytes"));
  });

  archived("a cold object is overwritten and deleted as any other", async (store, _, holds) => {
    await store.put("k", bytesOf("cold"), { storageClass: "DEEP_ARCHIVE" });
    const cold = await store.head("k");
    await store.put("k", bytesOf("now"), {});
    assert.deepEqual(await read(store, "k"), bytesOf("now"));
    await store.put("gone", bytesOf("cold"), { storageClass: "GLACIER" });
    assert.deepEqual(await store.delete([{ key: "gone" }]), []);
    assert.equal(await store.head("gone"), undefined);
    if (!holds.versions) return;
    await isArchived(store.get("k", { versionId: cold?.versionId }));
    assert.deepEqual(await store.delete([{ key: "k", versionId: cold?.versionId }]), []);
    assert.deepEqual(await read(store, "k"), bytesOf("now"));
  });
}

function requests(archived: (sentence: string, check: ArchiveCase) => void): void {
  archived(
    "a request makes an object warming, then warm until a midnight",
    async (store, archive) => {
      const body = bytesOf("bytes");
      await store.put("k", body, { storageClass: "GLACIER", metadata: { holdfast: "m" } });
      await store.put("other", body, { storageClass: "GLACIER" });
      assert.equal(await store.requestRestore({ key: "k" }, bulk), "accepted");
      await isArchived(store.get("k"));
      assert.deepEqual((await store.head("k"))?.restore, { kind: "warming" });
      await archive.warm(store, "k");

      const head = await store.head("k");
      assert.equal(head?.restore?.kind, "warm");
      const expiry = head.restore.kind === "warm" ? head.restore.expiry : 0;
      assert.ok(expiry > Date.now() + 6 * DAY, `${expiry} is days away`);
      assert.equal(head.storageClass, "GLACIER");
      assert.deepEqual(await read(store, "k"), body);
      assert.deepEqual(await read(store, "k", { range: { offset: 1, length: 2 } }), bytesOf("yt"));
      assert.deepEqual((await store.get("k").then(cancelled)).restore, head.restore);
      await store.copy({ key: "k", size: 5 }, "to", {});
      assert.deepEqual(await read(store, "to"), body);
      await isArchived(store.get("other"));

      if (archive.expire === undefined) return;
      assert.equal(expiry % DAY, 0, "midnight UTC");
      await archive.expire();
      assert.equal((await store.head("k"))?.restore, undefined);
      await isArchived(store.get("k"));
      assert.deepEqual(await read(store, "to"), body, "a copy in STANDARD stays");
      assert.equal(await store.requestRestore({ key: "k" }, bulk), "accepted", "again, from cold");
    },
  );

  archived(
    "lists tell what is warming and warm where that is asked for",
    async (store, archive) => {
      if (!archive.listsStatus) return;
      for (const key of ["a", "b", "c"]) {
        await store.put(key, bytesOf(key), { storageClass: "DEEP_ARCHIVE" });
      }
      await store.put("d", bytesOf("d"), {});
      await store.requestRestore({ key: "b" }, { ...bulk, tier: "Standard" });
      await archive.warm(store, "b");
      await store.requestRestore({ key: "c" }, bulk);
      const kinds = async (restoreStatus: boolean) =>
        (await listAll(store, "", { restoreStatus })).map(({ restore }) => restore?.kind);
      assert.deepEqual(await kinds(true), [undefined, "warm", "warming", undefined]);
      assert.deepEqual(await kinds(false), [undefined, undefined, undefined, undefined]);
      const [, warm] = await listAll(store, "", { restoreStatus: true });
      assert.deepEqual(warm.restore, (await store.head("b"))?.restore);
    },
  );

  archived("a request while one is under way pays nothing", async (store, archive) => {
    if (!archive.saysUnderWay) return;
    await store.put("k", bytesOf("x"), { storageClass: "DEEP_ARCHIVE" });
    const standard = { tier: "Standard", days: 7 } as const;
    assert.equal(await store.requestRestore({ key: "k" }, standard), "accepted");
    assert.equal(await store.requestRestore({ key: "k" }, standard), "under way");
    assert.equal(await store.requestRestore({ key: "k" }, bulk), "under way");
  });

  archived("a request on a warm object is about its days", async (store, archive) => {
    await store.put("k", bytesOf("x"), { storageClass: "GLACIER" });
    await store.requestRestore({ key: "k" }, { tier: "Standard", days: 1 });
    await archive.warm(store, "k");
    assert.equal(await store.requestRestore({ key: "k" }, { ...bulk, days: 30 }), "extended");
    const restore = (await store.head("k"))?.restore;
    assert.ok(restore?.kind === "warm" && restore.expiry > Date.now() + 29 * DAY);
    assert.deepEqual(await read(store, "k"), bytesOf("x"));
  });

  archived("a version that is not the current one is warmed up by its ID", async (
    store,
    archive,
    holds,
  ) => {
    if (!holds.versions || !archive.restoresVersions) return;
    const old = await store.put("k", bytesOf("old"), { storageClass: "GLACIER" });
    await store.put("k", bytesOf("new"), { storageClass: "GLACIER" });
    const { versionId } = old;
    assert.equal(await store.requestRestore({ key: "k", versionId }, bulk), "accepted");
    assert.equal((await store.head("k", { versionId }))?.restore?.kind, "warming");
    await isArchived(store.get("k"));
    await archive.warm(store, "k");
    assert.deepEqual(await read(store, "k", { versionId }), bytesOf("old"));
    assert.equal((await store.head("k"))?.restore, undefined);
    await isArchived(store.get("k"));
  });
}

function refusals(archived: (sentence: string, check: ArchiveCase) => void): void {
  archived("what is not there is gone, what is not archived is refused", async (store) => {
    await failsWith(store.requestRestore({ key: "nothing" }, bulk), "gone");
    for (const storageClass of ["STANDARD", "GLACIER_IR"]) {
      await store.put("k", bytesOf("x"), { storageClass });
      const error = await failsWith(store.requestRestore({ key: "k" }, bulk), "refused");
      assert.equal(error.context.code, "InvalidObjectState");
    }
  });

  archived("no Expedited tier for DEEP_ARCHIVE, and no days below 1", async (store, archive) => {
    if (!archive.refusesBadRequests) return;
    await store.put("k", bytesOf("x"), { storageClass: "DEEP_ARCHIVE" });
    for (const request of [{ ...bulk, tier: "Expedited" }, { ...bulk, days: 0 }] as const) {
      const error = await failsWith(store.requestRestore({ key: "k" }, request), "refused");
      assert.equal(error.context.code, "InvalidArgument");
    }
    assert.equal((await store.head("k"))?.restore, undefined);
  });
}

async function cancelled({ stream, head }: Awaited<ReturnType<ObjectStore["get"]>>) {
  await stream.cancel();
  return head;
}
