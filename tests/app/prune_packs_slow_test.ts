import assert from "node:assert/strict";
import { inWorld, treeOf } from "./app_world.ts";
import {
  assertWhole,
  backupWith,
  cutOff,
  indexCount,
  randomFile,
  restored,
} from "./pack_upkeep.ts";
import { packKeys, packOptions, testKeys } from "./pack_world.ts";
import { forget, prunePacksOf } from "./upkeep.ts";

const KEYS = await testKeys();

Deno.test("a prune that is cut off at any request or append loses nothing, and ends the same", async () => {
  for (const [from, versions] of [["source", true], ["store", false]] as const) {
    let [cut, stop] = [true, 1];
    for (; cut; stop++) {
      await inWorld(async (world) => {
        const packs = await packOptions(world, KEYS, { chunkThreshold: 2 ** 20 });
        const first = await backupWith(
          world,
          `mkdir d; echo k > d/k; ln -s k d/l; ${randomFile("large", 2_500_000)}; ${
            randomFile("gone", 4_000_000)
          }`,
          KEYS,
        );
        const second = await backupWith(world, `rm gone; ${randomFile("x", 700)}`, KEYS);
        const tree = treeOf(world.source);
        await backupWith(world, `echo other > d/k; ${randomFile("x", 900)}`, KEYS);
        forget(world, first);
        const test = {
          packs,
          keys: KEYS,
          ...(from === "source" ? {} : { noSource: true as const }),
        };
        cut = await cutOff(world, stop, () => prunePacksOf(world, test));
        assert.deepEqual(await restored(world, undefined, KEYS), treeOf(world.source), `${stop}`);
        assert.deepEqual(await restored(world, second, KEYS), tree, `${stop}`);
        await prunePacksOf(world, test);
        assert.equal((await prunePacksOf(world, test)).plan.steps.length, 0, `${from} ${stop}`);
        assert.deepEqual(await restored(world, second, KEYS), tree, `${stop}`);
        await backupWith(world, "true", KEYS);
        assert.equal(packKeys(world).length, indexCount(world));
        await assertWhole(world, KEYS);
      }, { versions });
    }
    assert.ok(stop > 15, `${stop} steps`);
  }
});
