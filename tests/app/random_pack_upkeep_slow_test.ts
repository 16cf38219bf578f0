import assert from "node:assert/strict";
import fc from "fast-check";
import { HoldfastError } from "../../src/core/error.ts";
import { bodyCoding } from "../../src/app/stored_body.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { PackPlan } from "../../src/core/plan/pack_plan.ts";
import { seed } from "../seed.ts";
import { inWorld, type World } from "./app_world.ts";
import { packKeys, packOptions, type TestKeys, testKeys } from "./pack_world.ts";
import { cutOff } from "./pack_upkeep.ts";
import { packedTree, rebuildFromPacks } from "./rebuilt_packs.ts";
import { shipNow } from "./rebuilt_world.ts";
import { check, complaints, deletePackedOf, forget, prunePacksOf } from "./upkeep.ts";

/**
 * Random lives of a repository of packs: edits, backups, and after each of these a prune, a deletion,
 * a pack that is lost, some of them cut off. Whatever is kept, and was not given up, can be restored,
 * a check that reads every byte finds nothing wrong, and the index comes back without the log.
 */
const HISTORIES = Number(Deno.env.get("HISTORIES") ?? 120);

const PLACES = ["a", "b", "c", "a/a", "a/b", "b/a", "b/c", "c/a", "a/b/c"];
const place = fc.constantFrom(...PLACES);
const edit = fc.oneof(
  fc.record({
    do: fc.constantFrom("write" as const, "write" as const),
    path: place,
    to: fc.nat(6),
  }),
  fc.record({
    do: fc.constantFrom("remove" as const, "folder" as const, "link" as const, "large" as const),
    path: place,
  }),
  fc.record({ do: fc.constantFrom("move" as const, "copy" as const), path: place, to: place }),
);
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never;

const step = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
  then: fc.constantFrom(
    ...[
      ...["nothing", "prune", "forget", "forget and prune", "forget and prune"] as const,
      ...["forget and prune", "delete", "delete", "lose"] as const,
    ] as const,
  ),
  /** Which of the snapshots is kept beside the last, which pack or place. */
  which: fc.nat(8),
  maxDead: fc.constantFrom(0, 0.3, 0.5),
  fromStore: fc.boolean(),
  /** The request or the append at which the prune or deletion is cut off. */
  cutAt: fc.option(fc.integer({ min: 1, max: 24 }), { nil: undefined, freq: 2 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

Deno.test(`${HISTORIES} random lives of packs keep what is kept (seed ${seed})`, async () => {
  const seen = new Map<string, number>();
  const keys = await testKeys();
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 8 }),
      fc.record({ versions: fc.boolean(), encrypted: fc.boolean() }),
      (steps, { versions, encrypted }) =>
        inWorld((world) => live(world, steps, encrypted ? keys : undefined, seen), { versions }),
    ),
    { numRuns: HISTORIES, seed },
  );
  console.log([...seen].map(([what, count]) => `${what}: ${count}`).join(", "));
  for (const what of ["deleted", "repacked", "given up", "cut off", "older snapshot", "rebuilt"]) {
    assert.ok((seen.get(what) ?? 0) >= HISTORIES / 20, `${what}: ${seen.get(what)} times`);
  }
});

interface Life {
  readonly world: World;
  readonly keys: TestKeys | undefined;
  readonly count: (what: string) => void;
  /** Of each snapshot the tree, and what was given up since. */
  readonly trees: Map<number, { tree: Map<string, string>; gone: string[] }>;
}

