import assert from "node:assert/strict";
import { type BodyCoding, bodyCoding } from "../../src/app/stored_body.ts";
import { isKind } from "../../src/core/error.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { ageSealer } from "../../src/crypto/age_sealer.ts";
import type { Opener } from "../../src/ports/cipher.ts";
import { inWorld, type World } from "./app_world.ts";
import { packKeys, packOptions, type TestKeys, testKeys } from "./pack_world.ts";
import { indexKeys, packedTree, rebuildFromPacks } from "./rebuilt_packs.ts";
import { renamesKeys, shipNow } from "./rebuilt_world.ts";

const [keys, others] = [await testKeys(), await testKeys()];

function codingOf({ recipient }: TestKeys, opener?: Opener): BodyCoding {
  return bodyCoding(platformHashing, {
    sealer: () => ageSealer([recipient]),
    opener: () => Promise.resolve(opener),
  });
}

const coding = codingOf(keys, keys.opener);

async function backUp(world: World): Promise<void> {
  const packs = await packOptions(world, keys, { packSize: 1 });
  await world.backup({ scan: { acceptDeletions: true }, packs });
  await shipNow(world, coding);
}

async function someFiles(world: World): Promise<void> {
  for (const name of ["a", "b", "in/c"]) world.write(name, `of ${name}`);
  await backUp(world);
  Deno.renameSync(`${world.source}/in`, `${world.source}/out`);
  await backUp(world);
}

Deno.test("an index comes back from encrypted pack indexes and renames objects", () =>
  inWorld(async (world) => {
    await someFiles(world);
    assert.ok([...indexKeys(world), ...renamesKeys(world)].every((key) => key.endsWith(".age")));
    const before = packedTree(world.log.index);
    const { missing } = await rebuildFromPacks(world, { coding });
    assert.deepEqual(missing.filter((line) => !line.startsWith("the snapshot ")), []);
    assert.deepEqual(packedTree(world.log.index), before);
    world.verify();
  }));

const machines = [
  ["no identity", undefined],
  ["another identity", others.opener],
] as const;
for (const [what, opener] of machines) {
  for (const without of ["nothing", "renames objects"]) {
    Deno.test(`with ${what}, and ${without} gone, a rebuild says what it needs`, () =>
      inWorld(async (world) => {
        await someFiles(world);
        for (const key of without === "nothing" ? [] : renamesKeys(world)) {
          world.store.objects.delete(key);
        }
        const objects = world.store.objects.size;
        await assert.rejects(
          rebuildFromPacks(world, { coding: codingOf(keys, opener) }),
          (error) => isKind(error, "key") && error.hint!.includes("--identity"),
        );
        assert.equal(world.log.head().position, 0);
        assert.equal(world.store.objects.size, objects);
      }));
  }
}

for (const part of ["nothing", "the beginning"]) {
  Deno.test(`with ${part} of the log, an index that is sealed for others is named, and the rest comes back`, () =>
    inWorld(async (world) => {
      await someFiles(world);
      const [first] = indexKeys(world);
      const plain = await keys.opener.open(world.store.current(first)!.body);
      await world.store.put(first, await (await ageSealer([others.recipient])).seal(plain), {});
      const position = part === "nothing" ? 0 : world.events("PackStarted")[0].position - 1;
      const { missing, objects } = await rebuildFromPacks(world, { coding, position });
      assert.match(missing.join("\n"), new RegExp(`the pack index ${first} is not used: `));
      assert.equal(objects, packKeys(world).length - 1);
      world.verify();
    }));
}
