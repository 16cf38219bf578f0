import assert from "node:assert/strict";
import fc from "fast-check";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { decodeRenames, renamesOfKey } from "../../src/core/mirror/renames_record.ts";
import { seed } from "../seed.ts";
import { inWorld, type World } from "./app_world.ts";
import { applyEdit, describeTree, editsWriting, FIRST } from "./random_edits.ts";
import { liveTree, rebuildFromObjects, renamesKeys, shipNow } from "./rebuilt_world.ts";

/**
 * Random lives of a folder, backed up now and then; then the database is lost with every segment of
 * the log. What the objects and the renames objects say gives the same index back.
 */
const HISTORIES = Number(Deno.env.get("HISTORIES") ?? 150);

const edit = editsWriting("", "x", "y", "xy", "long ".repeat(50));

const life = fc.record({
  steps: fc.array(
    fc.record({
      edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
      // The run ends before it has shipped what there is to say …
      unshipped: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      // … or at this request to the store, in the middle of its work.
      failAt: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined, freq: 2 }),
    }),
    { minLength: 2, maxLength: 6 },
  ),
  versions: fc.boolean(),
  delete: fc.boolean(),
  renames: fc.constantFrom(...["auto", "copy", "alias"] as const),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

Deno.test(`${HISTORIES} random lives come back from objects and renames objects (seed ${seed})`, () =>
  fc.assert(
    fc.asyncProperty(life, (job) =>
      inWorld(async (world) => {
        await live(world, job);
        const lost = liveTree(world.log.index);
        const { missing } = await rebuildFromObjects(world);
        assert.deepEqual(liveTree(world.log.index), lost);
        assert.deepEqual(missing.filter((line) => !line.startsWith("the snapshot ")), []);
        world.verify();
        const to = `${world.folder}/back`;
        const restored = await world.restore(to, { wanted: { kind: "head" } });
        assert.equal(restored.exitCode, 0);
        assert.deepEqual(describeTree(to), describeTree(world.source));
        const again = await world.backup(optionsOf(job));
        assert.equal(again.stored.bytes, 0, "nothing is sent again");
        world.verify();
        // What comes after is found, too.
        for (const edit of job.steps[0].edits) applyEdit(world.source, edit);
        await world.backup(optionsOf(job));
        await shipNow(world);
        const second = liveTree(world.log.index);
        await rebuildFromObjects(world);
        assert.deepEqual(liveTree(world.log.index), second);
        world.verify();
      }, { versions: job.versions })),
    { numRuns: HISTORIES, seed },
  ));

Deno.test(`${HISTORIES} random lives lose renames objects: no path gets what it never had (seed ${seed})`, () => {
  const losses = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
  return fc.assert(
    fc.asyncProperty(life, losses, (job, losses) =>
      inWorld(async (world) => {
        const had = new Map<string, Set<string>>();
        await live(world, job, () => {
          for (const [path, state] of liveTree(world.log.index)) {
            if (!had.has(path)) had.set(path, new Set());
            had.get(path)!.add(hashOf(state));
          }
        });
        const keys = renamesKeys(world);
        const gone = keys.filter((_, i) => losses[i]);
        // Nothing in the store tells that there was another one behind the last.
        const last = keys.findLast((key) => !gone.includes(key)) ?? "";
        const ranges = gone.filter((key) => key < last).map((key) => rangeOf(world, key));
        for (const key of gone) world.store.objects.delete(key);
        const { missing } = await rebuildFromObjects(world);
        for (const [path, state] of liveTree(world.log.index)) {
          const hash = hashOf(state);
          // A content without a known hash is not restored, but stored again by the next run.
          if (state.startsWith("file ") && hash !== "not stored" && hash !== "") {
            assert.ok(had.get(path)?.has(hash), `${path} has content that it never had`);
          }
        }
        world.verify();
        const report = missing.join("\n");
        for (const { first, last } of ranges) {
          assert.ok(isNamed(report, first, last), `events ${first} to ${last}: ${report}`);
        }
        // The next run puts everything right.
        await world.backup(optionsOf(job));
        const to = `${world.folder}/back`;
        assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 0);
        assert.deepEqual(describeTree(to), describeTree(world.source));
      }, { versions: job.versions })),
    { numRuns: HISTORIES, seed },
  );
});

Deno.test(`${HISTORIES} random lives come back from a part of the log and the objects (seed ${seed})`, () =>
  fc.assert(
    fc.asyncProperty(
      life,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (job, part) =>
        inWorld(async (world) => {
          await live(world, job);
          const lost = liveTree(world.log.index);
          const position = 1 + Math.floor(part * (world.log.head().position - 1));
          await rebuildFromObjects(world, { position });
          assert.deepEqual(liveTree(world.log.index), lost);
          world.verify();
          const again = await world.backup(optionsOf(job));
          assert.equal(again.stored.bytes, 0, "nothing is sent again");
          await shipNow(world);
          const second = liveTree(world.log.index);
          await rebuildFromObjects(world);
          assert.deepEqual(liveTree(world.log.index), second);
          world.verify();
        }, { versions: job.versions }),
    ),
    { numRuns: HISTORIES, seed },
  ));

function optionsOf({ delete: deletes, renames }: Life) {
  return { scan: { acceptDeletions: true }, partSize: 100, delete: deletes, renames };
}

async function live(world: World, job: Life, seen = () => {}): Promise<void> {
  for (const [i, path] of FIRST.entries()) {
    applyEdit(world.source, { do: "write", path, text: `first ${i}` });
  }
  await world.backup(optionsOf(job));
  await shipNow(world);
  seen();
  for (const { edits, unshipped, failAt } of job.steps) {
    for (const edit of edits) applyEdit(world.source, edit);
    const isWhole = await backUpUntil(world, job, failAt);
    if (isWhole && !unshipped) await shipNow(world);
    seen();
  }
  await world.backup(optionsOf(job));
  await shipNow(world);
  seen();
}

/** False where the store was gone before the run's end. */
async function backUpUntil(
  world: World,
  job: Life,
  failAt: number | undefined,
): Promise<boolean> {
  let requests = 0;
  world.store.before = () => {
    if (++requests === failAt) throw new HoldfastError("unreachable", "cut off");
  };
  try {
    await world.backup(optionsOf(job));
    return true;
  } catch (error) {
    if (!isKind(error, "unreachable")) throw error;
    return false;
  } finally {
    world.store.before = () => {};
  }
}

function hashOf(state: string): string {
  return state.endsWith("not stored") ? "not stored" : state.slice(state.lastIndexOf(" ") + 1);
}

function rangeOf(world: World, key: string): { first: number; last: number } {
  const text = platformHashing.decompress(world.store.current(key)!.body);
  return decodeRenames(new TextDecoder().decode(text), renamesOfKey(key)!)!.header;
}

function isNamed(report: string, first: number, last: number): boolean {
  return [...report.matchAll(/events (\d+) to (\d+)/g)].some(([, from, to]) =>
    Number(from) <= first && Number(to) >= last
  );
}
