import type { EarlyTally } from "../core/cost/price_deletion.ts";
import { packUploads } from "../core/cost/pack_uploads.ts";
import { NO_LOCKS } from "../core/cost/price_locks.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import { hex } from "../core/hash.ts";
import type { ClassRule } from "../core/mirror/class_rules.ts";
import { type BackupPlan, planBackup } from "../core/plan/backup_plan.ts";
import type { ArchivedRenames, RenameMode } from "../core/plan/rename_plan.ts";
import { checkLayout } from "../core/repository_file.ts";
import { sourceDigest } from "../core/index/tree_digest.ts";
import { displayPath, type PathText } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog, Unstored } from "../ports/event_log.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { ExtendedLocks, LockKeeper } from "./extend_locks.ts";
import { abortLeftUploads, closeUploads } from "./left_uploads.ts";
import { executeDeletions, removedObjects } from "./delete_objects.ts";
import { sizesOf } from "./gone_contents.ts";
import { leftSources, refuseUnnamed, renamedSources } from "./name_sources.ts";
import { takesKey } from "./object_place.ts";
import { openRenames, type RenameOptions } from "./open_renames.ts";
import { closePacks } from "./close_packs.ts";
import type { PackOptions } from "./pack_context.ts";
import { storePacks } from "./store_packs.ts";
import { planFees } from "./plan_fees.ts";
import { readPlanItems } from "./plan_items.ts";
import { readOwnRepository } from "./read_repository.ts";
import { inRun } from "./run.ts";
import type { ScanContext, ScanOptions } from "./scan_context.ts";
import { type ScanResult, scanSource } from "./scan_source.ts";
import type { LogShipper } from "./ship_log.ts";
import type {
  EncryptionOptions,
  OwnerNames,
  StoreContext,
  StoreOptions,
  StoreTotals,
} from "./store_context.ts";
import { storeContext } from "./store_entries.ts";
import { deletionContext, finishMirror, groupsNow, storeInMirror } from "./store_mirror.ts";
import type { WarmUpSetting } from "./warm_up_renames.ts";

export interface BackupDeps {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly environment: Environment;
  readonly hashing: Hashing;
  readonly owners: OwnerNames;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
  readonly shipper: LogShipper;
  /** Sends what renames, removals and changes of metadata of the run amount to. */
  readonly shipRenames: (run: string) => Promise<void>;
  /** Told what the run deletes or overwrites before its class's minimum duration, before it does. */
  readonly tellEarly?: (early: readonly EarlyTally[]) => void;
  /** Of Object Lock; without it nothing is locked. */
  readonly locks?: LockKeeper;
  /** For `archived_renames = "copy"`: without it those renames wait. */
  readonly warmUp?: WarmUpSetting;
}

export interface BackupOptions {
  readonly sources: readonly ScanOptions[];
  readonly config: string;
  readonly storageClass: string;
  readonly minArchiveSize: number;
  /** Files of the mirror layout that go into another class; none by default. */
  readonly classes?: readonly ClassRule[];
  readonly partSize: number;
  readonly workers: number;
  /** What the person calls the run and its snapshot. */
  readonly description?: string;
  /** Objects of entries that are gone are deleted from the store, too. */
  readonly delete: boolean;
  readonly renames: RenameMode;
  /** "alias" by default. */
  readonly archivedRenames?: ArchivedRenames;
  /** The log is volatile: nothing is stored, the plan is the result. */
  readonly dryRun: boolean;
  /** Content goes into packs: the pack layout. */
  readonly packs?: PackOptions;
  /** Of the mirror layout, where it encrypts. */
  readonly encryption?: EncryptionOptions;
}

export interface BackupReport {
  readonly exitCode: ExitCode;
  readonly scans: readonly (ScanResult & { readonly name: string; readonly path: PathText })[];
  readonly stored: StoreTotals;
  /** Position, where every source was complete and nothing readable is unstored. */
  readonly snapshot?: number;
  readonly plan?: BackupPlan;
  /** Locks that were extended. */
  readonly locks?: ExtendedLocks;
  /** What the store cannot do, as sentences. */
  readonly notices: readonly string[];
}

/** Scans the sources and stores what is new or changed. */
export async function backup(deps: BackupDeps, options: BackupOptions): Promise<BackupReport> {
  const { log, store, environment } = deps;
  const { recipients } = options.packs ?? options.encryption ?? {};
  const repository = await readOwnRepository(store, log, recipients);
  checkLayout(repository, options.packs === undefined ? "mirror" : "pack", store.url);
  refuseUnnamed(log.index, options.sources);
  return await inRun(log, environment, runOptions(deps, options), async (run) => {
    const scan: ScanContext = {
      ...{ log, run, clock: environment.clock, sha256: deps.hashing.sha256 },
      ...{ emit: deps.emit, signal: deps.signal, inPacks: options.packs !== undefined },
    };
    if (!options.dryRun) await abortLeftUploads(scan, store);
    const context = storeContext(scan, storeOptions(deps, options));
    if (!options.dryRun) await finishEarlier(context, deps, options);
    renameSources(scan, options);
    const before = log.head().position;
    const scans: BackupReport["scans"][number][] = [];
    try {
      for (const source of options.sources) {
        deps.emit({ kind: "phase", name: "scan", subject: source.path });
        const found = await scanSource(scan, source);
        scans.push({ ...found, name: source.name, path: source.path });
        addSource(context, source.name, found);
      }
      const report = options.dryRun
        ? await planReport(context, deps, options, { scans, before })
        : await storeAndReport(context, deps, options, { scans, before });
      return { result: report, outcome: report.exitCode, totals: totalsOf(report) };
    } finally {
      for (const { root } of scans) await root?.close();
    }
  });
}

