import assert from "node:assert/strict";
import fc from "fast-check";
import { HoldfastError } from "../../src/core/error.ts";
import { seed } from "../seed.ts";
import { inWorld, type World } from "./app_world.ts";
import { check, complaints, forget, pruneStore, undo } from "./upkeep.ts";

/**
 * Random lives of a repository: edits, backups, and after each of these a run undone, snapshots
 * forgotten, a prune, some of them cut off. Whatever is kept can be restored, a check finds nothing
 * wrong, and of a store with versions nothing but what is needed is left.
 */
const HISTORIES = Number(Deno.env.get("HISTORIES") ?? 200);

const PLACES = ["a", "b", "c", "a/a", "a/b", "b/a", "b/c", "c/a", "a/b/c"];
const place = fc.constantFrom(...PLACES);
const edit = fc.oneof(
  fc.record({
    do: fc.constantFrom("write" as const, "write" as const),
    path: place,
    to: fc.nat(5),
  }),
  fc.record({ do: fc.constantFrom("remove" as const, "folder" as const), path: place }),
  fc.record({ do: fc.constant("move" as const), path: place, to: place }),
);
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never;

const step = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 5 }),
  then: fc.constantFrom(
    ...["nothing", "undo", "undo and prune", "forget", "prune", "forget and prune"] as const,
  ),
  /** Which of the snapshots that are kept. */
  which: fc.nat(3),
  /** The request or the append at which the prune or undo is cut off. */
  cutAt: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 2 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

Deno.test(`${HISTORIES} random lives of a repository keep what is kept (seed ${seed})`, async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 6 }),
      fc.record({
        versions: fc.boolean(),
        delete: fc.boolean(),
        renames: fc.constantFrom(...["auto", "copy", "alias"] as const),
      }),
      (steps, job) => inWorld((world) => live(world, steps, job, seen), job),
    ),
    { numRuns: HISTORIES, seed },
  );
  for (const what of ["undone", "lost", "pruned", "cut off", "older snapshot"]) {
    assert.ok((seen.get(what) ?? 0) >= HISTORIES / 20, `${what}: ${seen.get(what)} times`);
  }
});

interface Job {
  readonly versions: boolean;
  readonly delete: boolean;
  readonly renames: "auto" | "copy" | "alias";
}

async function live(world: World, steps: readonly Step[], job: Job, seen: Map<string, number>) {
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const trees = new Map<number, string[]>();
  const options = { scan: { acceptDeletions: true }, delete: job.delete, renames: job.renames };
  for (const path of ["a/a", "a/b/c", "b/a", "c"]) apply(world, { do: "write", path, to: 0 });
  let before: string[] = [];
  for (const { edits, then, which, cutAt } of steps) {
    for (const one of edits) apply(world, one);
    world.clock.time += 3_600_000_000_000n;
    const { snapshot } = await world.backup(options);
    const now = describe(world.source);
    trees.set(snapshot!, now);
    if (then.startsWith("forget")) forgetOne(world, which);
    if (then.startsWith("undo")) {
      const lost = await undoLast(world, cutAt, count);
      count(lost === 0 ? "undone" : "lost");
      if (then === "undo and prune" && trees.size > 1) await pruneAll(world, job, cutAt, count);
      if (lost === 0) assert.deepEqual(await restored(world, { kind: "head" }), before, "undone");
      world.verify();
      await world.backup(options).then(({ snapshot }) => trees.set(snapshot!, now));
    } else if (then.endsWith("prune")) await pruneAll(world, job, cutAt, count);
    before = now;
    world.verify();
  }
  await keeps(world, trees, count);
}

async function undoLast(world: World, cutAt: number | undefined, count: (what: string) => void) {
  const revive = cutOff(world, cutAt);
  const cut = await undo(world).then((report) => report, (error) => {
    assert.ok(error instanceof HoldfastError && error.kind === "unreachable", error.stack);
    count("cut off");
    return undefined;
  });
  revive();
  world.reopen();
  const done = world.events("Undone").at(-1)?.data;
  const [newest] = world.log.index.runs(99).filter(({ command }) => command === "backup");
  if (done?.run === newest.run) return Number(done.lost);
  return (cut ?? await undo(world)).lost;
}

