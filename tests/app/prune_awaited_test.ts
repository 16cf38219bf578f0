/** What an open restore waits for is not pruned. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, treeOf } from "./app_world.ts";
import { backupWith, randomFile } from "./pack_upkeep.ts";
import { packKeys, packOptions } from "./pack_world.ts";
import { restorePacks } from "./packed_world.ts";
import { simulatedArchive } from "./simulated_archive.ts";
import { forget, prunePacksOf, pruneStore, versionsOf } from "./upkeep.ts";

const DEEP = { storageClass: "DEEP_ARCHIVE" } as const;

Deno.test("versions that a restore waits for stay until it has them, whatever was forgotten meanwhile", () =>
  inWorld(async (world) => {
    shell(world.source, "echo old > a; echo gone > b");
    const { snapshot } = await world.backup(DEEP);
    const first = treeOf(world.source);
    shell(world.source, "echo newer > a; rm b");
    await world.backup({ ...DEEP, scan: { acceptDeletions: true } });
    const archive = simulatedArchive(world);
    const to = `${world.folder}/out`;
    const wanted = { kind: "snapshot", snapshot: snapshot! } as const;
    assert.equal((await world.restore(to, { wanted })).exitCode, 13);
    forget(world, snapshot!);
    assert.equal((await pruneStore(world)).deleted, 0);
    archive.later(13);
    const { restored: position } = world.log.index.restores.job(1)!;
    const resumed = await world.restore(to, { wanted: { kind: "position", position }, resume: 1 });
    assert.equal(resumed.exitCode, 0);
    assert.deepEqual(treeOf(to), first);
    // From then on they are nobody's.
    assert.equal((await pruneStore(world)).deleted, 2);
    assert.deepEqual([versionsOf(world, "a"), versionsOf(world, "b")], [["newer\n"], []]);
    world.verify();
  }));

Deno.test("a pack that a restore waits for stays until the restore has it", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world);
    const first = await backupWith(world, randomFile("a", 5000), undefined, DEEP);
    await backupWith(world, `rm a; ${randomFile("b", 5000)}`, undefined, DEEP);
    const archive = simulatedArchive(world);
    const to = `${world.folder}/out`;
    assert.equal((await restorePacks(world, to, { position: first })).exitCode, 13);
    forget(world, first);
    const kept = await prunePacksOf(world, { packs, ...DEEP });
    assert.deepEqual([kept.deleted, kept.plan.steps.length, packKeys(world).length], [0, 0, 2]);
    archive.later(13);
    assert.equal((await restorePacks(world, to, { position: first, resume: 1 })).exitCode, 0);
    assert.deepEqual(Object.keys(treeOf(to)), ["a"]);
    assert.equal((await prunePacksOf(world, { packs, ...DEEP })).deleted, 1);
    assert.equal(packKeys(world).length, 1);
  }));