function runOptions(
  { shipper, locks }: BackupDeps,
  { config, description, dryRun }: BackupOptions,
) {
  return {
    ...{ command: "backup", config, opening: locks?.opening() ?? [] },
    ...(description === undefined ? {} : { description }),
    ...(dryRun ? {} : { shipper }),
  };
}

function storeOptions(deps: BackupDeps, options: BackupOptions): StoreOptions {
  const { store, hashing, owners, shipper } = deps;
  const { storageClass, minArchiveSize, classes, partSize, workers, encryption } = options;
  const { sealer, coding } = encryption ?? {};
  return {
    ...{ store, hashing, owners, sources: new Map() },
    ...{ ship: () => shipper.shipIfDue(), stillOurs: () => shipper.stillOurs() },
    ...{ storageClass, minArchiveSize, partSize, workers },
    ...(classes === undefined ? {} : { classes }),
    ...(sealer === undefined ? {} : { sealer, coding }),
  };
}

function addSource(context: StoreContext, name: string, scan: ScanResult): void {
  const { root, racyWindow, gone } = scan;
  if (root !== undefined) context.options.sources.set(name, { root, racyWindow });
  for (const [content, file] of gone) context.gone.set(content, file);
  for (const size of sizesOf(gone)) context.goneSizes.add(size);
}

/** What a run that was cut off had decided is done first: the index says how far it came. */
async function finishEarlier(
  context: StoreContext,
  deps: BackupDeps,
  options: BackupOptions,
): Promise<void> {
  if (options.packs !== undefined) await closePacks({ ...context, packs: options.packs });
  await executeDeletions(deletionContext(context, deps));
  if (options.packs === undefined) {
    await finishMirror(context, deps, renameOptions(deps, options));
  }
}

/** Before the scans: what is below a source that has another name now is not new. */
function renameSources(
  { log, run, emit }: ScanContext,
  { sources, packs }: BackupOptions,
): void {
  for (const renamed of renamedSources(log.index, sources)) {
    const data = { ...renamed, ...(packs === undefined ? {} : { packs: true as const }) };
    log.append(run, [{ type: "SourceRenamed", data }], { durable: true });
    const [from, to] = [data.from, data.to].map(sourceText);
    emit({ kind: "notice", text: `the ${from} is the ${to} now` });
  }
}

function sourceText(name: string): string {
  return name === "" ? "source without a name" : `source ${displayPath(name)}`;
}

/** Nothing is lost because a section of the config was edited, and nothing is kept unsaid. */
function leftNotices({ log }: BackupDeps, { sources }: BackupOptions): string[] {
  return leftSources(log.index, sources).map(({ name, entries }) =>
    `the ${sourceText(name)} is not in the config any more: what is known of it is kept ` +
    `(${entries} ${entries === 1 ? "entry" : "entries"})`
  );
}

function renameOptions({ store }: BackupDeps, options: BackupOptions): RenameOptions {
  const { renames, archivedRenames, sources } = options;
  return {
    ...{ mode: renames, archived: archivedRenames ?? "alias" },
    versions: store.features.versions.works,
    takesKey: (key) => takesKey(store, key),
    sources: new Set(sources.map(({ name }) => name)),
  };
}

async function storeAndReport(
  context: StoreContext,
  deps: BackupDeps,
  options: BackupOptions,
  { scans, before }: { scans: BackupReport["scans"]; before: number },
): Promise<BackupReport> {
  const { log, run, totals: stored } = context;
  // From here on keys that hold content are overwritten: the observations must not be lost.
  log.append(run, [], { durable: true });
  deps.emit({ kind: "phase", name: "upload" });
  if (options.packs !== undefined) await storePacks({ ...context, packs: options.packs }, before);
  else {
    await storeInMirror(context, deps, {
      ...{ renames: renameOptions(deps, options), partSize: options.partSize, before },
      deleteIn: options.delete ? acceptedSources(scans) : new Set(),
    });
  }
  await closeUploads(context, deps.store, before + 1);
  const snapshot = snapshotIfWhole(context, scans, stored, options.description);
  await deps.shipRenames(run);
  const locks = await deps.locks?.extend(run);
  return {
    exitCode: exitCode(scans, stored, locks),
    scans,
    stored,
    ...(locks === undefined ? {} : { locks }),
    notices: [...leftNotices(deps, options), ...featureNotices(deps.store)],
    ...(snapshot === undefined ? {} : { snapshot }),
  };
}