async function live(
  world: World,
  steps: readonly Step[],
  keys: TestKeys | undefined,
  seen: Map<string, number>,
): Promise<void> {
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const life: Life = { world, keys, count, trees: new Map() };
  for (const path of ["a/a", "a/b/c", "b/a", "c"]) apply(world, { do: "write", path, to: 1 });
  for (const { edits, ...one } of steps) {
    for (const each of edits) apply(world, each);
    world.clock.time += 3_600_000_000_000n;
    await backUp(life);
    if (one.then.startsWith("forget")) forgetOthers(world, one.which);
    if (one.then.endsWith("prune")) await pruneAll(life, one);
    else if (one.then === "delete") await deleteOne(life, one);
    else if (one.then === "lose") await losePack(life, one.which);
    world.verify();
  }
  await backUp(life);
  await keeps(life);
  const before = packedTree(world.log.index);
  const none = () => Promise.resolve(undefined);
  const opener = () => Promise.resolve(keys?.opener);
  await rebuildFromPacks(world, { coding: bodyCoding(platformHashing, { sealer: none, opener }) });
  assert.deepEqual(packedTree(world.log.index), before);
  count("rebuilt");
}

async function optionsOf({ world, keys }: Life) {
  return await packOptions(world, keys, { chunkThreshold: 2 ** 20, packSize: 2 ** 22 });
}

async function backUp(life: Life): Promise<void> {
  const { world, trees } = life;
  const packs = await optionsOf(life);
  const { snapshot } = await world.backup({ packs, scan: { acceptDeletions: true } });
  await shipNow(world);
  trees.set(snapshot!, { tree: describe(world.source), gone: [] });
}

function forgetOthers(world: World, which: number): void {
  const kept = world.log.index.snapshots().filter(({ forgotten }) => forgotten === 0);
  const left = kept.slice(0, -1).filter((_, i) => i !== which % 3);
  forget(world, ...left.map(({ position }) => position));
}

async function pruneAll(life: Life, { maxDead, fromStore, cutAt }: Omit<Step, "edits">) {
  const { world, keys, count } = life;
  const test = {
    ...{ packs: await optionsOf(life), maxDead },
    ...(keys === undefined ? {} : { keys }),
    ...(fromStore ? { noSource: true as const } : {}),
  };
  const accept = ({ counts, left }: PackPlan) => {
    if (counts.delete > 0) count("deleted");
    if (counts.repack > 0) count("repacked");
    if (counts.merge > 0) count("merged");
    assert.deepEqual(left, []);
    return Promise.resolve(true);
  };
  const cutPrune = () => prunePacksOf(world, { ...test, accept });
  if (cutAt !== undefined && await cutOff(world, cutAt, cutPrune)) count("cut off");
  await prunePacksOf(world, { ...test, accept });
  assert.deepEqual((await prunePacksOf(world, test)).plan.steps, [], "nothing is left to prune");
}

async function deleteOne(life: Life, { which, fromStore, cutAt }: Omit<Step, "edits">) {
  const { world, keys, count, trees } = life;
  const path = PLACES[which % PLACES.length];
  const test = {
    ...{ packs: await optionsOf(life), force: true },
    accept: () => Promise.resolve(true).finally(() => count("given up")),
    ...(keys === undefined ? {} : { keys }),
    ...(fromStore ? { noSource: true as const } : {}),
  };
  for (const { gone } of trees.values()) gone.push(path);
  const isThere = (error: unknown) => {
    if (error instanceof HoldfastError && error.kind === "usage") return undefined;
    throw error;
  };
  const cutDelete = () => deletePackedOf(world, [path], test).catch(isThere);
  if (cutAt !== undefined && await cutOff(world, cutAt, cutDelete)) count("cut off");
  await deletePackedOf(world, [path], test).catch(isThere);
}

/** Found missing, packed again from the source, and its remains deleted. */
async function losePack(life: Life, which: number): Promise<void> {
  const { world, trees } = life;
  const all = packKeys(world);
  const key = all[which % all.length];
  world.store.objects.delete(key);
  assert.equal((await check(world, {}, life.keys)).exitCode, 5);
  await backUp(life);
  const packs = await optionsOf(life);
  const report = await deletePackedOf(world, [key], { packs, force: true, noSource: true });
  assert.equal(report.exitCode, 0);
  // What only snapshots had of it is gone.
  const now = describe(world.source);
  for (const { tree, gone } of trees.values()) {
    for (const [path, line] of tree) if (now.get(path) !== line) gone.push(path);
  }
  world.signals.length = 0;
  await backUp(life);
}

