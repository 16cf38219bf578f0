import type { Genesis } from "../core/event/line.ts";
import type { EventData, Layout } from "../core/event/event.ts";
import type { RebuildOrigins } from "../core/event/rebuild_origins.ts";
import { checkRecipients } from "../core/repository_file.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog, LogHead } from "../ports/event_log.ts";
import type { Signer } from "../ports/signing.ts";
import { readRepository } from "./read_repository.ts";
import { type ReadLog, readLog, type ReadLogDeps } from "./rebuild_base.ts";
import { firstGenesis, type Prefix } from "./rebuild_prefix.ts";
import { inRun, newId } from "./run.ts";
import { logShipper } from "./ship_log.ts";
import { closeParentLog, positionBehind } from "./takeover_closing.ts";

export interface RebuildDeps extends ReadLogDeps {
  readonly environment: Environment;
  /** This machine's key, where it is the one that signs a log. */
  readonly signerOf: (key: string) => Signer | undefined;
  /** A new key, for a log of this machine's own; kept until that log takes over. */
  readonly newSigner: () => Signer;
  /** Looks for what is newer in the repository than the log there; none for a quick look. */
  readonly adopt?: Adopt;
}

export interface RebuildOptions {
  readonly job: string;
  /** SHA-256 of the job's config. */
  readonly config: string;
  /** age recipients that the job's config names: of a machine that goes on with the log. */
  readonly recipients: readonly string[];
}

/** Looks, and appends nothing yet; undefined where nothing is newer than the prefix of the log. */
export type Adopt = (found: FoundPrefix) => Promise<Adoption | undefined>;

export interface FoundPrefix {
  /** For reading: what the segments gave. */
  readonly log: JobLog;
  readonly position: number;
  readonly layout: Layout;
  /** As of the prefix: what the store got before then is in the log. */
  readonly until?: number | undefined;
}

export interface Adoption {
  /**
   * First position of the log that adopts: behind every position that an object or renames object
   * names, so that no two observations share one.
   */
  readonly next: number;
  append(log: JobLog, run: string): Promise<AdoptReport>;
}

export interface AdoptReport {
  readonly objects: number;
  readonly records: number;
  readonly origins: Omit<RebuildOrigins, "segments" | "checkpoint">;
  readonly missing: readonly string[];
  /** What is in the store and in no index, because nothing tells where it belongs. */
  readonly unknown: readonly string[];
}

export interface RebuildReport {
  readonly log: JobLog;
  readonly way: EventData["IndexRebuilt"]["way"];
  readonly segments: number;
  readonly objects: number;
  readonly records: number;
  readonly origins: RebuildOrigins;
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
  /** Where the segments ended. */
  readonly shipped: LogHead;
  /** Of each projection at that position. */
  readonly digests: Readonly<Record<string, string>>;
  /** This machine has the key and goes on with the log. */
  readonly writable: boolean;
}

/**
 * Makes a job's database from the repository alone: repository.json, the log segments, and what is
 * newer than they are. With the key the log goes on; without it nothing is sent to the repository.
 * Throws kind "key" where something is encrypted and cannot be opened, or is to be written for other
 * recipients than until now.
 */
export async function rebuildLog(
  deps: RebuildDeps,
  { job, config, recipients }: RebuildOptions,
): Promise<RebuildReport> {
  const { store, emit, environment } = deps;
  const file = await readRepository(store);
  emit({ kind: "phase", name: "rebuild", subject: store.url });
  const { log, prefix, base } = await readLog(deps, firstGenesis(file, job, store.url));
  try {
    const shipped = log.head();
    const digests = deps.replayer.digests(log);
    const adoption = await deps.adopt?.({
      ...{ log, position: shipped.position, layout: file.layout, until: prefix.until },
    });
    const own = deps.signerOf(log.genesis.key);
    if (own !== undefined) checkRecipients(file, recipients, store.url);
    const found: Found = { log, prefix, base, adoption, own };
    const signer = own ?? (adoption === undefined ? undefined : deps.newSigner());
    if (signer === undefined) return report(found, NOTHING, { shipped, digests });
    // Where the log was not read to its end, its later positions belong to what was lost.
    if (adoption !== undefined || prefix.isCut) {
      const behind = await positionBehind(deps, log.genesis.log, shipped.position);
      const next = Math.max(adoption?.next ?? 0, behind);
      log.beginLog(continuation(log, environment, { key: signer.key, next }));
      if (own !== undefined) await closeParentLog({ ...deps, log });
    }
    const shipper = own === undefined ? undefined : logShipper({ ...deps, log, signer });
    const run = { command: "rebuild", config, ...(shipper === undefined ? {} : { shipper }) };
    return await inRun(log, environment, run, async (id) => {
      const adopted = await adoption?.append(log, id) ?? NOTHING;
      const result = report(found, adopted, { shipped, digests });
      const { way, segments, objects, records, origins } = result;
      const [missing, unknown] = [[...result.missing], [...result.unknown]];
      const data = { way, segments, objects, records, origins, missing, unknown };
      log.append(id, [{ type: "IndexRebuilt", data }], { durable: true });
      return { result, outcome: 0, totals: {} };
    });
  } catch (error) {
    log.close();
    throw error;
  }
}

interface Found {
  readonly log: JobLog;
  readonly prefix: Prefix;
  readonly base: ReadLog["base"];
  readonly adoption: Adoption | undefined;
  readonly own: Signer | undefined;
}

const NOTHING: AdoptReport = { objects: 0, records: 0, origins: {}, missing: [], unknown: [] };

function report(
  { log, prefix, base, adoption, own }: Found,
  { objects, records, origins, missing, unknown }: AdoptReport,
  end: Pick<RebuildReport, "shipped" | "digests">,
): RebuildReport {
  return {
    ...{ log, ...end, objects, records, segments: prefix.segments },
    way: adoption === undefined ? "segments" : prefix.segments === 0 ? "metadata" : "mixed",
    origins: {
      segments: { objects: prefix.segments, events: prefix.events },
      ...(base === undefined ? {} : { checkpoint: base }),
      ...origins,
    },
    missing: [...prefix.missing, ...missing],
    unknown,
    writable: own !== undefined,
  };
}

/** The genesis of a log that goes on where the newest one ends. */
export function continuation(
  log: JobLog,
  environment: Environment,
  { key, next }: { readonly key: string; readonly next?: number },
): Genesis {
  const { repository, log: before, job } = log.genesis;
  const { position, hash } = log.head();
  // A log without events has no second one at its first position.
  const least = position + (position < log.logs().at(-1)!.first ? 2 : 1);
  const first = Math.max(next ?? 0, least);
  const parent = {
    ...{ log: before, position, hash },
    ...(first === position + 1 ? {} : { next: first }),
  };
  return { format: 1, repository, log: newId(environment), job, key, parent };
}
