import { dirname } from "node:path";
import { backup, type BackupReport } from "../app/backup.ts";
import { breather } from "../app/breather.ts";
import { type LockDeps, type LockKeeper, lockKeeper } from "../app/extend_locks.ts";
import type { PackOptions } from "../app/pack_context.ts";
import { noShipping } from "../app/ship_log.ts";
import { shipRenames } from "../app/ship_renames.ts";
import { tryLock } from "../app/try_lock.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { EncryptionOptions } from "../app/store_context.ts";
import type { JobConfig } from "../cli/job_config.ts";
import type { BackupOptions, RunInput } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { firstMonth } from "../core/cost/price_backup.ts";
import { isKind } from "../core/error.ts";
import { EXIT, worstExitCode } from "../core/exit_code.ts";
import type { BackupPlan } from "../core/plan/backup_plan.ts";
import type { SignalSink } from "../core/signal.ts";
import { sqliteWorkTables } from "../sqlite/work_tables.ts";
import { earlyLines } from "../report/early_text.ts";
import { agreeToLock } from "./agree_lock.ts";
import { backupPrice, checkBackupPrice, checkInitPrice } from "./backup_price.ts";
import { classRules } from "./class_rules.ts";
import { configDigest } from "./config_digest.ts";
import { costSetting } from "./cost_setting.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { makeRepository, refuseOtherSources } from "./make_repository.ts";
import { openForWriting, replayerBeside } from "./open_log.ts";
import { sealerOf } from "./open_keys.ts";
import { openStore } from "./open_store.ts";
import { ownerNames } from "./owner_names.ts";
import { packOptionsOf } from "./pack_options.ts";
import { renameWarmUps } from "./rename_warm_ups.ts";
import { runShipper } from "./run_shipper.ts";
import { scanOptions } from "./scan_options.ts";
import { showBackup } from "./show_backup.ts";
import { checkpointAfter } from "./run_checkpoint.ts";
import { writeArchivedList } from "./write_archived_list.ts";

/** `holdfast backup`. */
export async function runBackup(input: RunInput<BackupOptions>): Promise<number> {
  const { job, output, globals, options } = input;
  const started = performance.now();
  if (options.makeRepository) checkInitPrice(input);
  if (options.makeRepository && await makeRepository(input) === "planned") return EXIT.done;
  let left: number | undefined;
  if (job.maxCost !== undefined && !globals.dryRun) {
    // With a price the plan is needed first, and a plan needs a scan of its own: nothing is stored.
    output.signal({ kind: "notice", text: "scanning first for the price, because of max_cost" });
    const quiet = { ...input, output: { ...output, signal: withoutFailures(output.signal) } };
    const { plan } = await backedUp(quiet, { dryRun: true });
    left = checkPlan(job, plan!);
  }
  const report = await backedUp(input, { ...globals, left });
  for (const text of report.notices) output.signal({ kind: "notice", text });
  showBackup(input, report, (performance.now() - started) / 1000);
  if (report.plan !== undefined) checkBackupPrice(job, backupPrice(job, report.plan));
  return report.exitCode;
}

/**
 * What max_cost leaves for moved archived objects, in US dollars: for the restored copies of them that
 * are asked for, and for the copies of those that are warm. That these are too dear stops no backup.
 */
function checkPlan(job: JobConfig, plan: BackupPlan): number {
  const renamed = plan.renamed.filter(({ way, isAsked }) => way !== "warm-up" && !isAsked);
  const cost = backupPrice(job, { ...plan, renamed });
  checkBackupPrice(job, cost);
  return job.maxCost! - firstMonth(cost).total.usd;
}

/** What cannot be read is told once, by the run itself. */
function withoutFailures(emit: SignalSink): SignalSink {
  return (signal) => signal.kind === "entry-error" ? undefined : emit(signal);
}

