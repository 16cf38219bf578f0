import assert from "node:assert/strict";
import fc from "fast-check";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import { packKey, packOfIndexKey, packOfKey } from "../../src/core/pack/pack_layout.ts";
import { content } from "../stores/store_probes.ts";
import { seed } from "../seed.ts";
import { inWorld, type World } from "./app_world.ts";
import { packKeys, packOptions } from "./pack_world.ts";
import { applyEdit, describeTree, editsWriting, FIRST } from "./random_edits.ts";
import { indexKeys, packedTree, rebuildFromPacks } from "./rebuilt_packs.ts";
import { liveTree, renamesKeys, shipNow } from "./rebuilt_world.ts";

/**
 * Random lives of a folder, backed up into packs now and then; then the database is lost, with all of
 * the log or its end. What segments, pack indexes and renames objects say gives the same index back.
 */
const HISTORIES = Number(Deno.env.get("HISTORIES") ?? 120);

/** Of more than a frame's length, so that a pack has several parts; the long ones have two chunks. */
const textOf = (length: number, number: number) =>
  content(length, number).toBase64().slice(0, length);
const [big, bigger, long] = [1, 2, 3].map((i) => textOf(1_100_000, i));
const [twoChunks, alike] = [4, 5].map((i) => textOf(2_000_000, 4) + textOf(2_300_000, i));
const edit = editsWriting("", "x", "y", "xy", "x", big, bigger, long, twoChunks, alike);
const FIRST_TEXTS = [big, bigger, twoChunks, "x"];

