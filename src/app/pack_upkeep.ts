import { checkLayout } from "../core/repository_file.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Opener } from "../ports/cipher.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Replayer } from "../ports/replay.ts";
import type { PackLedger, WorkTables } from "../ports/work_tables.ts";
import { breather } from "./breather.ts";
import { closePacks } from "./close_packs.ts";
import { executeDeletions } from "./delete_objects.ts";
import type { PackContext, PackOptions } from "./pack_context.ts";
import { type PackHomes, packHomes } from "./pack_homes.ts";
import { type PackReader, packReader } from "./pack_reader.ts";
import { readOwnRepository } from "./read_repository.ts";
import { inRun } from "./run.ts";
import type { LogShipper } from "./ship_log.ts";
import { type NamedSource, type SourceContents, sourceContents } from "./source_contents.ts";
import type { OwnerNames } from "./store_context.ts";
import { storeContext } from "./store_entries.ts";

export interface PackUpkeepDeps {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly environment: Environment;
  readonly hashing: Hashing;
  readonly replayer: Replayer;
  readonly work: WorkTables;
  readonly owners: OwnerNames;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
  readonly shipper: LogShipper;
  /** Sends what the run's changes of records amount to. */
  readonly shipRenames: (run: string) => Promise<void>;
  /** Undefined where no identity was named: encrypted packs cannot be read. */
  readonly identities: () => Promise<Opener | undefined>;
  /** Where contents may be had from, too. */
  readonly sources: readonly NamedSource[];
  /** The job locks what it stores. */
  readonly isLocking?: boolean;
}

export interface PackUpkeepOptions {
  readonly config: string;
  readonly storageClass: string;
  readonly minArchiveSize: number;
  readonly partSize: number;
  readonly workers: number;
  readonly packs: PackOptions;
  /** The log is volatile: nothing is written, the plan is the result. */
  readonly dryRun: boolean;
}

/** What the parts of a `prune` or `delete` of packs share. */
export interface PackUpkeep {
  readonly deps: PackUpkeepDeps;
  readonly run: string;
  readonly context: PackContext;
  readonly ledger: PackLedger;
  readonly homes: PackHomes;
  readonly sources: SourceContents;
  readonly reader: PackReader;
  readonly breathe: () => Promise<void> | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Runs one command over packs: what an earlier run has begun is finished first. */
export async function inPackUpkeep<Result>(
  deps: PackUpkeepDeps,
  options: PackUpkeepOptions & { readonly command: string },
  work: (upkeep: PackUpkeep) => Promise<{
    readonly result: Result;
    readonly outcome: number;
    readonly totals: Record<string, string>;
  }>,
): Promise<Result> {
  const { log, store, environment, shipper } = deps;
  const repository = await readOwnRepository(store, log, options.packs.recipients);
  checkLayout(repository, "pack", store.url);
  const start = {
    ...{ command: options.command, config: options.config },
    ...(options.dryRun ? {} : { shipper }),
  };
  return await inRun(log, environment, start, async (run) => {
    const context = contextOf(deps, options, run);
    if (!options.dryRun) await finishEarlier(deps, context);
    const ledger = deps.work.packLedger();
    const sources = sourceContents(log.index, deps.sources);
    const breathe = breather(environment.clock, deps.signal);
    const { hashing, identities } = deps;
    const reader = packReader({ store, packs: log.index.packs, identities, hashing, breathe });
    try {
      return await work({
        ...{ deps, run, context, ledger, homes: packHomes(log), sources, reader, breathe },
        now: Number(environment.clock.now() / 1_000_000n),
      });
    } finally {
      ledger.close();
      await sources.close();
    }
  });
}

function contextOf(deps: PackUpkeepDeps, options: PackUpkeepOptions, run: string): PackContext {
  const { log, store, hashing, owners, environment, emit, signal, shipper } = deps;
  const { storageClass, minArchiveSize, partSize, workers, packs } = options;
  const scan = {
    ...{ log, run, clock: environment.clock, sha256: hashing.sha256, emit, signal },
    inPacks: true,
  };
  return {
    ...storeContext(scan, {
      ...{ store, hashing, owners, sources: new Map() },
      ...{ ship: () => shipper.shipIfDue(), stillOurs: () => shipper.stillOurs() },
      ...{ storageClass, minArchiveSize, partSize, workers },
    }),
    packs,
  };
}

/** Packs that were begun are closed, and deletions that were decided are done. */
async function finishEarlier(deps: PackUpkeepDeps, context: PackContext): Promise<void> {
  await closePacks(context);
  await finishDeletions(deps, context);
}

/** Those of this run, too. */
export async function finishDeletions(
  { store, shipper }: PackUpkeepDeps,
  context: PackContext,
): Promise<void> {
  await executeDeletions({ ...context, store, ship: () => shipper.ship() });
}
