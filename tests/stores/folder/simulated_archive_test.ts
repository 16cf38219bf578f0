import assert from "node:assert/strict";
import type { ObjectStore, RestoreRequest } from "../../../src/ports/object_store.ts";
import { bytesOf, failsWith, listAll, read } from "../store_probes.ts";
import { fullDisk, stoppingDisk } from "./failing_disk.ts";
import { openAt, withFolder } from "./opened_folder.ts";
import { answersKept, requestFiles, setSimulatedClock } from "./simulated_clock.ts";
import { assertSwept } from "./store_inspection.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const start = Date.UTC(2026, 11, 1, 10, 30);
const warmUp = 10 * HOUR;

/** At `hours` after 1 December 2026, 10:30 UTC. */
function setHours(root: string, hours: number): void {
  setSimulatedClock(root, new Date(start + hours * HOUR).toISOString());
}

async function withArchive(
  check: (root: string, store: ObjectStore) => Promise<void>,
): Promise<void> {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true, warmUp });
    await store.put("deep", bytesOf("deep"), { storageClass: "DEEP_ARCHIVE" });
    await store.put("glacier", bytesOf("glacier"), { storageClass: "GLACIER" });
    setHours(root, 0);
    await check(root, store);
    store.close();
  });
}

async function stateOf(store: ObjectStore, key: string): Promise<string> {
  return (await store.head(key))?.restore?.kind ?? "cold";
}

Deno.test("the clock file decides when an object is warm and when its copy has expired", async () => {
  await withArchive(async (root, store) => {
    assert.equal(
      await store.requestRestore({ key: "deep" }, { tier: "Bulk", days: 7 }),
      "accepted",
    );
    setHours(root, 19.99);
    assert.equal(await stateOf(store, "deep"), "warming");
    await failsWith(store.get("deep"), "refused");
    setHours(root, 20);
    const expiry = Date.UTC(2026, 11, 10);
    assert.deepEqual((await store.head("deep"))?.restore, { kind: "warm", expiry });
    assert.deepEqual(await read(store, "deep"), bytesOf("deep"));
    setHours(root, (expiry - start) / HOUR - 0.01);
    assert.deepEqual(await read(store, "deep"), bytesOf("deep"));
    setHours(root, (expiry - start) / HOUR);
    assert.equal(await stateOf(store, "deep"), "cold");
    await failsWith(store.get("deep"), "refused");
  });
});

