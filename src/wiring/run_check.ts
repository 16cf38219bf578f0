import { type CheckReport, checkStore } from "../app/check_store.ts";
import { hasKeptBefore } from "../app/log_base.ts";
import type { JobConfig } from "../cli/job_config.ts";
import type { CheckOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError } from "../core/error.ts";
import type { LockSetting } from "../core/lock/object_lock.ts";
import { formatSize } from "../core/size_text.ts";
import { isoTime } from "../core/time_text.ts";
import { counted } from "../report/count_text.ts";
import { lockDate } from "../report/lock_text.ts";
import { archivedLines, archivedOptions, archivedTotals } from "./check_archived_options.ts";
import { configDigest } from "./config_digest.ts";
import { withUpkeep } from "./upkeep.ts";

type Packs = NonNullable<CheckReport["packs"]>;

/** `holdfast check`. */
export async function runCheck(input: RunInput<CheckOptions>): Promise<number> {
  const started = performance.now();
  const { job, globals, options: { readData, snapshots } } = input;
  const repair = input.options.repair && !globals.dryRun;
  const lock = input.options.lock ? { lock: lockOf(job) } : {};
  const { close, ...archived } = await archivedOptions(input);
  const config = configDigest(job);
  const report = await withUpkeep(
    input,
    (deps) => checkStore(deps, { readData, snapshots, repair, config, ...lock, ...archived }),
    {
      needs: (log, base) =>
        repair || ((snapshots || job.layout === "pack") && hasKeptBefore(log, base)),
      isLenient: true,
    },
  ).finally(close);
  show(input, report, performance.now() - started);
  return report.exitCode;
}

function lockOf({ lock }: JobConfig): LockSetting {
  if (lock !== undefined) return lock;
  throw new HoldfastError("usage", "--lock: the job does not set `lock`", {
    hint: 'add lock = "30d" to the job\'s section, or leave --lock out',
  });
}

function show({ output, job }: RunInput<CheckOptions>, report: CheckReport, ms: number): void {
  const { entries, bytes, unstored, missing, damaged, unknown, read, snapshotContents } = report;
  if (report.lifecycle.notice !== undefined) {
    output.signal({ kind: "notice", text: report.lifecycle.notice });
  }
  output.summary({
    ...{ record: "summary", command: "check", job: job.name, exit: report.exitCode },
    seconds: Math.round(ms) / 1000,
    totals: {
      ...{ entries, bytes, unstored, missing, damaged },
      ...{ unknown_objects: unknown.objects, unknown_bytes: unknown.bytes },
      ...{ read_objects: read.objects, read_bytes: read.bytes, archived: read.archived },
      snapshot_contents: snapshotContents,
      ...(report.packs === undefined ? {} : packTotals(report.packs)),
      other_class: Object.fromEntries(report.otherClass),
      ...(report.archived === undefined ? {} : archivedTotals(report.archived)),
      ...(report.locks === undefined ? {} : lockTotals(report.locks)),
      lifecycle: report.lifecycle.danger ?? null,
    },
  }, lines(report));
}

function lockTotals({ objects, unlocked, soonest }: NonNullable<CheckReport["locks"]>) {
  const until = soonest === undefined ? null : isoTime(soonest);
  return { locks: objects, not_locked: unlocked, locked_until: until };
}

function lockLine({ objects, unlocked, soonest }: NonNullable<CheckReport["locks"]>): string {
  if (unlocked > 0) {
    return `${counted(unlocked, "object is", "objects are")} not locked, of ${objects}: the next ` +
      "backup locks what is needed again";
  }
  const until = soonest === undefined ? "" : ` until ${lockDate(soonest)} at least`;
  return `${counted(objects, "object is", "objects are")} locked${until}`;
}

function packTotals({ packs, bytes, unknownIndexes, rewritten }: Packs) {
  return {
    ...{ packs, pack_bytes: bytes, unknown_indexes: unknownIndexes },
    rewritten_indexes: rewritten,
  };
}

function lines(report: CheckReport): string[] {
  const { entries, bytes, unstored, missing, damaged, unknown, read, otherClass } = report;
  const { snapshotContents, lifecycle, packs } = report;
  const object = packs === undefined ? "object" : "pack";
  return [
    `checked ${counted(entries, "entry", "entries")}, ${formatSize(bytes)}`,
    ...(packs === undefined
      ? []
      : [`and ${counted(packs.packs, "pack")}, ${formatSize(packs.bytes)}`]),
    ...(snapshotContents > 0
      ? [
        `and ${counted(snapshotContents, packs === undefined ? "object" : "content")} ` +
        "that only snapshots need",
      ]
      : []),
    ...(read.objects > 0
      ? [`read ${counted(read.objects, object)}, ${formatSize(read.bytes)}${wholeText(report)}`]
      : []),
    ...(read.archived > 0
      ? [
        `not read: ${counted(read.archived, `archived ${object}`)}, ` +
        "which would have to be warmed up",
      ]
      : []),
    ...(report.archived === undefined ? [] : archivedLines(report.archived)),
    ...(unstored > 0
      ? [`${counted(unstored, "entry is", "entries are")} not stored yet: the next backup does it`]
      : []),
    ...[...otherClass].map(([name, count]) =>
      `${counted(count, "object is", "objects are")} in ${name} now, not where holdfast put them`
    ),
    ...(unknown.objects > 0
      ? [
        `${counted(unknown.objects, "object")}, ${formatSize(unknown.bytes)}, that no entry has: ` +
        "of older states, or of others",
      ]
      : []),
    ...(packs !== undefined && packs.unknownIndexes > 0
      ? [`${counted(packs.unknownIndexes, "pack index", "pack indexes")} of packs of others`]
      : []),
    ...(report.locks === undefined ? [] : [lockLine(report.locks)]),
    ...(lifecycle.danger === undefined ? [] : [`lifecycle: ${lifecycle.danger}`]),
    missing + damaged === 0
      ? "nothing is missing or damaged"
      : `${counted(missing, "object is", "objects are")} missing, ${damaged} damaged`,
    ...(packs !== undefined && packs.rewritten > 0
      ? [`wrote ${counted(packs.rewritten, "pack index", "pack indexes")} again`]
      : []),
  ];
}

/** Packs are counted as read whatever was found in them. */
function wholeText({ missing, damaged, packs }: CheckReport): string {
  return packs === undefined || missing + damaged === 0 ? ": each as it was stored" : "";
}
