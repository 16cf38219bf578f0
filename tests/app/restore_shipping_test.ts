import assert from "node:assert/strict";
import { keptHere } from "../../src/app/restore_shipper.ts";
import { type LogShipper, logShipper, type ShipOptions } from "../../src/app/ship_log.ts";
import { plainBodies } from "../../src/app/stored_body.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { newPrivateKey, signerOf, verifySignature } from "../../src/crypto/signing.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { type SimulatedArchive, simulatedArchive } from "./simulated_archive.ts";

const signer = signerOf(newPrivateKey());

function shipperOf(world: World, lenient: ShipOptions["lenient"]): LogShipper {
  const { log, store, environment, signals } = world;
  return logShipper({
    ...{ log, store, environment, signer, emit: (signal) => void signals.push(signal) },
    ...{ hashing: platformHashing, coding: plainBodies(platformHashing), verify: verifySignature },
  }, { lenient });
}

/** One file that has to be warmed up, and one that has not. */
async function archived(world: World): Promise<SimulatedArchive> {
  for (const path of ["big", "small"]) world.write(path, path === "big" ? "x".repeat(99) : "y");
  await world.backup({ storageClass: "DEEP_ARCHIVE", minArchiveSize: 50 });
  return simulatedArchive(world);
}

/** Credentials that read, and ask for restored copies, and write nothing. */
function denyPuts({ store }: World): void {
  store.before = (operation, key) => {
    if (operation === "put") throw failure("denied", "AccessDenied", key);
  };
}

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(platformHashing.decompress(body));
}

/** Types of the events that segments in the store hold. */
function shipped({ store, log }: World): string[] {
  return [...store.objects].filter(([key]) => key.startsWith(`.holdfast/log/${log.genesis.log}`))
    .flatMap(([, versions]) => textOf(versions.at(-1)!.body).split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line).type);
}

Deno.test("what is about to be asked for is in the repository before the first request, the answer after", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const seen: string[][] = [];
    archive.before = () => void seen.push(shipped(world));
    const deps = { shipper: shipperOf(world, "until-paid") };
    assert.equal((await world.restore(`${world.folder}/back`, { deps })).exitCode, 13);
    const [before] = seen;
    assert(before.includes("WarmUpPlanned") && !before.includes("WarmUpRequested"), `${before}`);
    assert(shipped(world).includes("WarmUpRequested"));
  }));

Deno.test("where the log cannot be shipped nothing is asked for, what is readable is restored, and it is said", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    denyPuts(world);
    const to = `${world.folder}/back`;
    const deps = { shipper: shipperOf(world, "until-paid") };
    await assert.rejects(world.restore(to, { deps }), (error) => {
      assert(error instanceof HoldfastError);
      assert.deepEqual([error.kind, error.context.code], ["denied", "AccessDenied"]);
      assert.match(error.message, /not asked for: the log, which goes before paid requests/);
      assert.match(error.hint!, /--state/);
      return true;
    });
    assert.deepEqual([archive.asked, treeOf(to)], [[], { small: "y" }]);
    const [{ object }] = [...world.log.index.restores.objects(1)];
    assert.deepEqual([object.requests, object.allowed], [0, 1]);
    world.store.before = () => {};
    world.reopen();
    const approve = () => Promise.reject(new Error("that was approved"));
    const again = {
      resume: 1,
      cold: { approve },
      deps: { shipper: shipperOf(world, "until-paid") },
    };
    const report = await world.restore(to, again);
    assert.deepEqual([report.exitCode, archive.asked.length], [13, 1]);
    world.verify();
  }));

Deno.test("a machine that does not write the job asks all the same: it goes by what the store says", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    denyPuts(world);
    const deps = { shipper: shipperOf(world, "always"), isGuest: true };
    const report = await world.restore(`${world.folder}/back`, { deps });
    assert.deepEqual([report.exitCode, archive.asked.length], [13, 1]);
    const notices = world.signals.filter(({ kind }) => kind === "notice");
    assert(notices.some((notice) => /not in the repository/.test(JSON.stringify(notice))));
  }));

Deno.test("where nothing may be shipped, what is readable is restored, and nothing is asked for", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    const deps = { shipper: keptHere("the store does not do what `sse` asks for") };
    await assert.rejects(world.restore(to, { deps }), { kind: "refused" });
    assert.deepEqual([archive.asked, treeOf(to)], [[], { small: "y" }]);
    world.verify();
  }));

Deno.test("a restore of what is readable needs no log in the repository", () =>
  inWorld(async (world) => {
    world.write("a", "readable");
    await world.backup();
    denyPuts(world);
    const to = `${world.folder}/back`;
    const deps = { shipper: shipperOf(world, "until-paid") };
    assert.equal((await world.restore(to, { deps })).exitCode, 0);
    assert.deepEqual(treeOf(to), { a: "readable" });
  }));