Deno.test("without a clock file the time is real", async () => {
  await withFolder(async (root) => {
    const store = openAt(root, { create: true, warmUp: 1_000 });
    await store.put("k", bytesOf("x"), { storageClass: "GLACIER" });
    const asked = Date.now();
    await store.requestRestore({ key: "k" }, { tier: "Expedited", days: 1 });
    while (await stateOf(store, "k") === "warming") {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.ok(Date.now() - asked >= 100, "a tenth of warm_up");
    assert.ok(Date.now() - asked < 900, "not the time of another tier");
    store.close();
  });
});

Deno.test("a faster tier upgrades a request, a slower one does not slow it down", async () => {
  await withArchive(async (root, store) => {
    const ask = (tier: RestoreRequest["tier"]) =>
      store.requestRestore({ key: "glacier" }, { tier, days: 3 });
    assert.equal(await ask("Standard"), "accepted");
    setHours(root, 1);
    assert.equal(await ask("Bulk"), "under way");
    assert.equal(await ask("Standard"), "under way");
    assert.equal(await ask("Expedited"), "accepted");
    assert.equal(await ask("Expedited"), "under way");
    assert.deepEqual(answersKept(root), [
      ...["accepted", "under way", "under way", "accepted", "under way"],
    ]);
    setHours(root, 2);
    assert.deepEqual(await read(store, "glacier"), bytesOf("glacier"));
  });
});

Deno.test("another process, and one that only reads, sees what was requested", async () => {
  await withArchive(async (root, store) => {
    await store.requestRestore({ key: "deep" }, { tier: "Standard", days: 1 });
    store.close();
    const restarted = openAt(root, { warmUp });
    assert.equal(await stateOf(restarted, "deep"), "warming");
    const again = restarted.requestRestore({ key: "deep" }, { tier: "Standard", days: 1 });
    assert.equal(await again, "under way");
    setHours(root, 10);
    assert.deepEqual(await read(openAt(root, { warmUp }), "deep"), bytesOf("deep"));
    const listed = await listAll(restarted, "", { restoreStatus: true });
    assert.deepEqual(listed.map(({ restore }) => restore?.kind), ["warm", undefined]);
    restarted.close();
  });
});

Deno.test("of many processes that request one object, one is told that it did", async () => {
  await withArchive(async (root) => {
    const stores = Array.from({ length: 8 }, () => openAt(root, { warmUp }));
    const answers = await Promise.all(
      stores.flatMap((store) =>
        ["deep", "deep", "glacier"].map(async (key) => ({
          key,
          answer: await store.requestRestore({ key }, { tier: "Bulk", days: 1 }),
        }))
      ),
    );
    const accepted = answers.filter(({ answer }) => answer === "accepted").map(({ key }) => key);
    assert.deepEqual(accepted.sort(), ["deep", "glacier"]);
    assert.deepEqual(answersKept(root).sort(), answers.map(({ answer }) => answer).sort());
    for (const store of stores) store.close();
    assertSwept(root);
  });
});

Deno.test("without warm_up everything is readable, and nothing is known of requests", async () => {
  await withArchive(async (root, store) => {
    await store.requestRestore({ key: "deep" }, { tier: "Bulk", days: 1 });
    const plain = openAt(root);
    assert.deepEqual(await read(plain, "deep"), bytesOf("deep"));
    assert.equal((await plain.head("deep"))?.storageClass, "DEEP_ARCHIVE");
    assert.equal((await plain.head("deep"))?.restore, undefined);
    const error = await failsWith(
      plain.requestRestore({ key: "deep" }, { tier: "Bulk", days: 1 }),
      "refused",
    );
    assert.match(error.hint!, /\?warm_up=5s/);
    plain.close();
  });
});

Deno.test("each version and each copy is cold for itself", async () => {
  await withArchive(async (root, store) => {
    const { versionId } = (await store.head("deep"))!;
    await store.requestRestore({ key: "deep" }, { tier: "Standard", days: 9 });
    setHours(root, 10);
    await store.copy({ key: "deep", size: 4 }, "copy", { storageClass: "DEEP_ARCHIVE" });
    await store.copy({ key: "deep", size: 4 }, "deep", { storageClass: "GLACIER" });
    for (const key of ["copy", "deep"]) {
      assert.equal(await stateOf(store, key), "cold");
      await failsWith(store.get(key), "refused");
    }
    assert.deepEqual(await read(store, "deep", { versionId }), bytesOf("deep"));
  });
});

Deno.test("a version that is deleted takes its requests with it", async () => {
  await withArchive(async (root, store) => {
    const { versionId } = (await store.head("deep"))!;
    await store.requestRestore({ key: "deep" }, { tier: "Standard", days: 1 });
    setHours(root, 10);
    await store.requestRestore({ key: "deep" }, { tier: "Standard", days: 5 });
    assert.equal(requestFiles(root).length, 2);
    await store.delete([{ key: "deep", versionId }]);
    assert.deepEqual(requestFiles(root), []);
    assertSwept(root);
  });
});

Deno.test("a clock file that is no time stops what depends on it, and says what to write", async () => {
  await withArchive(async (root, store) => {
    for (const text of ["", "tomorrow", "48h"]) {
      setSimulatedClock(root, text);
      const error = await failsWith(store.get("deep"), "usage");
      assert.match(error.hint!, /\+48h/);
    }
    setSimulatedClock(root, "+48h");
    await failsWith(store.get("deep"), "refused");
  });
});

Deno.test("a request's file that was altered is damage", async () => {
  await withArchive(async (root, store) => {
    await store.requestRestore({ key: "deep" }, { tier: "Standard", days: 1 });
    const [batch] = [...Deno.readDirSync(`${root}/.holdfast-store/versions`)];
    const path = `${root}/.holdfast-store/versions/${batch.name}/000.restore1`;
    const text = Deno.readTextFileSync(path);
    const record = JSON.parse(text.split("\n")[0]);
    assert.deepEqual(record, {
      format: 1,
      requested: start,
      tier: "Standard",
      days: 1,
      ready: start + 10 * HOUR,
      expiry: Date.UTC(2026, 11, 3),
      answer: "accepted",
    });
    Deno.chmodSync(path, 0o600);
    Deno.writeTextFileSync(path, text.replace('"days":1', '"days":9'));
    await failsWith(store.head("deep"), "damage");
    await failsWith(store.get("deep"), "damage");
  });
});

Deno.test("a full disk keeps no half of a request", async () => {
  for (let at = 1; at <= 4; at++) {
    await withArchive(async (root) => {
      const store = openAt(root, { warmUp, disk: fullDisk(at) });
      const asked = store.requestRestore({ key: "deep" }, { tier: "Standard", days: 1 });
      const error = await failsWith(asked, "disk-full");
      assert.equal(error.context.code, "ENOSPC", `at ${at}`);
      assert.equal(await stateOf(store, "deep"), "cold");
      store.close();
      assertSwept(root);
    });
  }
});

/** No process has this id: pid_max is at most 2^22. */
const DEAD_PID = 2 ** 30;

Deno.test("a process stopped at any call of its requests keeps those that were answered", async () => {
  const answered = async (store: ObjectStore, root: string, done: string[]) => {
    await store.requestRestore({ key: "deep" }, { tier: "Bulk", days: 1 });
    done.push("deep");
    await store.requestRestore({ key: "glacier" }, { tier: "Bulk", days: 1 });
    done.push("glacier");
    await store.requestRestore({ key: "glacier" }, { tier: "Standard", days: 1 });
    done.push("upgraded");
    setHours(root, 10);
    await store.requestRestore({ key: "glacier" }, { tier: "Standard", days: 9 });
    done.push("extended");
  };
  const whole = stoppingDisk(Infinity);
  await withArchive(async (root) => {
    const done: string[] = [];
    await answered(openAt(root, { warmUp, disk: whole.disk }), root, done);
    assert.equal(done.length, 4);
  });
  assert.ok(whole.calls() > 20);
  for (let at = 1; at <= whole.calls(); at++) {
    await withArchive(async (root) => {
      const done: string[] = [];
      const stopping = stoppingDisk(at);
      const killed = openAt(root, { warmUp, disk: stopping.disk, pid: DEAD_PID });
      await Promise.race([answered(killed, root, done), stopping.stopped]);
      stopping.release();
      const store = openAt(root, { warmUp });
      const again = await store.requestRestore({ key: "deep" }, { tier: "Bulk", days: 1 });
      if (done.includes("deep")) assert.equal(again, "under way", `stopped at ${at}`);
      setHours(root, 10);
      const head = await store.head("glacier");
      if (done.includes("upgraded")) assert.equal(head?.restore?.kind, "warm", `stopped at ${at}`);
      else if (done.includes("glacier")) assert.notEqual(head?.restore, undefined);
      if (done.includes("extended")) {
        const kept = head?.restore?.kind === "warm" ? head.restore.expiry : 0;
        assert.ok(kept > start + 9 * DAY, `stopped at ${at}`);
      }
      store.close();
      assertSwept(root);
    });
  }
});

Deno.test("a process stopped at any call of a version's deletion leaves no request behind", async () => {
  const run = async (store: ObjectStore, versionId: string | undefined) => {
    await store.delete([{ key: "deep", versionId }]);
  };
  const world = async (check: (root: string, versionId: string | undefined) => Promise<void>) => {
    await withArchive(async (root, store) => {
      await store.requestRestore({ key: "deep" }, { tier: "Bulk", days: 1 });
      await store.requestRestore({ key: "deep" }, { tier: "Standard", days: 1 });
      const { versionId } = (await store.head("deep"))!;
      store.close();
      await check(root, versionId);
    });
  };
  const whole = stoppingDisk(Infinity);
  await world((root, versionId) => run(openAt(root, { warmUp, disk: whole.disk }), versionId));
  for (let at = 1; at <= whole.calls(); at++) {
    await world(async (root, versionId) => {
      const stopping = stoppingDisk(at);
      const killed = openAt(root, { warmUp, disk: stopping.disk, pid: DEAD_PID });
      await Promise.race([run(killed, versionId), stopping.stopped]);
      stopping.release();
      const store = openAt(root, { warmUp });
      await store.put("after", bytesOf("after"), {});
      const isThere = await store.head("deep", { versionId }) !== undefined;
      assert.equal(requestFiles(root).length, isThere ? 2 : 0, `stopped at ${at}`);
      store.close();
      assertSwept(root);
    });
  }
});
