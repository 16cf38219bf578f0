import type { BackupReport } from "../app/backup.ts";
import type { BackupOptions, RunInput } from "../cli/runner.ts";
import type { BackupPlan } from "../core/plan/backup_plan.ts";
import { displayPath, joinPath, jsonOfText, textOfJson } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { backupCostLines } from "../report/backup_cost_text.ts";
import { priceRecord } from "../report/cost_text.ts";
import { counted } from "../report/count_text.ts";
import { lockDate } from "../report/lock_text.ts";
import { earlyLines } from "../report/early_text.ts";
import { backupPrice } from "./backup_price.ts";
import { costSetting } from "./cost_setting.ts";

/** What a backup has done, or would do, for people and programs. */
export function showBackup(
  input: RunInput<BackupOptions>,
  report: BackupReport,
  seconds: number,
): void {
  const { output, job } = input;
  if (report.plan !== undefined) showPlan(input, report.plan);
  const { stored, scans, snapshot } = report;
  const lines = [
    ...scans.map(scanLine),
    ...(report.plan === undefined
      ? [`stored ${counted(stored.objects, "object")}, ${formatSize(stored.bytes)}`]
      : []),
    ...renamesLine(stored),
    ...(report.locks === undefined ? [] : lockLines(report.locks)),
    ...(stored.equal > 0 ? [`read again and found equal: ${counted(stored.equal, "file")}`] : []),
    ...refusals(report),
    ...(snapshot === undefined
      ? report.plan === undefined ? ["no snapshot: not every source was complete"] : []
      : [`snapshot ${snapshot}`]),
    ...(report.plan === undefined ? [] : priceLines(input, report.plan)),
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
      held: stored.held,
      ...(report.locks === undefined
        ? {}
        : { locked: report.locks.objects, not_locked: report.locks.failed }),
      snapshot: snapshot ?? null,
    },
  }, lines);
}

function priceLines({ output, job }: RunInput<BackupOptions>, plan: BackupPlan): string[] {
  const cost = backupPrice(job, plan);
  output.record(priceRecord("plan", cost.once));
  output.record(priceRecord("month", cost.monthly));
  return backupCostLines(cost);
}

function lockLines(locks: NonNullable<BackupReport["locks"]>) {
  const { objects, failed, until, reason, gaveUp } = locks;
  const rest = gaveUp ? "; the others were not tried" : "";
  return [
    ...(objects === 0
      ? []
      : [`extended the locks of ${counted(objects, "object")} until ${lockDate(until)}`]),
    ...(failed === 0 ? [] : [`${counted(failed, "object")} could not be locked: ${reason}${rest}`]),
  ];
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
  absent: "it is not there, or cannot be read",
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
  { output, job }: RunInput<BackupOptions>,
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
    output.text(`${renameText(way, old)} ${displayPath(path)}${isFolder ? "/" : ""}: ${why}`);
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
    ...lockPlanLines(plan),
    ...earlyLines(plan.early, costSetting(job)),
  );
}

function lockPlanLines({ locks }: BackupPlan): string[] {
  const [objects, looked] = [locks.extended, locks.looked].map((tally) =>
    [...tally.values()].reduce((sum, count) => sum + count, 0)
  );
  if (looked > 0) {
    return [
      `lock ${counted(objects, "object")} that ${objects === 1 ? "has" : "have"} no lock or a ` +
      `short one, of ${looked}`,
    ];
  }
  return objects === 0 ? [] : [
    `extend the locks of ${counted(objects, "object")}: less than half of the time may be left`,
  ];
}

function renameText(way: BackupPlan["renames"][number]["way"], old: string): string {
  switch (way) {
    case "copy":
      return `copy ${old} to`;
    case "alias":
      return `leave ${old} as the alias target of`;
    case "upload":
      return `upload again what is under ${old} to`;
    case "warm-up":
      return `warm up ${old} and then copy it to`;
  }
}
