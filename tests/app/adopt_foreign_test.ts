import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  adoptForeign,
  type AdoptForeignOptions,
  type AdoptForeignReport,
} from "../../src/app/adopt_foreign.ts";
import type { ForeignFinding } from "../../src/app/adopt_foreign_objects.ts";
import { noShipping } from "../../src/app/ship_log.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { liveTree, rebuildFromObjects, renamesKeys, shipNow } from "./rebuilt_world.ts";

/** As s3cmd puts it; the ETags of the store in memory are no MD5s, as under SSE-KMS. */
async function putForeign(world: World, path: string, text: string): Promise<void> {
  const md5 = createHash("md5").update(text).digest("hex");
  const metadata = { "s3cmd-attrs": `md5:${md5}/mtime:1` };
  await world.store.put(path, new TextEncoder().encode(text), { metadata });
}

async function fill(world: World, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    world.write(path, `of ${path}`);
    await putForeign(world, path, `of ${path}`);
  }
  world.store.requests.length = 0;
}

async function adopt(
  world: World,
  more: Partial<AdoptForeignOptions> = {},
): Promise<AdoptForeignReport & { readonly found: ForeignFinding[] }> {
  const { log, store, environment, signals, folder } = world;
  const found: ForeignFinding[] = [];
  const report = await adoptForeign({
    ...{ log, store, environment, hashing: platformHashing, shipper: noShipping },
    emit: (signal) => void signals.push(signal),
    signal: new AbortController().signal,
    shipRenames: () => Promise.resolve(),
    work: sqliteWorkTables(folder),
  }, {
    ...{ sources: [world.scan()], config: "", storageClass: "STANDARD", minArchiveSize: 0 },
    ...{ partSize: 1 << 20, dryRun: false, read: false, recipients: [], accept: () => {} },
    tell: (finding) => void found.push(finding),
    ...more,
  });
  return { ...report, found };
}

const PATHS = ["a/x", "a/y", "z"];

Deno.test("what was adopted and read again before it was recorded comes back without the log", () =>
  inWorld(async (world) => {
    // So young that the next backup reads the files again.
    const young = BigInt(Date.now()) * 1_000_000n;
    await fill(world, PATHS);
    const late = world.clock.time;
    world.clock.time = young;
    assert.deepEqual([...(await adopt(world)).adopted], [["md5", { objects: 3, bytes: 16 }]]);
    assert.equal(world.store.count("put"), 0);
    world.clock.time = late;
    const { stored } = await world.backup();
    assert.deepEqual([stored.equal, stored.objects], [3, 1], "the folder's marker alone is sent");
    await shipNow(world);
    assert.equal(renamesKeys(world).length, 1);
    const before = liveTree(world.log.index);
    const { notices } = await rebuildFromObjects(world);
    assert.deepEqual(liveTree(world.log.index), before);
    assert.deepEqual(notices, [], "none of them is called a stranger's");
    world.verify();
    await world.restore(`${world.folder}/back`, { wanted: { kind: "head" } });
    assert.deepEqual(treeOf(`${world.folder}/back`), treeOf(world.source));
  }));

Deno.test("an adoption that was cut off goes on, and adopts nothing twice", () =>
  inWorld(async (world) => {
    await fill(world, PATHS);
    let heads = 0;
    world.store.before = (operation) => {
      if (operation === "head" && ++heads === 2) throw new HoldfastError("unreachable", "cut off");
    };
    await assert.rejects(adopt(world), /cut off/);
    world.store.before = () => {};
    await adopt(world);
    assert.equal((await adopt(world)).adopted.size, 0);
    const names = world.events("ObjectsStored").flatMap(({ data }) =>
      data.folders.flatMap(({ objects }) => objects.map(({ name }) => name))
    );
    assert.deepEqual(names.sort(), ["x", "y", "z"]);
    world.verify();
  }));

Deno.test("an object that is replaced while it is looked at, and another file, are left", () =>
  inWorld(async (world) => {
    await fill(world, PATHS);
    world.write("z", "OF z");
    world.store.before = async (operation, key) => {
      if (operation !== "head" || key !== "a/x") return;
      world.store.before = () => {};
      await putForeign(world, "a/x", "OF a/x");
    };
    const { adopted, other, found } = await adopt(world);
    assert.deepEqual([adopted.get("md5")?.objects, other.objects], [1, 2]);
    const reasons = found.map(({ key, reason }) => `${key}: ${reason}`).sort();
    assert.deepEqual(reasons, [
      ...["a/x: it was replaced meanwhile", "a/y: md5", "z: its content is another one"],
    ]);
  }));

Deno.test("where the checksums may not be asked for, what the tool has noted decides", () =>
  inWorld(async (world) => {
    await fill(world, PATHS);
    const denied = () => Promise.reject(new HoldfastError("denied", "no kms:Decrypt"));
    const store = Object.assign(world.store, { headChecksums: denied });
    assert.deepEqual([...(await adopt({ ...world, store })).adopted.keys()], ["md5"]);
  }));

Deno.test("a dry run reads no object and puts none", () =>
  inWorld(async (world) => {
    await fill(world, PATHS);
    const accept = () => assert.fail("nothing is to be read");
    const { adopted } = await adopt(world, { dryRun: true, read: true, accept });
    assert.equal(adopted.get("md5")?.objects, 3);
    assert.equal(world.store.count("get"), 1, "repository.json");
    assert.equal(world.store.count("put"), 0);
  }));

Deno.test("objects under Holdfast's own keys, and of kept content, are no stranger's", () =>
  inWorld(async (world) => {
    await fill(world, ["a/x"]);
    world.write("own", "own");
    await world.backup();
    await putForeign(world, "stranger", "x");
    await putForeign(world, "%61", "not the key of a file called a");
    const { unknown, other, adopted, found } = await adopt(world);
    assert.deepEqual(found.map(({ key }) => key), ["%61", "stranger"]);
    assert.deepEqual([unknown.objects, other.objects, adopted.size], [2, 0, 0]);
  }));
