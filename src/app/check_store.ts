import { HoldfastError, isKind } from "../core/error.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import type { Layout } from "../core/event/event.ts";
import type { LockSetting } from "../core/lock/object_lock.ts";
import { REPOSITORY_KEY } from "../core/mirror/object_key.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { ReadingQueue } from "../ports/work_tables.ts";
import { breather } from "./breather.ts";
import { type ArchivedOptions, type ArchivedTotals, checkArchived } from "./check_archived.ts";
import { checkLocks, type LockCounts } from "./check_locks.ts";
import { checkContents, type ContentCounts } from "./check_contents.ts";
import type { CheckContext, CheckDeps } from "./check_context.ts";
import { findings, segmentHint } from "./check_findings.ts";
import { checkLifecycle } from "./check_lifecycle.ts";
import { readerForCheck, readPacks } from "./check_pack_data.ts";
import { checkPacked, checkPackedSnapshots } from "./check_packed.ts";
import { checkPacks, type PackCounts, type PackFaults } from "./check_packs.ts";
import { readContents, type ReadTotals } from "./check_read.ts";
import { checkSnapshots } from "./check_snapshots.ts";
import { contentOpener } from "./open_content.ts";
import type { PackReader } from "./pack_reader.ts";
import { readOwnRepository } from "./read_repository.ts";
import { indexHint, rewriteIndexes } from "./rewrite_indexes.ts";
import { inRun } from "./run.ts";
import { sealedObjects } from "./sealed_objects.ts";

export interface CheckOptions {
  readonly config: string;
  /** Percent of the bytes to be read; undefined for none. */
  readonly readData: number | undefined;
  /** Content of kept snapshots that is no entry's now, too. */
  readonly snapshots: boolean;
  /** Checksums of archived objects, by S3 Batch Operations. */
  readonly archived?: ArchivedOptions;
  /** Asks the store for the lock of each object that is needed. */
  readonly lock?: LockSetting;
  /** Writes pack indexes that are missing or damaged again. */
  readonly repair: boolean;
}

export interface CheckReport extends ContentCounts {
  readonly exitCode: ExitCode;
  readonly missing: number;
  readonly damaged: number;
  /** Objects outside `.holdfast/` that no entry of the index has. */
  readonly unknown: { readonly objects: number; readonly bytes: number };
  readonly read: ReadTotals;
  /** Further contents of kept snapshots that were looked at. */
  readonly snapshotContents: number;
  /** In the pack layout. */
  readonly packs?: PackCounts & { readonly rewritten: number };
  /** Archived objects that were compared by their checksums. */
  readonly archived?: ArchivedTotals;
  /** Objects whose locks were asked for. */
  readonly locks?: LockCounts;
  /** What of the bucket's lifecycle rules is dangerous, or could not be read. */
  readonly lifecycle: { readonly danger?: string; readonly notice?: string };
}

/**
 * Compares the index with the store: each content, the log's objects, and what else is there. Throws
 * kind "key" where encrypted content is to be read and no identity opens it.
 */
export async function checkStore(deps: CheckDeps, options: CheckOptions): Promise<CheckReport> {
  const { log, store, environment, shipper } = deps;
  const repository = await readOwnRepository(store, log, deps.recipients);
  const inPacks = repository.layout === "pack";
  if (options.repair && !inPacks) throw withoutPacks();
  const opener = contentOpener(deps);
  const breathe = breather(environment.clock, deps.signal);
  // Whoever has not named an identity hears of it before anything is done.
  const reader = inPacks && options.readData !== undefined
    ? await readerForCheck(deps, breathe)
    : undefined;
  if (options.readData !== undefined && log.index.hasSealed()) {
    await opener.prove(sealedObjects(log.index));
  }
  const start = {
    ...{ command: "check", config: options.config },
    ...(shipper === undefined ? {} : { shipper }),
  };
  return await inRun(log, environment, start, async (run) => {
    const listing = deps.work.listing();
    const isRead = options.readData !== undefined && !inPacks;
    const readings = isRead ? deps.work.readings() : undefined;
    try {
      const context: CheckContext = {
        ...{ ...deps, run, listing, opener, breathe, found: findings(log, run, deps.emit) },
        ...{ badIndexes: new Map(), indexHint: indexHint(deps, options) },
      };
      const report = await withLocks(
        context,
        options,
        inPacks
          ? await checkInPacks(context, options, reader)
          : await checkInMirror(context, options, readings),
        repository.layout,
      );
      return { result: report, outcome: report.exitCode, totals: totalsOf(report) };
    } finally {
      listing.close();
      readings?.close();
    }
  });
}

async function withLocks(
  context: CheckContext,
  { lock }: CheckOptions,
  report: CheckReport,
  layout: Layout,
): Promise<CheckReport> {
  if (lock === undefined) return report;
  const locks = await checkLocks({ ...context, layout }, lock);
  const exitCode = worstExitCode([report.exitCode, locks.unlocked > 0 ? EXIT.guard : EXIT.done]);
  return { ...report, locks, exitCode };
}

