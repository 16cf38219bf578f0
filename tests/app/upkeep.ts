import { type CheckOptions, checkStore } from "../../src/app/check_store.ts";
import { prune, type PruneOptions } from "../../src/app/prune.ts";
import { undoRun, type UndoTold } from "../../src/app/undo_run.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { folderOf, sha256 } from "../sqlite/log_fixture.ts";
import type { World } from "./app_world.ts";

/** `check`, `prune` and `undo` of a world. */
function depsOf(world: World) {
  const { log, store, environment, stateFile, signals } = world;
  const folder = folderOf(stateFile);
  return {
    ...{ log, store, environment, hashing: platformHashing },
    replayer: sqliteReplayer(folder, sha256),
    work: sqliteWorkTables(folder),
    emit: (signal: World["signals"][number]) => void signals.push(signal),
    signal: new AbortController().signal,
  };
}

export function check(world: World, options: Partial<CheckOptions> = {}) {
  return checkStore(depsOf(world), {
    ...{ config: "", readData: undefined, snapshots: false },
    ...options,
  });
}

export function pruneStore(world: World, options: Partial<PruneOptions> = {}) {
  return prune(depsOf(world), { config: "", accept: () => Promise.resolve(true), ...options });
}

export async function undo(world: World, run = "last") {
  const told: string[] = [];
  const report = await undoRun(depsOf(world), {
    ...{ run, config: "" },
    told: (step: UndoTold, place) => void told.push(`${step} ${place}`),
  });
  return { ...report, told: told.sort() };
}

/** Marks snapshots as `forget` does. */
export function forget(world: World, ...positions: (number | undefined)[]): void {
  const snapshots = positions.map((position) => ({ position: position!, reason: "named" }));
  world.log.append("ee".repeat(16), [{ type: "SnapshotForgotten", data: { snapshots } }]);
}

/** Versions of a key, oldest first, "-" for a delete marker. */
export function versionsOf({ store }: World, key: string): string[] {
  return (store.objects.get(key) ?? []).map(({ body, marker }) =>
    marker ? "-" : new TextDecoder().decode(body)
  );
}

/** The reasons of the entry errors that were told, as "path: reason". */
export function complaints({ signals }: World): string[] {
  return signals.flatMap((signal) =>
    signal.kind === "entry-error" ? [`${signal.path}: ${signal.reason}`] : []
  );
}