async function backedUp(
  input: RunInput<BackupOptions>,
  { dryRun, left }: { readonly dryRun: boolean; readonly left?: number | undefined },
): Promise<BackupReport> {
  const { job, output, signal, options } = input;
  const environment = systemEnvironment();
  const opened = openForWriting(input, environment, { volatile: dryRun });
  const sources = scanOptions(input, options.acceptDeletions);
  try {
    for (const { source } of sources) source.begin();
    const { log } = opened;
    if (options.makeRepository) refuseOtherSources(log, job, options);
    if (!dryRun) await agreeToLock(input, log);
    const store = await openStore(job, environment, {
      ...{ log, signal, lockAgreed: true },
      notice: (text) => output.signal({ kind: "notice", text }),
    });
    try {
      if (!dryRun) await tryLock({ log, store, environment }, job.lock);
      const shipper = dryRun ? noShipping : runShipper(input, { log, store, environment });
      const report = await backup({
        ...{ log, store, environment, signal, hashing: platformHashing, owners: ownerNames() },
        ...{ emit: output.signal, shipper, shipRenames: renamesShipper(input, { log, store }) },
        locks: locksOf(input, { log, store, environment }),
        warmUp: renameWarmUps(input, { left, versions: store.features.versions.works }),
        tellEarly: (early) => {
          for (const text of earlyLines(early, costSetting(job))) {
            output.signal({ kind: "notice", text });
          }
        },
      }, {
        sources,
        config: configDigest(job),
        storageClass: job.storageClass,
        minArchiveSize: job.minArchiveSize,
        classes: classRules(job.classes),
        partSize: job.partSize,
        workers: job.uploadWorkers,
        ...(options.description === undefined ? {} : { description: options.description }),
        delete: job.delete,
        renames: job.renames,
        archivedRenames: job.archivedRenames,
        dryRun,
        ...await packsOf(job, environment),
        ...await encryptionOf(input),
      });
      if (dryRun) return report;
      await checkpointAfter(input, { log, store, environment });
      return listArchived(job, log, report);
    } finally {
      store.close();
    }
  } finally {
    for (const { source } of sources) await source.end();
    opened.close();
  }
}

function locksOf(
  { job, output, signal, stateFile }: RunInput<BackupOptions>,
  { log, store, environment }: Pick<LockDeps, "log" | "store" | "environment">,
): LockKeeper {
  const breathe = breather(environment.clock, signal);
  const replayer = replayerBeside(stateFile);
  const work = sqliteWorkTables(dirname(stateFile));
  const deps = { log, store, environment, replayer, work, breathe, emit: output.signal };
  return lockKeeper({ ...deps, layout: job.layout }, job.lock);
}

/** The backup is done: a list that cannot be written is told with the rest, and is the exit code. */
function listArchived(
  { archivedList }: JobConfig,
  { index }: JobLog,
  report: BackupReport,
): BackupReport {
  if (archivedList === undefined) return report;
  try {
    writeArchivedList(archivedList, index);
    return report;
  } catch (error) {
    if (!isKind(error, "failed")) throw error;
    const exitCode = worstExitCode([report.exitCode, EXIT.failed]);
    const text = `${error.message}; ${error.hint}`;
    return { ...report, exitCode, notices: [...report.notices, text] };
  }
}

/** Of the pack layout. */
async function packsOf(
  job: JobConfig,
  environment: Environment,
): Promise<{ packs?: PackOptions }> {
  return job.layout === "pack" ? { packs: await packOptionsOf(job, environment) } : {};
}

/** Of the mirror layout. */
async function encryptionOf(
  input: RunInput<BackupOptions>,
): Promise<{ encryption?: EncryptionOptions }> {
  const { layout, recipients } = input.job;
  const sealer = layout === "mirror" ? await sealerOf({ recipients }) : undefined;
  if (sealer === undefined) return {};
  return { encryption: { sealer, recipients, coding: jobCoding(input) } };
}

function renamesShipper(
  input: RunInput<BackupOptions>,
  place: { readonly log: JobLog; readonly store: ObjectStore },
): (run: string) => Promise<void> {
  const coding = jobCoding(input);
  return async (run) => void await shipRenames({ ...place, run, coding });
}
