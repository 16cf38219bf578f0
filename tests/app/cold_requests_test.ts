import assert from "node:assert/strict";
import { BATCH_ENTRIES } from "../../src/core/event/event.ts";
import { HoldfastError } from "../../src/core/error.ts";
import type { RestoreRequest } from "../../src/ports/object_store.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { simulatedArchive } from "./simulated_archive.ts";

function nameOf(i: number): string {
  return `f${String(i).padStart(5, "0")}`;
}

/** So many small files in one class. */
async function archived(world: World, count: number, storageClass: string) {
  for (let i = 0; i < count; i++) Deno.writeTextFileSync(`${world.source}/${nameOf(i)}`, `${i}`);
  await world.backup({ storageClass });
  return simulatedArchive(world);
}

/** Every try, also those that the store answers with a refusal. */
function triesOf(archive: ReturnType<typeof simulatedArchive>) {
  const tries: { key: string; tier: string }[] = [];
  const { before } = archive;
  archive.before = (key: string, request: RestoreRequest) => {
    tries.push({ key, tier: request.tier });
    before(key, request);
  };
  return tries;
}

function full(key: string, { tier }: RestoreRequest): void {
  if (tier === "Expedited") throw failure("refused", "GlacierExpeditedRetrievalNotAvailable", key);
}

Deno.test("Expedited that is refused asks nothing slower of more objects than an intent holds", () =>
  inWorld(async (world) => {
    const count = BATCH_ENTRIES + 1;
    const archive = await archived(world, count, "GLACIER");
    archive.before = full;
    const tries = triesOf(archive);
    const to = `${world.folder}/back`;
    const first = await world.restore(to, { warmUp: { tier: "Expedited" } });
    assert.deepEqual([first.exitCode, first.refused, first.objects.cold], [6, count, count]);
    assert.equal(archive.asked.length, 0);
    assert(tries.every(({ tier }) => tier === "Expedited"));
    // Some are in flight when the first one is refused.
    assert(tries.length <= 32, `${tries.length} tries`);
    const slower = await world.restore(to, { resume: 1, warmUp: { slower: true } });
    assert.deepEqual([slower.exitCode, slower.refused, slower.objects.warming], [13, 0, count]);
    assert.deepEqual(
      new Set(archive.asked.map(({ request }) => request.tier)),
      new Set(["Standard"]),
    );
    assert.equal(archive.asked.length, count);
    world.verify();
  }));

Deno.test("Expedited that is refused falls to Standard only where that is approved", () =>
  inWorld(async (world) => {
    const archive = await archived(world, 4, "GLACIER");
    archive.before = full;
    const to = `${world.folder}/back`;
    const first = await world.restore(to, { warmUp: { tier: "Expedited" } });
    assert.deepEqual([first.exitCode, first.refused, archive.asked.length], [6, 4, 0]);
    const second = await world.restore(to, { resume: 1, warmUp: { slower: true } });
    assert.deepEqual([second.exitCode, second.objects.warming], [13, 4]);
    assert.deepEqual([...new Set(archive.asked.map(({ request }) => request.tier))], ["Standard"]);
    assert.equal(new Set(archive.asked.map(({ key }) => key)).size, 4);
    assert.equal(archive.asked.length, 4);
    world.verify();
  }));

Deno.test("Expedited from DEEP_ARCHIVE, which has none, asks for Standard", () =>
  inWorld(async (world) => {
    const archive = await archived(world, 4, "DEEP_ARCHIVE");
    await world.restore(`${world.folder}/back`, { warmUp: { tier: "Expedited", days: 2 } });
    assert.deepEqual(
      archive.asked.map(({ request }) => request),
      [0, 1, 2, 3].map(() => ({ tier: "Standard", days: 2 })),
    );
  }));

Deno.test("one object that is denied is told at the end: all others are asked for, and asked once", () =>
  inWorld(async (world) => {
    const archive = await archived(world, 40, "DEEP_ARCHIVE");
    const denied = nameOf(25);
    archive.before = (key) => {
      if (key === denied) throw failure("denied", "AccessDenied", key);
    };
    const tries = triesOf(archive);
    const to = `${world.folder}/back`;
    await assert.rejects(world.restore(to), { kind: "denied" });
    assert.equal(archive.asked.length, 39);
    assert.equal(tries.filter(({ key }) => key === denied).length, 1);
    archive.later(13);
    await assert.rejects(world.restore(to, { resume: 1 }), { kind: "denied" });
    assert.equal(Object.keys(treeOf(to)).length, 39);
    archive.before = () => {};
    const approve = () => Promise.reject(new Error("that was approved"));
    assert.equal((await world.restore(to, { resume: 1, cold: { approve } })).objects.warming, 1);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    assert.equal(archive.asked.length, 40);
    world.verify();
  }));