async function keeps(life: Life): Promise<void> {
  const { world, keys, trees, count } = life;
  world.signals.length = 0;
  const report = await check(world, { readData: 100, snapshots: true }, keys);
  assert.equal(report.exitCode, 0, complaints(world).join("\n"));
  assert.equal(world.log.index.unstoredTotals().entries, 0);
  assert.equal(world.log.index.deletions().length, 0);
  for (const { position, forgotten } of world.log.index.snapshots()) {
    if (forgotten !== 0) continue;
    const { tree, gone } = trees.get(position)!;
    const restored = await restoredTree(life, position, gone.length > 0);
    for (const [path, line] of tree) {
      const isGone = gone.some((one) => path === one || path.startsWith(`${one}/`));
      if (!isGone || restored.has(path)) assert.equal(restored.get(path), line, path);
    }
    assert.ok(restored.size <= tree.size);
    count(gone.length > 0 ? "partial snapshot" : "older snapshot");
  }
}

async function restoredTree(
  { world, keys }: Life,
  snapshot: number,
  mayLack: boolean,
): Promise<Map<string, string>> {
  const to = Deno.makeTempDirSync({ dir: world.folder });
  const opener = keys === undefined ? {} : { opener: keys.opener };
  const wanted = { kind: "snapshot" as const, snapshot };
  const { exitCode } = await world.restore(to, { wanted, ...opener });
  assert.ok(exitCode === 0 || (mayLack && exitCode === 3), complaints(world).join("\n"));
  return describe(to);
}

let serial = 0;

function apply({ source }: World, one: Edit): void {
  const path = `${source}/${one.path}`;
  try {
    if (one.do === "write" || one.do === "large" || one.do === "link") {
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    }
    switch (one.do) {
      case "write":
        // Empty, the same as another one, or one of its own.
        return Deno.writeTextFileSync(
          path,
          one.to === 0 ? "" : one.to === 1 ? "same" : `${serial++} `.repeat(one.to * 3000),
        );
      case "large":
        return Deno.writeFileSync(path, largeContent(serial++));
      case "link":
        return Deno.symlinkSync(`to ${serial++ % 3}`, path);
      case "move":
        return Deno.renameSync(path, `${source}/${one.to}`);
      case "copy":
        return Deno.copyFileSync(path, `${source}/${one.to}`);
      case "remove":
        return Deno.removeSync(path, { recursive: true });
      case "folder":
        return Deno.mkdirSync(path, { recursive: true });
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/** Chunks of which most are those of others. */
function largeContent(nth: number): Uint8Array {
  const bytes = new Uint8Array(2_500_000);
  let state = 7;
  for (let i = 0; i < bytes.length; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    bytes[i] = state >>> 16;
  }
  bytes.fill(nth % 5, 2_000_000, 2_000_100);
  return bytes;
}

/** Each path with what it is. */
function describe(root: string): Map<string, string> {
  const lines = new Map<string, string>();
  const visit = (path: string) => {
    const full = `${root}/${path}`;
    const { mode, mtime, isDirectory, isSymlink } = Deno.lstatSync(full);
    if (isSymlink) return void lines.set(path, `-> ${Deno.readLinkSync(full)}`);
    if (!isDirectory) {
      return void lines.set(path, `${mtime!.getTime()} ${Deno.readTextFileSync(full)}`);
    }
    if (path !== "") lines.set(path, `folder ${mode! & 0o777}`);
    for (const name of [...Deno.readDirSync(full)].map(({ name }) => name).sort()) {
      visit(path === "" ? name : `${path}/${name}`);
    }
  };
  visit("");
  return lines;
}