function withoutPacks(): HoldfastError {
  return new HoldfastError("usage", "--repair is for packs, and this job has a mirror", {
    hint: "leave it out: the next backup stores again what is missing",
  });
}

async function checkInMirror(
  context: CheckContext,
  { readData = 0, snapshots, archived: wanted }: CheckOptions,
  readings: ReadingQueue | undefined,
): Promise<CheckReport> {
  const lifecycle = await lookAtStore(context);
  const contents = await checkContents(context, readings);
  const archived = await archivedTotals(context, new Map(), wanted);
  const snapshotContents = snapshots ? await checkSnapshots(context) : 0;
  const read = readings === undefined
    ? { ...NOTHING_READ }
    : await readContents(context, readings, readData);
  return reportOf(context, { ...contents, snapshotContents, read, lifecycle, ...archived });
}

async function archivedTotals(
  context: CheckContext,
  faults: PackFaults,
  wanted: ArchivedOptions | undefined,
): Promise<Pick<CheckReport, "archived">> {
  if (wanted === undefined) return {};
  return { archived: await checkArchived(context, faults, wanted) };
}

const NOTHING_READ: ReadTotals = { objects: 0, bytes: 0, archived: 0 };

/** Packs first: what is in a faulty one is then looked for in others, and its entries are named. */
async function checkInPacks(
  context: CheckContext,
  { readData, snapshots, repair, archived: wanted }: CheckOptions,
  reader: PackReader | undefined,
): Promise<CheckReport> {
  const lifecycle = await lookAtStore(context);
  const otherClass = new Map<string, number>();
  const { counts, faults } = await checkPacks(context, otherClass);
  const read = reader === undefined
    ? { ...NOTHING_READ }
    : await readPacks(context, reader, readData!, faults);
  const archived = await archivedTotals(context, faults, wanted);
  const { named, ...contents } = await checkPacked(context, faults);
  const snapshotContents = snapshots || faults.size > 0
    ? await checkPackedSnapshots(context, faults, named)
    : 0;
  const packs = { ...counts, rewritten: repair ? await rewriteIndexes(context) : 0 };
  return reportOf(context, {
    ...{ ...contents, otherClass, snapshotContents, read, lifecycle, packs, ...archived },
  });
}

/** What both layouts begin with: the bucket's rules, the LIST, the objects of the log. */
async function lookAtStore(context: CheckContext): Promise<CheckReport["lifecycle"]> {
  const { listing, store, emit, signal } = context;
  const lifecycle = await lookAtLifecycle(store);
  emit({ kind: "phase", name: "list" });
  for await (const page of store.list("")) {
    listing.add(page);
    signal.throwIfAborted();
  }
  emit({ kind: "phase", name: "check" });
  checkLogObjects(context);
  return lifecycle;
}

function reportOf(
  { listing, found }: CheckContext,
  seen: Omit<CheckReport, "exitCode" | "missing" | "damaged" | "unknown">,
): CheckReport {
  found.flush();
  const { missing, damaged } = found;
  const { lifecycle, archived } = seen;
  return {
    ...{ ...seen, missing, damaged },
    unknown: listing.unknown(".holdfast/"),
    exitCode: worstExitCode([
      missing + damaged > 0 ? EXIT.damage : EXIT.done,
      lifecycle.danger === undefined ? EXIT.done : EXIT.guard,
      archived?.exitCode ?? EXIT.done,
    ]),
  };
}

async function lookAtLifecycle(store: ObjectStore): Promise<CheckReport["lifecycle"]> {
  try {
    const notice = await checkLifecycle(store);
    return notice === undefined ? {} : { notice };
  } catch (error) {
    if (!isKind(error, "guard")) throw error;
    return { danger: error.message };
  }
}

/** repository.json was read before; here it is only known. */
function checkLogObjects({ log, listing, found }: CheckContext): void {
  listing.find(REPOSITORY_KEY);
  for (const kind of ["segment", "renames"] as const) {
    for (const { key, first, last } of log.index.segments(kind)) {
      if (listing.find(key) !== undefined) continue;
      const what = kind === "segment" ? "the log's events" : "the record of renames in events";
      const reason = `missing: ${what} ${first} to ${last}`;
      const hint = kind === "segment" ? { hint: segmentHint(log, first) } : {};
      found.add({ kind: "missing", source: "", path: "", key, reason, ...hint });
    }
  }
}

function totalsOf(report: CheckReport): Record<string, string> {
  const { entries, missing, damaged, unstored, read, unknown, locks } = report;
  const locked = locks === undefined ? {} : { locks: locks.objects, not_locked: locks.unlocked };
  const totals = { entries, missing, damaged, unstored, read: read.objects, bytes: read.bytes };
  return Object.fromEntries(
    Object.entries({ ...totals, unknown: unknown.objects, ...locked }).map((
      [name, n],
    ) => [name, `${n}`]),
  );
}
