import { backup, type BackupReport } from "../app/backup.ts";
import type { PackOptions } from "../app/pack_context.ts";
import { noShipping } from "../app/ship_log.ts";
import { shipRenames } from "../app/ship_renames.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { ScanOptions } from "../app/scan_context.ts";
import type { EncryptionOptions } from "../app/store_context.ts";
import type { JobConfig } from "../cli/job_config.ts";
import type { BackupOptions, RunInput } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { EXIT } from "../core/exit_code.ts";
import { displayPath, joinPath, jsonOfText, textOfJson } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "../report/count_text.ts";
import { gitignoreRules } from "../rules/gitignore_rules.ts";
import { openLocalSource } from "../sources/local/local_source.ts";
import { configDigest } from "./config_digest.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { makeRepository, refuseOtherSources } from "./make_repository.ts";
import { openForWriting } from "./open_log.ts";
import { sealerOf } from "./open_keys.ts";
import { openStore } from "./open_store.ts";
import { ownerNames } from "./owner_names.ts";
import { packOptionsOf } from "./pack_options.ts";
import { runShipper } from "./run_shipper.ts";
import { ownPaths } from "./own_paths.ts";
import { checkpointAfter } from "./run_checkpoint.ts";

/** `holdfast backup`. */
export async function runBackup(input: RunInput<BackupOptions>): Promise<number> {
  const { job, output, signal, globals, options } = input;
  const environment = systemEnvironment();
  const started = performance.now();
  if (options.makeRepository && await makeRepository(input) === "planned") return EXIT.done;
  const opened = openForWriting(input, environment, { volatile: globals.dryRun });
  try {
    const { log } = opened;
    if (options.makeRepository) refuseOtherSources(log, job, options);
    const store = await openStore(job, environment, {
      ...{ log, signal },
      notice: (text) => output.signal({ kind: "notice", text }),
    });
    try {
      const shipper = globals.dryRun ? noShipping : runShipper(input, { log, store, environment });
      const report = await backup({
        ...{ log, store, environment, signal, hashing: platformHashing, owners: ownerNames() },
        ...{ emit: output.signal, shipper, shipRenames: renamesShipper(input, { log, store }) },
      }, {
        sources: job.sources.map((source) => scanOptions(input, source)),
        config: configDigest(job),
        storageClass: job.storageClass,
        minArchiveSize: job.minArchiveSize,
        partSize: job.partSize,
        workers: job.uploadWorkers,
        ...(options.description === undefined ? {} : { description: options.description }),
        delete: job.delete,
        renames: job.renames,
        dryRun: globals.dryRun,
        ...await packsOf(job, environment),
        ...await encryptionOf(input),
      });
      if (!globals.dryRun) await checkpointAfter(input, { log, store, environment });
      for (const text of report.notices) output.signal({ kind: "notice", text });
      show(input, report, (performance.now() - started) / 1000);
      return report.exitCode;
    } finally {
      store.close();
    }
  } finally {
    opened.close();
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

function scanOptions(
  input: RunInput<BackupOptions>,
  source: RunInput<BackupOptions>["job"]["sources"][number],
): ScanOptions {
  const { job } = input;
  const { exclude, include } = source;
  return {
    name: source.name,
    path: source.path,
    source: openLocalSource(source.path),
    rules: gitignoreRules({ exclude, include, ignoreFile: job.ignoreFile }),
    oneFileSystem: job.oneFileSystem,
    trustMtime: job.trustMtime,
    observeAll: job.observations === "all",
    maxDelete: job.maxDelete,
    acceptDeletions: input.options.acceptDeletions,
    own: ownPaths(input, source.path),
  };
}

function show(input: RunInput<BackupOptions>, report: BackupReport, seconds: number): void {
  const { output, job } = input;
  if (report.plan !== undefined) showPlan(input, report.plan);
  const { stored, scans, snapshot } = report;
  const lines = [
    ...scans.map(scanLine),
    ...(report.plan === undefined
      ? [`stored ${counted(stored.objects, "object")}, ${formatSize(stored.bytes)}`]
      : []),
    ...renamesLine(stored),
    ...(stored.equal > 0 ? [`read again and found equal: ${counted(stored.equal, "file")}`] : []),
    ...refusals(report),
    ...(snapshot === undefined
      ? report.plan === undefined ? ["no snapshot: not every source was complete"] : []
      : [`snapshot ${snapshot}`]),
  ];
  const sum = (pick: (scan: BackupReport["scans"][number]) => number) =>
    scans.reduce((total, scan) => total + pick(scan), 0);
  output.summary({
    record: "summary",
    command: "backup",
    job: job.name,
    exit: report.exitCode,
    seconds: Math.round(seconds * 1000) / 1000,
    totals: {
      entries: sum((scan) => scan.entries),
      observed: sum((scan) => scan.observed),
      removed: sum((scan) => scan.removed),
      unreadable: sum((scan) => scan.unreadable) + stored.unreadable,
      objects: stored.objects,
      bytes: stored.bytes,
      refused: stored.refused,
      moved: sum((scan) => scan.moved),
      copied: stored.copied,
      aliased: stored.aliased,
      deleted: stored.deleted,
      snapshot: snapshot ?? null,
    },
  }, lines);
}

function renamesLine({ copied, aliased, deleted }: BackupReport["stored"]): string[] {
  const parts = [
    ...(copied > 0 ? [`copied ${counted(copied, "object")} in the store`] : []),
    ...(aliased > 0
      ? [`left ${counted(aliased, "moved entry", "moved entries")} as an alias`]
      : []),
    ...(deleted > 0 ? [`deleted ${counted(deleted, "object")}`] : []),
  ];
  return parts.length === 0 ? [] : [parts.join(", ")];
}

function scanLine(scan: BackupReport["scans"][number]): string {
  const name = displayPath(scan.path);
  const what = [
    `${counted(scan.entries, "entry", "entries")}, ${formatSize(Number(scan.bytes))}`,
    `${scan.observed} new or changed`,
    ...(scan.moved > 0 ? [`${scan.moved} moved`] : []),
    ...(scan.removed > 0 ? [`${scan.removed} removed`] : []),
    ...(scan.unreadable > 0 ? [`${scan.unreadable} unreadable`] : []),
  ];
  return `scanned ${name}: ${what.join(", ")}`;
}

const GUARD_WORDS = {
  absent: "it is not there",
  empty: "it is empty, or a mount below it is",
  foreign: "it is on another file system than before, or a mount below it is, or is gone",
  max_delete: "more is missing than max_delete allows",
};

function refusals({ scans }: BackupReport): string[] {
  return scans.flatMap(({ refused, path }) =>
    refused === undefined ? [] : [
      `guard: ${counted(refused.missing, "entry", "entries")} of ${displayPath(path)} missing, ` +
      `and ${GUARD_WORDS[refused.guard]}: nothing was removed and there is no snapshot; ` +
      "if they are really gone, run again with --accept-deletions",
    ]
  );
}

function showPlan(
  { output }: RunInput<BackupOptions>,
  plan: NonNullable<BackupReport["plan"]>,
): void {
  const placed = ({ source, path }: { source: string; path: string }) => joinPath(source, path);
  for (const { from, way, why, isFolder, ...rename } of plan.renames) {
    const path = placed(rename);
    output.record({
      ...{ record: "step", action: way, path: jsonOfText(path), key: from, size: 0, reason: why },
      ...(isFolder ? { folder: true as const } : {}),
    });
    const old = from === "" ? "all keys of the source without a name" : from;
    const what = way === "copy" ? `copy ${old} to` : `leave ${old} as the alias target of`;
    output.text(`${what} ${displayPath(path)}${isFolder ? "/" : ""}: ${why}`);
  }
  for (const step of plan.steps) {
    const path = placed(step);
    const size = Number(step.bytes);
    output.record({
      ...{ record: "step", action: "store", path: jsonOfText(path), size, reason: step.why },
    });
    const where = step.storageClass === "STANDARD" ? "" : ` to ${step.storageClass}`;
    output.text(
      `store ${displayPath(path)} (${step.type}, ${formatSize(size)})${where}: ${step.why}`,
    );
  }
  for (const { source = "", path = "", key } of plan.deletions) {
    const place = jsonOfText(placed({ source, path: textOfJson(path) }));
    const reason = "its entry is gone";
    output.record({ record: "step", action: "delete", path: place, key, size: 0, reason });
    output.text(`delete ${key}: ${reason}`);
  }
  if (plan.further > 0) output.text(`and ${plan.further} more`);
  const size = formatSize(Number(plan.bytes));
  output.text(
    `plan: store ${counted(plan.entries, "entry", "entries")}, at most ${size}, ` +
      `in at most ${counted(plan.requests, "request")}; ` +
      (plan.deletions.length === 0
        ? "delete nothing"
        : `delete ${counted(plan.deletions.length, "object")}`),
  );
}