function acceptedSources(scans: BackupReport["scans"]): Set<string> {
  return new Set(scans.flatMap(({ name, refused }) => refused === undefined ? [name] : []));
}

async function planReport(
  context: StoreContext,
  deps: BackupDeps,
  options: BackupOptions,
  { scans, before }: { scans: BackupReport["scans"]; before: number },
): Promise<BackupReport> {
  const renames = options.packs === undefined
    ? [...openRenames(context.log.index, renameOptions(deps, options))]
    : [];
  const deletions = options.delete && options.packs === undefined
    ? [...removedObjects(context.log.index, acceptedSources(scans))]
    : [];
  const { log, environment: { clock }, store } = deps;
  const now = Number(clock.now() / 1_000_000n);
  const fees = planFees(log, now);
  const keepsFormer = store.features.versions.works || options.packs !== undefined;
  // Where versions are kept a deletion is a marker: a fee is due when the version goes.
  if (!keepsFormer) { for (const object of deletions) fees.deleted(object); }
  const see = (item: Unstored) => {
    if (!item.isFolder && !keepsFormer) fees.overwritten(item.row);
  };
  const planned = planBackup(readPlanItems(context, { ...options, see }, before), {
    renames: renames.map(({ source, path, rename, way, why, folder }) => ({
      ...{ source, path, from: rename.fromKey, way, why, isFolder: folder !== undefined },
    })),
    deletions,
    renamed: groupsNow(log, renames, {
      ...{ partSize: options.partSize, now, versions: store.features.versions.works },
    }),
  });
  const { packs } = options;
  const uploads = packs === undefined
    ? planned.uploads
    : packUploads(Number(planned.bytes), { ...options, packSize: packs.packSize });
  const locks = await deps.locks?.plan() ?? NO_LOCKS;
  const plan = { ...planned, uploads, early: fees.early(), locks };
  const { totals: stored } = context;
  const notices = [...leftNotices(deps, options), ...featureNotices(deps.store)];
  return { exitCode: exitCode(scans, stored), scans, stored, plan, notices };
}

/** A snapshot follows when every source has its ScanCompleted and nothing readable is unstored. */
function snapshotIfWhole(
  { log, run, sha256 }: ScanContext,
  scans: BackupReport["scans"],
  stored: StoreTotals,
  description: string | undefined,
): number | undefined {
  if (scans.some((scan) => scan.refused !== undefined)) return undefined;
  const { tables, paths } = log.index;
  const unknown = scans.reduce((total, scan) => total + scan.unknown, 0);
  const gaps = log.index.unreadable() + unknown + stored.refused;
  const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n).toString();
  return log.append(run, () => {
    const sources = scans.map(({ name }) => ({
      name,
      digest: hex(sourceDigest(tables, paths, name, "content", sha256)),
    }));
    const data = {
      sources,
      entries: sum(scans.map((scan) => BigInt(scan.entries))),
      bytes: sum(scans.map((scan) => scan.bytes)),
      ...(gaps === 0 ? {} : { gaps }),
      ...(description === undefined ? {} : { description }),
    };
    return [{ type: "SnapshotCreated", data }];
  }, { durable: true });
}

function exitCode(
  scans: BackupReport["scans"],
  stored: StoreTotals,
  locks?: ExtendedLocks,
): ExitCode {
  const codes: ExitCode[] = [];
  if (scans.some((scan) => scan.refused !== undefined)) codes.push(EXIT.guard);
  const unreadable = scans.reduce((sum, scan) => sum + scan.unreadable, stored.unreadable);
  if (unreadable + stored.refused > 0) codes.push(EXIT.entries);
  if (locks !== undefined && locks.failed > 0) codes.push(EXIT.entries);
  if (stored.held > 0) codes.push(EXIT.cost);
  return worstExitCode(codes);
}

/** Of the features that a backup without them is weaker for. */
function featureNotices({ features }: ObjectStore): string[] {
  return [features.conditionalPut, features.checksums, features.metadata]
    .flatMap((feature) => feature.works ? [] : [feature.reason]);
}

function totalsOf({ scans, stored }: BackupReport): Record<string, string> {
  const sum = (pick: (scan: ScanResult) => number) =>
    scans.reduce((total, scan) => total + pick(scan), 0).toString();
  return {
    entries: sum((scan) => scan.entries),
    observed: sum((scan) => scan.observed),
    removed: sum((scan) => scan.removed),
    unreadable: (Number(sum((scan) => scan.unreadable)) + stored.unreadable).toString(),
    objects: stored.objects.toString(),
    bytes: stored.bytes.toString(),
    refused: stored.refused.toString(),
    moved: sum((scan) => scan.moved),
    copied: stored.copied.toString(),
    aliased: stored.aliased.toString(),
    deleted: stored.deleted.toString(),
    ...(stored.held === 0 ? {} : { held: stored.held.toString() }),
  };
}
