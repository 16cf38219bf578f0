import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import { hex } from "../core/hash.ts";
import { type BackupPlan, planBackup } from "../core/plan/backup_plan.ts";
import { checkRepository } from "../core/repository_file.ts";
import { sourceDigest } from "../core/index/tree_digest.ts";
import type { PathText } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { abortLeftUploads } from "./left_uploads.ts";
import { readPlanItems } from "./plan_items.ts";
import { readRepository } from "./read_repository.ts";
import { inRun } from "./run.ts";
import type { ScanContext, ScanOptions } from "./scan_context.ts";
import { type ScanResult, scanSource } from "./scan_source.ts";
import type { OwnerNames, StoreTotals } from "./store_context.ts";
import { storeEntries } from "./store_entries.ts";

export interface BackupDeps {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly environment: Environment;
  readonly hashing: Hashing;
  readonly owners: OwnerNames;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
}

export interface BackupOptions {
  readonly sources: readonly ScanOptions[];
  readonly config: string;
  readonly storageClass: string;
  readonly minArchiveSize: number;
  readonly partSize: number;
  readonly workers: number;
  /** The log is volatile: nothing is stored, the plan is the result. */
  readonly dryRun: boolean;
}

export interface BackupReport {
  readonly exitCode: ExitCode;
  readonly scans: readonly (ScanResult & { readonly name: string; readonly path: PathText })[];
  readonly stored: StoreTotals;
  /** Position, where every source was complete and nothing readable is unstored. */
  readonly snapshot?: number;
  readonly plan?: BackupPlan;
  /** What the store cannot do, as sentences. */
  readonly notices: readonly string[];
}

/** Scans the sources and stores what is new or changed. */
export async function backup(deps: BackupDeps, options: BackupOptions): Promise<BackupReport> {
  const { log, store, environment } = deps;
  const repository = await readRepository(store);
  checkRepository(repository, log.genesis.repository, store.url);
  return await inRun(
    log,
    environment,
    { command: "backup", config: options.config },
    async (run) => {
      const context: ScanContext = {
        ...{ log, run, clock: environment.clock, sha256: deps.hashing.sha256 },
        ...{ emit: deps.emit, signal: deps.signal },
      };
      if (!options.dryRun) await abortLeftUploads(context, store);
      const before = log.head().position;
      const scans: BackupReport["scans"][number][] = [];
      try {
        for (const source of options.sources) {
          deps.emit({ kind: "phase", name: "scan", subject: source.path });
          const scan = await scanSource(context, source);
          scans.push({ ...scan, name: source.name, path: source.path });
        }
        const report = await storeAndReport(context, deps, options, { scans, before });
        return { result: report, outcome: report.exitCode, totals: totalsOf(report) };
      } finally {
        for (const scan of scans) scan.root?.close();
      }
    },
  );
}

async function storeAndReport(
  context: ScanContext,
  deps: BackupDeps,
  options: BackupOptions,
  { scans, before }: { scans: BackupReport["scans"]; before: number },
): Promise<BackupReport> {
  const { log, run } = context;
  const notices = featureNotices(deps.store);
  if (options.dryRun) {
    const plan = planBackup(readPlanItems(context, options, before));
    const stored = { objects: 0, bytes: 0, equal: 0, unreadable: 0, refused: 0 };
    return { exitCode: exitCode(scans, stored), scans, stored, plan, notices };
  }
  // From here on keys that hold content are overwritten: the observations must not be lost.
  log.append(run, [], { durable: true });
  deps.emit({ kind: "phase", name: "upload" });
  const { store, hashing, owners } = deps;
  const { storageClass, minArchiveSize, partSize, workers } = options;
  const sources = new Map(
    scans.flatMap(({ name, root, racyWindow }) =>
      root === undefined ? [] : [[name, { root, racyWindow }] as const]
    ),
  );
  const stored = await storeEntries(context, {
    ...{ store, hashing, owners, sources },
    ...{ storageClass, minArchiveSize, partSize, workers },
  }, before);
  const snapshot = snapshotIfWhole(context, scans, stored);
  const code = exitCode(scans, stored);
  return {
    exitCode: code,
    scans,
    stored,
    notices,
    ...(snapshot === undefined ? {} : { snapshot }),
  };
}

/** A snapshot follows when every source has its ScanCompleted and nothing readable is unstored. */
function snapshotIfWhole(
  { log, run, sha256 }: ScanContext,
  scans: BackupReport["scans"],
  stored: StoreTotals,
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
    };
    return [{ type: "SnapshotCreated", data }];
  }, { durable: true });
}

function exitCode(scans: BackupReport["scans"], stored: StoreTotals): ExitCode {
  const codes: ExitCode[] = [];
  if (scans.some((scan) => scan.refused !== undefined)) codes.push(EXIT.guard);
  const unreadable = scans.reduce((sum, scan) => sum + scan.unreadable, stored.unreadable);
  if (unreadable + stored.refused > 0) codes.push(EXIT.entries);
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
  };
}
