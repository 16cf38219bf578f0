import { HoldfastError } from "../core/error.ts";
import type { AdoptionTally } from "../core/cost/price_adoption.ts";
import type { UploadTally } from "../core/cost/price_upload.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import type { AdoptedBy } from "../core/mirror/judge_foreign.ts";
import { sourceNames } from "../core/mirror/source_names.ts";
import { planBackup } from "../core/plan/backup_plan.ts";
import type { RepositoryFile } from "../core/repository_file.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { ReadingQueue, WorkTables } from "../ports/work_tables.ts";
import { adoptedBatch } from "./adopt_foreign_batch.ts";
import type { CompareContext } from "./adopt_foreign_compare.ts";
import {
  type ForeignFinding,
  type ForeignWork,
  lookAtObjects,
  none,
  settleForeign,
} from "./adopt_foreign_objects.ts";
import { readQueued } from "./adopt_foreign_read.ts";
import type { BackupDeps, BackupOptions } from "./backup.ts";
import { breather } from "./breather.ts";
import { refuseUnnamed, renamedSources } from "./name_sources.ts";
import { readPlanItems } from "./plan_items.ts";
import { readOwnRepository } from "./read_repository.ts";
import { inRun } from "./run.ts";
import type { ScanContext } from "./scan_context.ts";
import { type ScanResult, scanSource } from "./scan_source.ts";
import type { OpenSource } from "./store_context.ts";

export interface AdoptForeignDeps extends
  Pick<
    BackupDeps,
    | "log"
    | "store"
    | "environment"
    | "hashing"
    | "emit"
    | "signal"
    | "shipper"
    | "shipRenames"
  > {
  readonly work: WorkTables;
}

export interface AdoptForeignOptions extends
  Pick<
    BackupOptions,
    "sources" | "config" | "storageClass" | "minArchiveSize" | "classes" | "partSize" | "dryRun"
  > {
  /** Objects of which no checksum tells what they hold are read. */
  readonly read: boolean;
  /** age recipients of the job. */
  readonly recipients: readonly string[];
  /** Told of every object that was found, in no certain order. */
  readonly tell: (finding: ForeignFinding) => void;
  /** Told before objects are read. Throws kind "cost" where that is too much. */
  readonly accept: (requests: AdoptionTally) => void;
}

export interface ObjectCount {
  readonly objects: number;
  readonly bytes: number;
}

export interface AdoptForeignReport {
  readonly exitCode: ExitCode;
  readonly adopted: ReadonlyMap<AdoptedBy, ObjectCount>;
  /** Under the key of a file whose content is another: the next backup puts that in its place. */
  readonly other: ObjectCount;
  /** The same of those of which nothing tells what they hold. */
  readonly unproven: ObjectCount;
  /** Of nothing that the source has: they stay. */
  readonly unknown: ObjectCount;
  /** In a dry run nothing is read: then what would be. */
  readonly requests: AdoptionTally;
  /** What is left for the next backup. */
  readonly next: {
    readonly entries: number;
    readonly bytes: bigint;
    readonly uploads: readonly Readonly<UploadTally>[];
  };
  readonly unreadable: number;
  readonly refused: boolean;
}

/**
 * Takes over objects that another tool has put, one a file, under the very keys that their files have
 * here: where they are what the source has, they count as stored. Reads the source; writes nothing to
 * the store but the log.
 */
export async function adoptForeign(
  deps: AdoptForeignDeps,
  options: AdoptForeignOptions,
): Promise<AdoptForeignReport> {
  const { log, store, environment, shipper } = deps;
  refuseWhatCannotBe(store, options);
  refusePacks(await readOwnRepository(store, log), store.url);
  refuseUnnamed(log.index, options.sources);
  refuseRenamed(deps, options);
  const start = { command: "adopt", config: options.config };
  const shipped = options.dryRun ? start : { ...start, shipper };
  return await inRun(log, environment, shipped, async (run) => {
    const before = log.head().position;
    const scans: ScanResult[] = [];
    const queue = options.read ? deps.work.readings() : undefined;
    try {
      const sources = await scanAll(deps, options, run, scans);
      const report = await adoptAll({ ...deps, run, sources, queue }, options, before);
      const unreadable = scans.reduce((sum, scan) => sum + scan.unreadable, 0);
      const refused = scans.some((scan) => scan.refused !== undefined);
      const exitCode = worstExitCode([
        ...(refused ? [EXIT.guard] : []),
        ...(unreadable > 0 ? [EXIT.entries] : []),
      ]);
      if (!options.dryRun) await deps.shipRenames(run);
      const result = { ...report, exitCode, unreadable, refused };
      return { result, outcome: exitCode, totals: totalsOf(result) };
    } finally {
      for (const { root } of scans) root?.close();
      queue?.close();
    }
  });
}

