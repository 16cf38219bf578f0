import type { PackUpkeepDeps, PackUpkeepOptions } from "../app/pack_upkeep.ts";
import { shipRenames } from "../app/ship_renames.ts";
import type { RunInput } from "../cli/runner.ts";
import { configDigest } from "./config_digest.ts";
import { ownerNames } from "./owner_names.ts";
import { openSource } from "./open_source.ts";
import { packOptionsOf } from "./pack_options.ts";
import { withUpkeep } from "./upkeep.ts";
import { WHOLE } from "./with_past.ts";

/** What `prune` and `delete` of packs work with: the sources, too, which may have what is needed. */
export async function withPackUpkeep<Options, Result>(
  input: RunInput<Options>,
  use: (deps: PackUpkeepDeps, options: PackUpkeepOptions) => Promise<Result>,
): Promise<Result> {
  const { job, globals } = input;
  return await withUpkeep(input, async (deps) => {
    const { log, store, environment, coding } = deps;
    const sources = job.sources.map((source) => ({
      ...{ name: source.name, source: openSource(input, source) },
    }));
    return await use({
      ...deps,
      ...{ sources, owners: ownerNames() },
      shipRenames: async (run) => void await shipRenames({ log, store, run, coding }),
    }, {
      config: configDigest(job),
      storageClass: job.storageClass,
      minArchiveSize: job.minArchiveSize,
      partSize: job.partSize,
      workers: job.uploadWorkers,
      packs: await packOptionsOf(job, environment),
      dryRun: globals.dryRun,
    });
  }, WHOLE);
}
