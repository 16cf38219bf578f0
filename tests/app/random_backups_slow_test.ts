import assert from "node:assert/strict";
import fc from "fast-check";
import { HoldfastError } from "../../src/core/error.ts";
import { inWorld, type World } from "./app_world.ts";
import { seed } from "../seed.ts";

/**
 * Random lives of a folder: edits of all kinds, backups, some of them cut off by the store at any
 * request. Each snapshot gives back the tree as it was, and the log proves it.
 */
const HISTORIES = 1000;

const NAMES = ["a", "b", "\u00e9", "c d"];
const name = fc.constantFrom(...NAMES);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));

type Edit =
  | { do: "write"; path: string; text: string }
  | { do: "append"; path: string; text: string }
  | { do: "remove" | "folder" | "chmod" | "touch" | "rewrite"; path: string }
  | { do: "symlink"; path: string; target: string }
  | { do: "link" | "move"; path: string; to: string };

interface Step {
  readonly edits: readonly Edit[];
  /** The request at which the run ends; never where it is not reached. */
  readonly failAt: number | undefined;
  /** The store fails, before the request or after it; or the process dies before or after. */
  readonly how: "before" | "after" | "killed before" | "killed after";
}

const text = fc.constantFrom("", "x", "y", "xy", "long ".repeat(50));
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ do: fc.constant("write" as const), path, text }),
  fc.record({ do: fc.constant("append" as const), path, text }),
  fc.record({
    do: fc.constantFrom(
      ...["remove", "folder", "chmod", "touch", "rewrite"] as const,
    ),
    path,
  }),
  fc.record({ do: fc.constant("symlink" as const), path, target: name }),
  fc.record({ do: fc.constantFrom("link" as const, "move" as const), path, to: path }),
);
const step: fc.Arbitrary<Step> = fc.record({
  edits: fc.array(edit, { minLength: 1, maxLength: 6 }),
  failAt: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined, freq: 2 }),
  how: fc.constantFrom("before", "after", "killed before", "killed after"),
});

Deno.test(`${HISTORIES} random lives of a folder come back as they were (seed ${seed})`, async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 4 }),
      fc.boolean(),
      (steps, versions) => inWorld((world) => live(world, steps, seen, versions), { versions }),
    ),
    { numRuns: HISTORIES, seed },
  );
  for (
    const what of [
      "before",
      "after",
      "killed before",
      "killed after",
      "whole",
      "older snapshot",
      "equal",
    ]
  ) {
    assert.ok((seen.get(what) ?? 0) >= 50, `${what}: ${seen.get(what)} times`);
  }
});

async function live(
  world: World,
  steps: readonly Step[],
  seen: Map<string, number>,
  versions: boolean,
): Promise<void> {
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const trees = new Map<number, string[]>();
  const options = { scan: { acceptDeletions: true }, partSize: 100 };
  for (const step of steps) {
    for (const edit of step.edits) apply(world.source, edit);
    const revive = interrupt(world, step);
    setClock(world);
    try {
      const report = await world.backup(options);
      trees.set(report.snapshot!, describe(world.source));
      if (report.stored.equal > 0) count("equal");
      count("whole");
    } catch (error) {
      assert.ok(error instanceof HoldfastError && error.kind === "unreachable", String(error));
      count(step.how);
    } finally {
      revive();
    }
    world.reopen();
  }
  setClock(world);
  const last = await world.backup(options);
  trees.set(last.snapshot!, describe(world.source));
  assert.equal(world.store.uploads.size, 0, "no upload is left open");
  world.verify();
  let number = 0;
  for (const [snapshot, expected] of trees) {
    // Without versions an older state may have been overwritten, but never the last one.
    if (!versions && snapshot !== last.snapshot) continue;
    const to = `${world.folder}/restored-${number++}`;
    const report = await world.restore(to, { wanted: { kind: "snapshot", snapshot } });
    assert.equal(report.exitCode, 0, `of snapshot ${snapshot}`);
    assert.deepEqual(describe(to), expected, `of snapshot ${snapshot}`);
    if (snapshot !== last.snapshot) count("older snapshot");
  }
  world.verify();
  await nothingMore(world);
}

