import { heal, type HealOptions, type HealReport } from "../../src/app/heal.ts";
import { noShipping } from "../../src/app/ship_log.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { openLocalSource } from "../../src/sources/local/local_source.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { folderOf } from "../sqlite/log_fixture.ts";
import type { World } from "./app_world.ts";

/** `holdfast heal` of a world; without a source nothing can be had from there. */
export function healStore(
  world: World,
  { source = world.source, ...more }: Partial<HealOptions> & { source?: string } = {},
): Promise<HealReport> {
  const { log, store, environment, signals } = world;
  return heal({
    ...{ log, store, environment, hashing: platformHashing, owners: () => ({}) },
    work: sqliteWorkTables(folderOf(world.stateFile)),
    ...{ shipper: noShipping, shipRenames: () => Promise.resolve() },
    emit: (signal) => void signals.push(signal),
    signal: new AbortController().signal,
  }, {
    ...{ config: "", storageClass: "STANDARD", minArchiveSize: 0, partSize: 1 << 20, workers: 4 },
    ...{ dryRun: false, sources: [{ name: "", source: openLocalSource(source) }] },
    accept() {},
    ...more,
  });
}

/** Other bytes of the same length in the place of the newest version, ETag and size as they were. */
export function rot({ store }: World, key: string): void {
  const versions = store.objects.get(key)!;
  const last = versions.pop()!;
  const body = last.body.slice();
  body[Math.floor(body.length / 2)] ^= 1;
  versions.push({ ...last, body });
}
