import assert from "node:assert/strict";
import type { BackupOptions } from "../../src/app/backup.ts";
import { PACK_INDEX_PREFIX } from "../../src/core/pack/pack_layout.ts";
import { shell } from "../sources/tree_tools.ts";
import { treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { packOptions, type TestKeys } from "./pack_world.ts";
import { check, complaints } from "./upkeep.ts";

/** A backup of what the command makes of the source: its snapshot. Files above 1 MiB are in chunks. */
export async function backupWith(
  world: World,
  command: string,
  keys?: TestKeys,
  more: Partial<BackupOptions> = {},
): Promise<number> {
  shell(world.source, command);
  const packs = await packOptions(world, keys, { chunkThreshold: 2 ** 20 });
  const { snapshot } = await world.backup({ packs, scan: { acceptDeletions: true }, ...more });
  return snapshot!;
}

/** The command that makes a file of so many bytes. */
export function randomFile(name: string, bytes: number): string {
  return `head -c ${bytes} /dev/urandom > ${name}`;
}

/** The tree of a snapshot, the present one by default. */
export async function restored(world: World, wanted?: number, keys?: TestKeys) {
  const to = Deno.makeTempDirSync({ dir: world.folder });
  const report = await world.restore(to, {
    wanted: wanted === undefined ? { kind: "head" } : { kind: "snapshot", snapshot: wanted },
    ...(keys === undefined ? {} : { opener: keys.opener }),
  });
  assert.equal(report.exitCode, 0, complaints(world).join("\n"));
  return treeOf(to);
}

/** What is kept can be restored, and a check that reads every byte finds nothing wrong. */
export async function assertWhole(world: World, keys?: TestKeys): Promise<void> {
  assert.deepEqual(await restored(world, undefined, keys), treeOf(world.source));
  const report = await check(world, { readData: 100, snapshots: true }, keys);
  assert.equal(report.exitCode, 0, complaints(world).join("\n"));
  world.verify();
}

export function indexCount({ store }: World): number {
  return [...store.objects.keys()].filter((key) => key.startsWith(PACK_INDEX_PREFIX)).length;
}

/** The process dies at the nth step, a request or an append, before or after it; false where it did not. */
export async function cutOff(
  world: World,
  stop: number,
  run: () => Promise<unknown>,
): Promise<boolean> {
  const { log } = world;
  let seen = 0;
  let dead = false;
  const step = () => {
    if (dead || ++seen === stop) {
      dead = true;
      throw failure("unreachable", "cut off", "");
    }
  };
  world.log = {
    ...log,
    append(...args) {
      step();
      return log.append(...args);
    },
  };
  world.store.before = world.store.after = (operation) => {
    if (operation !== "get" && operation !== "head" && operation !== "list") step();
  };
  await run().catch((error) => {
    if (!dead) throw error;
  });
  world.store.before = world.store.after = () => {};
  world.log = log;
  world.reopen();
  world.signals.length = 0;
  return dead;
}