/** The time it is, so that what was edited just now is racy. */
function setClock(world: World): void {
  world.clock.time = BigInt(Date.now()) * 1_000_000n;
}

/** Lets the run end as the step says; a process that was killed writes nothing more anywhere. */
function interrupt(world: World, { failAt, how }: Step): () => void {
  let requests = 0;
  let dead = false;
  const die = () => {
    dead = how.startsWith("killed");
    throw new HoldfastError("unreachable", "cut off");
  };
  const { log } = world;
  world.log = {
    ...log,
    append(...args) {
      if (dead) die();
      return log.append(...args);
    },
  };
  world.store.before = () => {
    if (dead || (++requests === failAt && how.endsWith("before"))) die();
  };
  world.store.after = () => {
    if (dead || (requests === failAt && how.endsWith("after"))) die();
  };
  return () => {
    world.store.before = () => {};
    world.store.after = () => {};
    world.log = log;
  };
}

/** Once settled, a run has nothing to say. */
async function nothingMore(world: World): Promise<void> {
  world.clock.time += 3_600_000_000_000n;
  await world.backup({ partSize: 100 });
  const before = world.log.head().position;
  world.store.requests.length = 0;
  const report = await world.backup({ partSize: 100 });
  assert.deepEqual(world.observations(before), []);
  assert.deepEqual([report.stored.objects, report.stored.equal], [0, 0]);
  assert.equal(world.store.requests.length, 1, "only repository.json is asked for");
}

/** Edits that the tree does not allow do nothing. */
function apply(root: string, edit: Edit): void {
  const path = `${root}/${edit.path}`;
  const parent = path.slice(0, path.lastIndexOf("/"));
  try {
    switch (edit.do) {
      case "write":
        Deno.mkdirSync(parent, { recursive: true });
        return Deno.writeTextFileSync(path, edit.text);
      case "append":
        return Deno.writeTextFileSync(path, edit.text, { append: true });
      case "rewrite": // Another content of the same size, its mtime put back.
        return rewrite(path);
      case "remove":
        return Deno.removeSync(path, { recursive: true });
      case "folder":
        return Deno.mkdirSync(path, { recursive: true });
      case "chmod":
        return Deno.chmodSync(path, Deno.lstatSync(path).mode! & 0o777 ^ 0o011);
      case "touch":
        return Deno.utimeSync(path, 1_600_000_000, 1_600_000_000 + edit.path.length);
      case "symlink":
        Deno.mkdirSync(parent, { recursive: true });
        return Deno.symlinkSync(edit.target, path);
      case "link":
        return Deno.linkSync(path, `${root}/${edit.to}`);
      case "move":
        return Deno.renameSync(path, `${root}/${edit.to}`);
    }
  } catch (error) {
    if (!(error instanceof Error) || error instanceof assert.AssertionError) throw error;
  }
}

function rewrite(path: string): void {
  const { isFile, size, mtime } = Deno.lstatSync(path);
  if (!isFile) return;
  Deno.writeTextFileSync(path, "z".repeat(size));
  Deno.utimeSync(path, mtime!, mtime!);
}

/** Everything that a restore brings back, one line an entry; hard links by the first of their names. */
function describe(root: string): string[] {
  const lines: string[] = [];
  const firsts = new Map<number, string>();
  const visit = (path: string) => {
    const full = `${root}/${path}`;
    const { mode, mtime, isDirectory, isSymlink, ino, nlink } = Deno.lstatSync(full);
    const common = `${path} ${(mode! & 0o7777).toString(8)} ${mtime!.getTime()}`;
    if (isSymlink) return void lines.push(`${path} -> ${Deno.readLinkSync(full)}`);
    if (isDirectory) {
      lines.push(`${common} folder`);
      const names = [...Deno.readDirSync(full)].map(({ name }) => name).sort();
      for (const name of names) visit(path === "" ? name : `${path}/${name}`);
      return;
    }
    const first = nlink! > 1 ? firsts.get(ino!) : undefined;
    if (first !== undefined) return void lines.push(`${path} = ${first}`);
    firsts.set(ino!, path);
    lines.push(`${common} ${Deno.readTextFileSync(full)}`);
  };
  visit("");
  return lines;
}
