import { type JobStatus, RECENT_RUNS } from "../app/job_status.ts";
import type { LeftSource } from "../app/name_sources.ts";
import type { UnsettledRename } from "../app/unsettled_renames.ts";
import type { Layout } from "../core/event/event.ts";
import { EXIT } from "../core/exit_code.ts";
import type { RunRow, SnapshotRow } from "../core/index/run_fold.ts";
import { displayPath, jsonOfText, textOfJson } from "../core/path_text.ts";
import { formatDuration, formatSize } from "../core/size_text.ts";
import { isoTime, timeText, type ZoneOffset } from "../core/time_text.ts";
import type { Totals } from "../ports/event_log.ts";
import { counted, grouped } from "../report/count_text.ts";
import { heldText, lockDate, lockSettingText } from "../report/lock_text.ts";
import type { FactsRecord, FactValue, RenameRecord } from "../report/records.ts";
import { snapshotRecord } from "../report/snapshot_text.ts";
import { factLines } from "../report/table.ts";
import type { LockHolder } from "../sqlite/writer_lock.ts";

export interface StatusView {
  readonly job: string;
  readonly url: string;
  readonly layout: Layout;
  readonly stateFile: string;
  readonly databaseBytes: number;
  /** Who writes the job now; its fields are missing for the moment in which it has just begun. */
  readonly writer: Partial<LockHolder> | undefined;
  readonly status: JobStatus;
  /** Sources that the config does not have any more. */
  readonly left: readonly LeftSource[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

type Fact = readonly [label: string, value: string];

export function statusLines(view: StatusView, zone: ZoneOffset): string[] {
  const { status, now } = view;
  const when = (at: string) => {
    const time = Date.parse(at);
    return `${timeText(time, zone)}, ${formatDuration(Math.max(0, now - time))} ago`;
  };
  return factLines([
    ["job", view.job],
    ["repository", `${view.url} (${status.repository})`],
    ["database", `${displayPath(view.stateFile)}, ${formatSize(view.databaseBytes)}`],
    ["log", `position ${status.head.position}, head ${status.head.hash}`],
    ["known", totalsText(status.totals)],
    ["not stored", totalsText(status.unstored)],
    ["unreadable", counted(status.unreadable, "entry", "entries")],
    ["last good snapshot", goodText(view)],
    ...snapshotFacts(status, when),
    ...status.lastRuns.map((run): Fact => [`last ${run.command}`, runText(view, run, when)]),
    ...runFacts(view, when),
    ...status.refused.map(({ at, data }): Fact => [
      "refused scan",
      `${data.source === "" ? "" : `${data.source}: `}${data.guard}, ` +
      `${counted(data.missing, "entry", "entries")} missing, ${when(at)}`,
    ]),
    ...view.left.map(({ name, entries }): Fact => [
      "not in the config",
      `${name === "" ? "the source without a name" : `source ${displayPath(name)}`}: its ` +
      `${counted(entries, "entry", "entries")} ${entries === 1 ? "is" : "are"} kept`,
    ]),
    ["unsettled renames", renamesText(status)],
    ...renameFacts(status),
    ...historyFacts(status),
    ["not shipped", counted(status.unshipped, "event")],
    ["open uploads", grouped(status.uploads.length)],
    ...status.uploads.map((upload): Fact => [
      "open upload",
      `${displayPath(upload.key)}, since ${when(upload.started)}`,
    ]),
    ...lockFacts(view),
    ...storeFacts(view),
  ]);
}

/** How much a loss of the source would cost: the age of what could be restored whole. */
function goodText({ status: { newest, newestWhole }, now }: StatusView): string {
  if (newestWhole === undefined) return newest === undefined ? "none yet" : "none without gaps yet";
  return `${formatDuration(Math.max(0, now - Date.parse(newestWhole.at)))} ago`;
}

function renamesText({ renames: { unsettled, aliased } }: JobStatus): string {
  return grouped(unsettled) + (aliased > 0 ? `, and ${grouped(aliased)} settled as aliases` : "");
}

function renameFacts({ renames: { named, unsettled, aliased } }: JobStatus): Fact[] {
  const left = unsettled + aliased - named.length;
  return [
    ...named.map(({ place, isFolder, from, aliased }): Fact => [
      aliased ? "alias" : "unsettled rename",
      `${displayPath(place)}${isFolder ? "/" : ""} is under ${
        displayPath(from === "" ? "/" : from)
      }`,
    ]),
    ...(left > 0 ? [["", `and ${grouped(left)} more`] as const] : []),
  ];
}

function totalsText({ entries, files, bytes }: Totals): string {
  return [counted(entries, "entry", "entries"), counted(files, "file"), formatSize(bytes)]
    .join(", ");
}

function snapshotFacts(
  { newest, newestWhole }: JobStatus,
  when: (at: string) => string,
): Fact[] {
  if (newest === undefined) return [["snapshot", "none yet"]];
  const text = (row: SnapshotRow) =>
    `${row.position}, ${when(row.at)}, ${counted(BigInt(row.entries), "entry", "entries")}, ` +
    formatSize(BigInt(row.bytes)) + (row.gaps > 0 ? `, ${counted(row.gaps, "gap")}` : "");
  if (newest.gaps === 0) return [["snapshot", text(newest)]];
  return [
    ["snapshot", text(newest)],
    ["without gaps", newestWhole === undefined ? "none yet" : text(newestWhole)],
  ];
}

function runText(view: StatusView, run: RunRow, when: (at: string) => string): string {
  if (run.finished !== null) return `${outcomeText(run)}, ${when(run.finished)}`;
  return `${outcomeText(run, view)}, begun ${when(run.started)}`;
}

function outcomeText(run: RunRow, view?: StatusView): string {
  if (run.outcome === EXIT.done) return "done";
  if (run.outcome !== null) return `exit code ${run.outcome}`;
  if (run.interrupted) return "cut off";
  if (view !== undefined && isWriting(view, run)) return "at work";
  return "at work or cut off";
}

function isWriting({ writer }: StatusView, run: RunRow): boolean {
  return writer?.pid === run.pid && writer.host === run.host;
}

function runFacts(view: StatusView, when: (at: string) => string): Fact[] {
  const { status, writer } = view;
  const { pid, host, since } = writer ?? {};
  const who = pid === undefined ? "another process" : `PID ${pid} on ${host}, since ${since}`;
  return [
    ["written now", writer === undefined ? "by nobody" : `by ${who}`],
    ...status.openRuns.filter((run) => !isWriting(view, run)).map((run): Fact => [
      "without an end",
      `${run.command} of PID ${run.pid} on ${run.host} (${run.run}), begun ${when(run.started)}`,
    ]),
    ["cut off", `${status.interrupted.length} of the last ${RECENT_RUNS} runs`],
    ...status.interrupted.slice(0, 3).map((run): Fact => [
      "cut off",
      `${run.command} (${run.run}), begun ${when(run.started)}`,
    ]),
  ];
}

/** Where not all of the log is on this machine. */
function historyFacts({ base }: JobStatus): Fact[] {
  if (base === undefined) return [];
  const before = base.cut === undefined
    ? "what was before is gone"
    : `what was before is in the repository, cut here on ${base.cut.at}`;
  return [["history here", `behind position ${base.position}; ${before}`]];
}

function lockFacts({ status: { locks }, now }: StatusView): Fact[] {
  const { setting, extended, held } = locks;
  const until = extended === undefined ? "" : `; until ${lockDate(extended)} what was needed then`;
  return [
    ...(setting === undefined ? [] : [["locked", lockSettingText(setting) + until] as const]),
    ...(held === undefined || held.until <= now
      ? []
      : [["held by locks", heldText(held)] as const]),
  ];
}

function lockRecord({ setting, extended, held }: JobStatus["locks"]): FactValue {
  return {
    seconds: setting === undefined ? 0 : setting.ms / 1000,
    mode: setting?.mode ?? null,
    extended_until: extended === undefined ? null : isoTime(extended),
    ...(held === undefined ? {} : {
      ...{ held: held.objects, held_bytes: held.bytes },
      ...{ held_from: isoTime(held.from), held_until: isoTime(held.until) },
    }),
  };
}

/** Packs are never overwritten: where they are, versions are not missed. */
function storeFacts({ status: { probed }, layout }: StatusView): Fact[] {
  if (probed === undefined) return [["store", "never probed"]];
  const lacking = Object.entries(probed.lacking)
    .filter(([name]) => layout === "mirror" || name !== "versions");
  if (lacking.length === 0) return [["store", `${probed.url}: lacks nothing`]];
  return lacking.map(([name, reason]): Fact => ["store", `${name}: ${reason}`]);
}

export function statusRecord(view: StatusView): FactsRecord {
  const { status, writer } = view;
  return {
    record: "status",
    job: view.job,
    url: view.url,
    repository: status.repository,
    log: status.log,
    database: jsonOfText(view.stateFile) as FactValue,
    database_bytes: view.databaseBytes,
    position: status.head.position,
    head: status.head.hash,
    history_after: status.base?.position ?? 0,
    history_cut: status.base?.cut?.at ?? null,
    ...totalsFacts(status.totals, ""),
    ...totalsFacts(status.unstored, "unstored_"),
    unreadable: status.unreadable,
    snapshots: status.snapshots,
    snapshot: snapshotFact(status.newest, view.now),
    snapshot_without_gaps: snapshotFact(status.newestWhole, view.now),
    last_good_age_seconds: ageSeconds(status.newestWhole, view.now),
    sources_left: view.left.map(({ name, path, entries }) => ({
      ...{ source: name, path: jsonOfText(path) as FactValue, entries },
    })),
    renames_unsettled: status.renames.unsettled,
    renames_aliased: status.renames.aliased,
    renames: status.renames.named.map((rename) => {
      const { record: _, path, ...fields } = renameRecord(rename);
      return { path: path as FactValue, ...fields };
    }),
    unshipped: status.unshipped,
    last_runs: status.lastRuns.map(runFact),
    open_runs: status.openRuns.map((run) => ({ ...runFact(run), at_work: isWriting(view, run) })),
    interrupted_runs: status.interrupted.map(runFact),
    writer: writer === undefined
      ? null
      : { pid: writer.pid ?? null, host: writer.host ?? null, since: writer.since ?? null },
    refused_scans: status.refused.map(({ at, position, data }) => ({
      ...{ at, position, source: data.source, guard: data.guard },
      ...{ missing: data.missing, limit: data.limit },
      sample: data.sample.map((path) => jsonOfText(textOfJson(path)) as FactValue),
    })),
    uploads_open: status.uploads.length,
    uploads: status.uploads.map(({ key, source, started, upload }) => ({
      ...{ key, source, started, upload },
    })),
    locks: lockRecord(status.locks),
    store: status.probed === undefined
      ? null
      : { ...status.probed, lacking: { ...status.probed.lacking } },
  };
}

export function renameRecord(
  { place, isFolder, from, aliased }: UnsettledRename,
): RenameRecord {
  return { record: "rename", path: jsonOfText(place), folder: isFolder, key: from, aliased };
}

function totalsFacts({ entries, files, bytes }: Totals, prefix: string) {
  return {
    [`${prefix}entries`]: entries,
    [`${prefix}files`]: files,
    [`${prefix}bytes`]: Number(bytes),
  };
}

function snapshotFact(row: SnapshotRow | undefined, now: number): FactValue {
  if (row === undefined) return null;
  const { position, at, entries, bytes, gaps } = snapshotRecord(row);
  return { position, at, age_seconds: ageSeconds(row, now), entries, bytes, gaps };
}

function ageSeconds(row: SnapshotRow | undefined, now: number): number | null {
  if (row === undefined) return null;
  return Math.max(0, Math.round((now - Date.parse(row.at)) / 1000));
}

function runFact({ run, command, host, pid, started, finished, outcome, interrupted }: RunRow) {
  return { run, command, host, pid, started, finished, exit: outcome, interrupted };
}