function refuseWhatCannotBe(store: ObjectStore, { recipients }: AdoptForeignOptions): void {
  if (store.kind === "folder") {
    throw new HoldfastError("usage", `${store.url} is a folder store: no other tool fills one`, {
      hint: "leave adopt out: the first backup stores everything",
    });
  }
  if (recipients.length === 0) return;
  throw new HoldfastError(
    "usage",
    "this job encrypts, and what other tools have put is not encrypted for it",
    { hint: "leave adopt out: the first backup stores everything encrypted, beside what is there" },
  );
}

function refusePacks({ layout }: Pick<RepositoryFile, "layout">, url: string): void {
  if (layout === "mirror") return;
  throw new HoldfastError("usage", `${url} has packs, and no other tool fills these`, {
    hint: "leave adopt out: the first backup stores everything",
  });
}

/** The keys of what is known are still those of the old name. */
function refuseRenamed({ log }: AdoptForeignDeps, { sources }: AdoptForeignOptions): void {
  if (renamedSources(log.index, sources).length === 0) return;
  throw new HoldfastError("usage", "a source has another name in the config than in the index", {
    hint: "run `holdfast backup` first: it renames the source",
  });
}

async function scanAll(
  deps: AdoptForeignDeps,
  options: AdoptForeignOptions,
  run: string,
  scans: ScanResult[],
): Promise<Map<string, OpenSource>> {
  const { log, environment: { clock }, hashing: { sha256 }, emit, signal } = deps;
  const context: ScanContext = { log, run, clock, sha256, emit, signal, inPacks: false };
  const sources = new Map<string, OpenSource>();
  for (const source of options.sources) {
    emit({ kind: "phase", name: "scan", subject: source.path });
    const scan = await scanSource(context, source);
    scans.push(scan);
    const { root, racyWindow } = scan;
    if (root !== undefined) sources.set(source.name, { root, racyWindow });
  }
  return sources;
}

interface Adopting extends AdoptForeignDeps {
  readonly run: string;
  readonly sources: ReadonlyMap<string, OpenSource>;
  /** Left out where nothing is to be read. */
  readonly queue: ReadingQueue | undefined;
}

async function adoptAll(
  adopting: Adopting,
  options: AdoptForeignOptions,
  before: number,
): Promise<Omit<AdoptForeignReport, "exitCode" | "unreadable" | "refused">> {
  const { log, run, environment, signal, store, hashing, sources, queue } = adopting;
  const { clock } = environment;
  const compare: CompareContext = {
    ...{ store, hashing, sources, clock, signal, breathe: breather(clock, signal) },
    // Only HEAD tells versions.
    ...{ heads: 0, asksFirst: store.features.versions.works },
  };
  const work: ForeignWork = {
    ...{ log, emit: adopting.emit, compare, queue, tell: options.tell },
    ship: () => adopting.shipper.shipIfDue(),
    names: sourceNames(options.sources.map(({ name }) => name), []),
    batch: adoptedBatch(log, run),
    counts: { adopted: new Map(), other: none(), unproven: none(), unknown: none() },
    ...{ reading: new Map(), lists: 0 },
  };
  adopting.emit({ kind: "phase", name: "list" });
  await lookAtObjects(work);
  const { reading, counts, batch, lists } = work;
  batch.flush();
  const requests = { lists, heads: compare.heads, reading };
  if (queue !== undefined && reading.size > 0 && !options.dryRun) {
    options.accept(requests);
    await readAll(adopting, work, queue);
    batch.flush();
  }
  const items = readPlanItems({ log, clock }, { ...options, see: () => {} }, before);
  const { entries, bytes, uploads } = planBackup(items, NO_OTHERS);
  return { ...counts, requests, next: { entries, bytes, uploads } };
}

const NO_OTHERS = { renames: [], deletions: [], renamed: [] };

async function readAll(adopting: Adopting, work: ForeignWork, queue: ReadingQueue): Promise<void> {
  adopting.emit({ kind: "phase", name: "read" });
  await readQueued(adopting.log.index, work.compare, queue, (place, outcome) => {
    settleForeign(work, place, outcome);
  });
}

function totalsOf(report: AdoptForeignReport): Record<string, string> {
  const { adopted, other, unproven, unknown, next } = report;
  const sum = (pick: (count: ObjectCount) => number) =>
    adopted.values().reduce((total, count) => total + pick(count), 0);
  const totals = {
    objects: sum(({ objects }) => objects),
    bytes: sum(({ bytes }) => bytes),
    ...{ other: other.objects, unproven: unproven.objects, unknown: unknown.objects },
    left: next.entries,
  };
  return Object.fromEntries(Object.entries(totals).map(([name, count]) => [name, `${count}`]));
}
