import assert from "node:assert/strict";
import { hex } from "../../src/core/hash.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { AgeFile, Sealer } from "../../src/ports/cipher.ts";
import { randomOf } from "../e2e/random.ts";
import { seed } from "../seed.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { indexedMembers, membersOf, packKeys, packOptions, testKeys } from "./pack_world.ts";

const INTERRUPTIONS = Number(Deno.env.get("INTERRUPTIONS") ?? 1000);
/** Lives of so many interruptions, so that packs do not pile up. */
const IN_A_LIFE = 50;

Deno.test(`${INTERRUPTIONS} random interruptions, the source changing in between: packs stay whole, and no (key, counter) gets two plaintexts (seed ${seed})`, async () => {
  const random = randomOf(seed);
  const watch: Watch = { seen: new Map(), twice: [] };
  let [interrupted, runs] = [0, 0];
  while (interrupted < INTERRUPTIONS) {
    const life = await live(random, watch, Math.min(IN_A_LIFE, INTERRUPTIONS - interrupted));
    interrupted += life.interrupted;
    runs += life.runs;
  }
  console.log(
    `seed ${seed}: ${interrupted} of ${runs} runs interrupted, ${watch.seen.size} chunks`,
  );
  assert.deepEqual(watch.twice, []);
});

interface Watch {
  /** Digest of what was sealed, by header, counter and place. */
  readonly seen: Map<string, string>;
  readonly twice: string[];
}

function watched(sealer: Sealer, { seen, twice }: Watch): Sealer {
  const watchFile = (file: AgeFile): AgeFile => {
    const id = hex(file.header);
    return {
      header: file.header,
      chunk(plain, place, out, at) {
        const name = `${id} ${place.counter} ${place.last}`;
        const digest = hex(platformHashing.sha256(plain));
        if ((seen.get(name) ?? digest) !== digest) twice.push(name);
        seen.set(name, digest);
        return file.chunk(plain, place, out, at);
      },
    };
  };
  return {
    seal: (plain) => sealer.seal(plain),
    begin: async () => watchFile(await sealer.begin()),
  };
}

/** Runs until so many were interrupted, then one that is not; what is in the store is right then. */
async function live(
  random: () => number,
  watch: Watch,
  wanted: number,
): Promise<{ interrupted: number; runs: number }> {
  const keys = await testKeys();
  let [interrupted, runs] = [0, 0];
  await inWorld(async (world) => {
    const small = { chunkThreshold: 2 ** 21, packSize: 6 * 2 ** 20 };
    const options = await packOptions(world, keys, small);
    const packs = { ...options, sealer: watched(options.sealer!, watch) };
    const backup = () => world.backup({ packs, scan: { acceptDeletions: true } });
    for (; interrupted < wanted; runs++) {
      change(world, random);
      dieAt(world, random);
      try {
        await backup();
      } catch {
        interrupted++;
      }
      world.store.before = world.store.after = () => {};
      world.reopen();
    }
    assert.equal((await backup()).exitCode, 0);
    await assertWhole(world, keys);
  });
  return { interrupted, runs };
}

function change({ source }: World, random: () => number): void {
  const [file, other] = [Math.floor(random() * 8), Math.floor(random() * 8)];
  const size = Math.floor(random() * 1_200_000);
  const more = random() < 0.3 ? "head -c 3000000 /dev/urandom > large" : "";
  const less = random() < 0.2 ? `rm -f ${other}` : "";
  shell(
    source,
    `head -c ${size} /dev/urandom > ${file}; cp ${file} copy${file % 3}; ${more};${less}`
      .replace(/;\s*;/g, ";").replace(/;\s*$/, ""),
  );
}

/** From some request on the store answers nothing more: before that request has its effect, or after. */
function dieAt({ store }: World, random: () => number): void {
  const fatal = 1 + Math.floor(random() * 9);
  let nth = 0;
  const die = (_: string, key: string) => {
    if (++nth >= fatal) throw failure("unreachable", "killed", key);
  };
  if (random() < 0.5) store.before = die;
  else store.after = die;
}

async function assertWhole(world: World, keys: Awaited<ReturnType<typeof testKeys>>) {
  assert.equal(world.store.uploads.size, 0, "an upload is open");
  const { index } = world.log;
  assert.equal(index.packs.open().length, 0);
  assert.equal(index.unstoredTotals().entries, 0);
  for (const key of packKeys(world)) {
    const names = (await membersOf(world, key, keys)).map(({ name }) => name);
    assert.deepEqual(new Set(await indexedMembers(world, key, keys)), new Set(names), key);
  }
  world.verify();
}
