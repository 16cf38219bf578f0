import { type CheckOptions, checkStore } from "../../src/app/check_store.ts";
import { bodyCoding } from "../../src/app/stored_body.ts";
import { deletePacked, type DeletePackedOptions } from "../../src/app/delete_packed.ts";
import { prune, type PruneOptions } from "../../src/app/prune.ts";
import { prunePacks, type PrunePacksOptions } from "../../src/app/prune_packs.ts";
import { type LogShipper, noShipping } from "../../src/app/ship_log.ts";
import type { PackOptions } from "../../src/app/pack_context.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";
import { undoRun, type UndoTold } from "../../src/app/undo_run.ts";
import { REPOSITORY_KEY } from "../../src/core/mirror/object_key.ts";
import { decodeRepository } from "../../src/core/repository_file.ts";
import { ageSealer } from "../../src/crypto/age_sealer.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { folderOf, sha256 } from "../sqlite/log_fixture.ts";
import type { World } from "./app_world.ts";
import type { TestKeys } from "./pack_world.ts";
import { shipNow } from "./rebuilt_world.ts";

/** What `check`, `prune`, `delete` and `undo` of a world work with. With keys it can read packs. */
export function upkeepDeps(world: World, keys?: TestKeys) {
  const { log, store, environment, stateFile, signals } = world;
  const folder = folderOf(stateFile);
  const identities = () => Promise.resolve(keys?.opener);
  return {
    ...{ identities, coding: bodyCoding(platformHashing, { sealer: none, opener: identities }) },
    ...{ log, store, environment, hashing: platformHashing },
    replayer: sqliteReplayer(folder, sha256),
    work: sqliteWorkTables(folder),
    emit: (signal: World["signals"][number]) => void signals.push(signal),
    signal: new AbortController().signal,
    recipients: recipientsOf(world),
    sealer: () => sealerOf(recipientsOf(world)),
  };
}

async function sealerOf(recipients: readonly string[]) {
  return recipients.length === 0 ? undefined : await ageSealer(recipients);
}

/** A config that is in order: what the repository names. */
function recipientsOf({ store }: World): readonly string[] {
  const file = store.current(REPOSITORY_KEY);
  return file === undefined ? [] : decodeRepository(file.body, store.url).recipients ?? [];
}

const none = () => Promise.resolve(undefined);

export function check(world: World, options: Partial<CheckOptions> = {}, keys?: TestKeys) {
  return checkStore(upkeepDeps(world, keys), {
    ...{ config: "", readData: undefined, snapshots: false, repair: false },
    ...options,
  });
}

export function pruneStore(world: World, options: Partial<PruneOptions> = {}) {
  return prune(upkeepDeps(world), { config: "", accept: () => Promise.resolve(true), ...options });
}

/** Without a source nothing can be had from there. */
export interface PackUpkeepTest extends Partial<Omit<PrunePacksOptions, "accept">> {
  readonly keys?: TestKeys;
  readonly noSource?: true;
  readonly shipper?: LogShipper;
}

export function packUpkeepDeps(world: World, { keys, noSource, shipper }: PackUpkeepTest) {
  const sources = noSource ? [] : [{ name: "", source: openLocalSource(world.source) }];
  return {
    ...upkeepDeps(world, keys),
    ...{ sources, owners: () => ({}), shipper: shipper ?? noShipping },
    // What is recorded anew is in the store before anything goes.
    shipRenames: async () => void await shipNow(world),
  };
}

export function packUpkeepOptions({ packs, ...more }: PackUpkeepTest & { packs: PackOptions }) {
  return {
    ...{ config: "", storageClass: "STANDARD", minArchiveSize: 0, partSize: 1 << 20, workers: 4 },
    ...{ dryRun: false, packs },
    ...more,
  };
}

export function prunePacksOf(
  world: World,
  options: PackUpkeepTest & { packs: PackOptions } & Partial<PrunePacksOptions>,
) {
  return prunePacks(packUpkeepDeps(world, options), {
    ...{ maxDead: 0.5, accept: () => Promise.resolve(true) },
    ...packUpkeepOptions(options),
  });
}

export async function undo(world: World, run = "last") {
  const told: string[] = [];
  const report = await undoRun(upkeepDeps(world), {
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

export function deletePackedOf(
  world: World,
  paths: readonly string[],
  options: PackUpkeepTest & { packs: PackOptions } & Partial<DeletePackedOptions>,
) {
  return deletePacked(packUpkeepDeps(world, options), {
    ...{ force: false, show: () => {}, paths, accept: () => Promise.resolve(true) },
    ...packUpkeepOptions(options),
  });
}
