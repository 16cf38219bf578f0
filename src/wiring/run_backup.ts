import { backup, type BackupReport } from "../app/backup.ts";
import type { ScanOptions } from "../app/scan_context.ts";
import type { BackupOptions, RunInput } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { displayPath, jsonOfText } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "../report/count_text.ts";
import { gitignoreRules } from "../rules/gitignore_rules.ts";
import { openLocalSource } from "../sources/local/local_source.ts";
import { configDigest } from "./config_digest.ts";
import { systemEnvironment } from "./environment.ts";
import { openForWriting } from "./open_log.ts";
import { openStore } from "./open_store.ts";
import { ownerNames } from "./owner_names.ts";
import { ownPaths } from "./own_paths.ts";

/** `holdfast backup`. */
export async function runBackup(input: RunInput<BackupOptions>): Promise<number> {
  const { job, output, signal, globals } = input;
  const environment = systemEnvironment();
  const started = performance.now();
  const opened = openForWriting(input, environment, { volatile: globals.dryRun });
  try {
    const { log } = opened;
    const store = await openStore(job, environment, {
      ...{ log, signal },
      notice: (text) => output.signal({ kind: "notice", text }),
    });
    try {
      const report = await backup({
        ...{ log, store, environment, signal, hashing: platformHashing, owners: ownerNames() },
        emit: output.signal,
      }, {
        sources: job.sources.map((source) => scanOptions(input, source)),
        config: configDigest(job),
        storageClass: job.storageClass,
        minArchiveSize: job.minArchiveSize,
        partSize: job.partSize,
        workers: job.uploadWorkers,
        dryRun: globals.dryRun,
      });
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
      snapshot: snapshot ?? null,
    },
  }, lines);
}

function scanLine(scan: BackupReport["scans"][number]): string {
  const name = displayPath(scan.path);
  const what = [
    `${counted(scan.entries, "entry", "entries")}, ${formatSize(Number(scan.bytes))}`,
    `${scan.observed} new or changed`,
    ...(scan.removed > 0 ? [`${scan.removed} removed`] : []),
    ...(scan.unreadable > 0 ? [`${scan.unreadable} unreadable`] : []),
  ];
  return `scanned ${name}: ${what.join(", ")}`;
}

const GUARD_WORDS = {
  absent: "it is not there",
  empty: "it is empty",
  foreign: "it is on another file system than before",
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
  for (const step of plan.steps) {
    const path = step.source === "" ? step.path : `${step.source}/${step.path}`;
    const size = Number(step.bytes);
    output.record({
      ...{ record: "step", action: "store", path: jsonOfText(path), size, reason: step.why },
    });
    const where = step.storageClass === "STANDARD" ? "" : ` to ${step.storageClass}`;
    output.text(
      `store ${displayPath(path)} (${step.type}, ${formatSize(size)})${where}: ${step.why}`,
    );
  }
  if (plan.further > 0) output.text(`and ${plan.further} more`);
  const size = formatSize(Number(plan.bytes));
  output.text(
    `plan: store ${counted(plan.entries, "entry", "entries")}, at most ${size}, ` +
      `in at most ${counted(plan.requests, "request")}; delete nothing`,
  );
}