const life = fc.record({
  steps: fc.array(
    fc.record({
      edits: fc.array(edit, { minLength: 1, maxLength: 6 }),
      /** What was edited just now is to be looked at again. */
      racy: fc.boolean(),
      // The run ends before it has shipped what there is to say …
      unshipped: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      // … or at this request to the store, in the middle of its work, or the process does.
      failAt: fc.option(fc.integer({ min: 2, max: 6 }), { nil: undefined, freq: 3 }),
      killed: fc.boolean(),
    }),
    { minLength: 2, maxLength: 6 },
  ),
  /** Bytes: a pack for each entry or two, for some of them, or one for all. */
  packSize: fc.constantFrom(1, 10_000, 2 ** 29, 2 ** 29),
  chunkThreshold: fc.constantFrom(2 ** 21, 2 ** 24),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

Deno.test(`${HISTORIES} random lives come back from pack indexes and renames objects (seed ${seed})`, () =>
  fc.assert(
    fc.asyncProperty(life, (job) =>
      inWorld(async (world) => {
        await live(world, job);
        const lost = packedTree(world.log.index);
        const { missing } = await rebuildFromPacks(world);
        assert.deepEqual(packedTree(world.log.index), lost);
        assert.deepEqual(missing.filter((line) => !line.startsWith("the snapshot ")), []);
        await assertServes(world, job);
        // What comes after is found, too.
        for (const edit of job.steps[0].edits) applyEdit(world.source, edit);
        await backUp(world, job);
        await shipNow(world);
        const second = packedTree(world.log.index);
        await rebuildFromPacks(world);
        assert.deepEqual(packedTree(world.log.index), second);
        world.verify();
      })),
    { numRuns: HISTORIES, seed },
  ));

Deno.test(`${HISTORIES} random lives come back from a part of the log and pack indexes (seed ${seed})`, () =>
  fc.assert(
    fc.asyncProperty(
      life,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (job, part) =>
        inWorld(async (world) => {
          await live(world, job);
          const lost = packedTree(world.log.index);
          const position = 1 + Math.floor(part * (world.log.head().position - 1));
          await rebuildFromPacks(world, { position });
          assert.deepEqual(packedTree(world.log.index), lost);
          await assertServes(world, job);
          const second = packedTree(world.log.index);
          await rebuildFromPacks(world);
          assert.deepEqual(packedTree(world.log.index), second);
          world.verify();
        }),
    ),
    { numRuns: HISTORIES, seed },
  ));

Deno.test(`${HISTORIES} random lives lose objects: no path gets what it never had (seed ${seed})`, () => {
  const losses = fc.array(fc.nat(5).map((n) => n === 0), { minLength: 12, maxLength: 12 });
  return fc.assert(
    fc.asyncProperty(
      life,
      losses,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (job, losses, part) =>
        inWorld(async (world) => {
          const had = new Map<string, Set<string>>();
          await live(world, job, () => {
            for (const [path, state] of liveTree(world.log.index)) {
              for (const one of [path, movedName(path)]) {
                if (!had.has(one)) had.set(one, new Set());
                had.get(one)!.add(hashOf(state));
              }
            }
          });
          const moves = job.steps.some(({ edits }) =>
            edits.some(({ do: what }) => what === "move" || what === "swap")
          );
          const { objects } = world.store;
          const names = [...renamesKeys(world), ...indexKeys(world), ...packKeys(world)];
          const gone = names.filter((_, i) => losses[i % losses.length]);
          for (const key of gone) objects.delete(key);
          const position = Math.floor(part * world.log.head().position);
          const { missing } = await rebuildFromPacks(world, { position });
          for (const [path, state] of liveTree(world.log.index)) {
            const hash = hashOf(state);
            if (!state.startsWith("file ") || hash === "not stored") continue;
            const hadIt = had.get(path)?.has(hash) ||
              (moves && had.get(movedName(path))?.has(hash));
            assert.ok(hadIt, `${path} has content that it never had`);
          }
          world.verify();
          // The next run puts everything right, but where the log has no reason to doubt what is gone.
          if (position > 0) return;
          const report = missing.join("\n");
          for (const key of halvesLeft(gone)) assert.ok(report.includes(key), `${key}: ${report}`);
          await backUp(world, job);
          const to = `${world.folder}/back`;
          assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 0);
          assert.deepEqual(describeTree(to), describeTree(world.source));
        }),
    ),
    { numRuns: HISTORIES, seed },
  );
});

/**
 * A folder that was moved has taken its files along: one that was written anew in the same run, and
 * whose index is lost, has the content that it had under its former path.
 */
function movedName(path: string): string {
  return `…/${path.slice(path.lastIndexOf("/") + 1)}`;
}

/** Keys of the packs of which either the index or the pack itself is gone. */
function halvesLeft(gone: readonly string[]): string[] {
  const packs = gone.flatMap((key) => packOfKey(key)?.pack ?? []);
  const indexes = gone.flatMap((key) => packOfIndexKey(key)?.pack ?? []);
  return [...packs, ...indexes].filter((pack) => packs.includes(pack) !== indexes.includes(pack))
    .map((pack) => packKey(pack, false));
}

function hashOf(state: string): string {
  return state.endsWith("not stored") ? "not stored" : state.slice(state.lastIndexOf(" ") + 1);
}

/** All of it can be restored, and nothing of it is sent again. */
async function assertServes(world: World, job: Life): Promise<void> {
  world.verify();
  const to = `${world.folder}/back`;
  const restored = await world.restore(to, { wanted: { kind: "head" } });
  assert.equal(restored.exitCode, 0);
  assert.deepEqual(describeTree(to), describeTree(world.source));
  Deno.removeSync(to, { recursive: true });
  const again = await backUp(world, job);
  assert.deepEqual([again.stored.bytes, again.stored.objects], [0, 0], "nothing is sent again");
  await shipNow(world);
  world.verify();
}

async function backUp(world: World, { packSize, chunkThreshold }: Life) {
  const packs = await packOptions(world, undefined, { packSize, chunkThreshold });
  return await world.backup({ scan: { acceptDeletions: true }, partSize: 1, packs });
}

async function live(world: World, job: Life, seen = () => {}): Promise<void> {
  for (const [i, path] of FIRST.entries()) {
    applyEdit(world.source, { do: "write", path, text: FIRST_TEXTS[i] ?? `first ${i}` });
  }
  for (const { edits, racy, unshipped, ...end } of job.steps) {
    for (const edit of edits) applyEdit(world.source, edit);
    world.clock.time = (BigInt(Date.now()) + (racy ? 0n : 3_600_000n)) * 1_000_000n;
    const isWhole = await backUpUntil(world, job, end);
    if (isWhole && !unshipped) await shipNow(world);
    seen();
  }
  world.clock.time += 3_600_000_000_000n;
  await backUp(world, job);
  await shipNow(world);
  seen();
}

/** False where the store or the process was gone before the run's end. */
async function backUpUntil(
  world: World,
  job: Life,
  { failAt, killed }: Pick<Life["steps"][number], "failAt" | "killed">,
): Promise<boolean> {
  const { log, store } = world;
  let requests = 0;
  let dead = false;
  const die = () => {
    dead = killed;
    throw new HoldfastError("unreachable", "cut off");
  };
  world.log = {
    ...log,
    append(...args) {
      if (dead) die();
      return log.append(...args);
    },
  };
  store.before = () => {
    if (dead || ++requests === failAt) die();
  };
  try {
    await backUp(world, job);
    return true;
  } catch (error) {
    if (!isKind(error, "unreachable")) throw error;
    return false;
  } finally {
    world.log = log;
    store.before = () => {};
    world.reopen();
  }
}