Deno.test("where everything is denied a few requests are made, not one for each object", () =>
  inWorld(async (world) => {
    const archive = await archived(world, 200, "DEEP_ARCHIVE");
    archive.before = (key) => {
      throw failure("denied", "AccessDenied", key);
    };
    const tries = triesOf(archive);
    await assert.rejects(world.restore(`${world.folder}/back`), { kind: "denied" });
    assert(tries.length <= 32, `${tries.length} tries`);
    const requests = [...world.log.index.restores.objects(1)].map(({ object }) => object.requests);
    assert.deepEqual(new Set(requests), new Set([0]));
    world.verify();
  }));

Deno.test("credentials that expire meanwhile stop the requests, for they are not an object's own", () =>
  inWorld(async (world) => {
    const archive = await archived(world, 200, "DEEP_ARCHIVE");
    let left = 20;
    archive.before = (key) => {
      if (left-- <= 0) throw failure("denied", "ExpiredToken", key);
    };
    const tries = triesOf(archive);
    await assert.rejects(
      world.restore(`${world.folder}/back`),
      (error) => error instanceof HoldfastError && error.context.code === "ExpiredToken",
    );
    assert.equal(archive.asked.length, 20);
    assert(tries.length <= 40, `${tries.length} tries`);
    world.verify();
  }));

for (const code of ["InvalidObjectState", "ObjectAlreadyInActiveTierError"]) {
  Deno.test(`an object that somebody has made readable (${code}) is read as it is, and stops nothing`, () =>
    inWorld(async (world) => {
      const archive = await archived(world, 5, "DEEP_ARCHIVE");
      const copied = nameOf(2);
      archive.before = (key) => {
        if (key !== copied) return;
        archive.archive(key, "STANDARD");
        throw failure("refused", code, key);
      };
      const to = `${world.folder}/back`;
      const first = await world.restore(to);
      assert.deepEqual([first.exitCode, first.objects.warming, first.waiting], [13, 4, 4]);
      assert.deepEqual(treeOf(to), { [copied]: "2" });
      archive.later(13);
      assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
      assert.equal(archive.asked.length, 4);
      world.verify();
    }));
}

Deno.test("what somebody else has just asked for keeps its approved request for when that copy expires", () =>
  inWorld(async (world) => {
    const archive = await archived(world, 3, "DEEP_ARCHIVE");
    const key = nameOf(1);
    let isFirst = true;
    archive.before = (asked) => {
      if (asked !== key || !isFirst) return;
      isFirst = false;
      // Between the look and the request; its answer is "under way".
      void world.store.requestRestore({ key }, { tier: "Bulk", days: 1 });
    };
    const to = `${world.folder}/back`;
    assert.equal((await world.restore(to)).objects.warming, 3);
    const version = world.store.current(key)!.head.versionId!;
    const { requests, allowed } = world.log.index.restores.object(1, { key, version })!;
    assert.deepEqual([requests, allowed], [0, 1]);
    archive.later(24 * 10);
    const again = await world.restore(to, { resume: 1, warmUp: { isUnattended: true } });
    assert.deepEqual([again.exitCode, again.unapproved, again.objects.warming], [6, 2, 1]);
    world.verify();
  }));

Deno.test("what was written is in the log before a process waits for the rest", () =>
  inWorld(async (world) => {
    for (const path of ["big", "small"]) world.write(path, path === "big" ? "x".repeat(99) : "y");
    await world.backup({ storageClass: "DEEP_ARCHIVE", minArchiveSize: 50 });
    simulatedArchive(world);
    const told: string[][] = [];
    const { clock } = world;
    Object.assign(clock, {
      sleep(ms: number) {
        if (ms > 60_000) {
          told.push(world.events("EntriesRestored").map(({ data }) => data.entries));
        }
        clock.time += BigInt(Math.ceil(ms)) * 1_000_000n;
        return Promise.resolve();
      },
    });
    const cold = { simulatedWait: undefined };
    assert.equal((await world.restore(`${world.folder}/back`, { wait: true, cold })).exitCode, 0);
    assert.deepEqual(told[0], ["1"]);
  }));