async function pruneAll(
  world: World,
  job: Job,
  cutAt: number | undefined,
  count: (what: string) => void,
): Promise<void> {
  const revive = cutOff(world, cutAt);
  await pruneStore(world).then(({ deleted }) => count(deleted > 0 ? "pruned" : "idle"), (error) => {
    assert.ok(error instanceof HoldfastError && error.kind === "unreachable", error.stack);
    count("cut off");
  });
  revive();
  world.reopen();
  await pruneStore(world);
  assert.equal((await pruneStore(world)).plan.objects, 0, "nothing is left to prune");
  if (job.versions) await nothingElseIsLeft(world);
}

/** Each version in the store is an entry's, or a kept snapshot's. */
async function nothingElseIsLeft(world: World): Promise<void> {
  const needed = (await check(world, { snapshots: true })).snapshotContents;
  const contents = new Set<string>();
  for (const item of world.log.index.touched(0, undefined, 9999)) {
    const { content, state } = item.row;
    if ((state & 1) !== 0 || content.etag === null) continue;
    const key = item.isFolder
      ? world.log.index.keys.ofFolder(item.row)
      : world.log.index.keys.ofEntry(item.row);
    contents.add(`${key} ${content.version}`);
  }
  let versions = 0;
  for (const [key, all] of world.store.objects) {
    const isOwn = key.startsWith(".holdfast/") && !key.startsWith(".holdfast/content/");
    if (!isOwn) versions += all.filter(({ marker }) => !marker).length;
  }
  // A content that several snapshots had in different places is counted for each of them.
  assert.ok(versions <= contents.size + needed, `${versions} versions`);
}

function forgetOne(world: World, which: number): void {
  const kept = world.log.index.snapshots().filter(({ forgotten }) => forgotten === 0);
  if (kept.length > 1) forget(world, kept[which % (kept.length - 1)].position);
}

async function keeps(
  world: World,
  trees: ReadonlyMap<number, string[]>,
  count: (what: string) => void,
): Promise<void> {
  const report = await check(world, { readData: 100 });
  assert.equal(report.exitCode, 0, complaints(world).join("\n"));
  for (const { position, forgotten, lost } of world.log.index.snapshots()) {
    if (forgotten !== 0 || lost !== 0) continue;
    const tree = await restored(world, { kind: "snapshot", snapshot: position });
    assert.deepEqual(tree, trees.get(position), `snapshot ${position}`);
    count("older snapshot");
  }
  await world.backup({ scan: { acceptDeletions: true } });
  assert.deepEqual(await restored(world, { kind: "head" }), describe(world.source));
  world.verify();
}

async function restored(
  world: World,
  wanted: { kind: "head" } | { kind: "snapshot"; snapshot: number },
): Promise<string[]> {
  const to = Deno.makeTempDirSync({ dir: world.folder });
  const report = await world.restore(to, { wanted });
  assert.equal(report.exitCode, 0, complaints(world).join("\n"));
  return describe(to);
}

/** The process dies at a request that changes something, or at an append. */
function cutOff(world: World, at: number | undefined): () => void {
  const { log } = world;
  let seen = 0;
  let dead = false;
  const step = () => {
    dead ||= ++seen === at;
    if (dead) throw new HoldfastError("unreachable", "cut off");
  };
  world.log = {
    ...log,
    append(...args) {
      step();
      return log.append(...args);
    },
  };
  world.store.before = (operation) => {
    if (operation === "delete") step();
  };
  return () => {
    world.store.before = () => {};
    world.log = log;
  };
}

let serial = 0;

function apply({ source }: World, one: Edit): void {
  const path = `${source}/${one.path}`;
  try {
    if (one.do === "write") {
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      // Not a content that another file has, most of the time.
      return Deno.writeTextFileSync(
        path,
        one.to === 0 ? "same" : `${serial++ % 7} `.repeat(one.to),
      );
    }
    if (one.do === "move") return Deno.renameSync(path, `${source}/${one.to}`);
    if (one.do === "remove") return Deno.removeSync(path, { recursive: true });
    Deno.mkdirSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

function describe(root: string): string[] {
  const lines: string[] = [];
  const visit = (path: string) => {
    const full = `${root}/${path}`;
    const { mode, mtime, isDirectory } = Deno.lstatSync(full);
    if (!isDirectory) {
      lines.push(`${path} ${mtime!.getTime()} ${Deno.readTextFileSync(full)}`);
      return;
    }
    if (path !== "") lines.push(`${path}/ ${mode! & 0o777}`);
    for (const name of [...Deno.readDirSync(full)].map(({ name }) => name).sort()) {
      visit(path === "" ? name : `${path}/${name}`);
    }
  };
  visit("");
  return lines;
}
