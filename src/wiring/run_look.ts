import { breather } from "../app/breather.ts";
import { findListed } from "../app/find_listed.ts";
import { jobStats } from "../app/job_stats.ts";
import { jobStatus } from "../app/job_status.ts";
import { listEntries } from "../app/list_entries.ts";
import { historyGone, lookableSince } from "../app/log_base.ts";
import { logEvents } from "../app/log_events.ts";
import { leftSources } from "../app/name_sources.ts";
import { openState } from "../app/read_state.ts";
import { unsettledRenames } from "../app/unsettled_renames.ts";
import type {
  LogOptions,
  LsOptions,
  NoOptions,
  RunInput,
  SnapshotsOptions,
} from "../cli/runner.ts";
import { isKind } from "../core/error.ts";
import type { AnyEvent } from "../core/event/event.ts";
import { EXIT } from "../core/exit_code.ts";
import { lockHolder } from "../sqlite/writer_lock.ts";
import { eventEntryLines } from "../report/event_entries_text.ts";
import { eventLineText } from "../report/event_text.ts";
import { recordLine } from "../report/records.ts";
import { snapshotLines, snapshotRecord } from "../report/snapshot_text.ts";
import { databaseBytes } from "./database_bytes.ts";
import { systemEnvironment } from "./environment.ts";
import { listCollated } from "./list_collated.ts";
import { listedText, notListed } from "./listed_text.ts";
import { openForLook, openLogAlone, replayerBeside } from "./open_log.ts";
import { tellBase } from "./tell_base.ts";
import { wantedState } from "./restore_selection.ts";
import { statsLines, statsRecord } from "./stats_view.ts";
import { renameRecord, statusLines, statusRecord } from "./status_view.ts";
import { streamLines } from "./stream_lines.ts";
import { needsSince, needsStates, withPast } from "./with_past.ts";

/** `holdfast log`. */
export async function runLog(input: RunInput<LogOptions>): Promise<number> {
  return await withPast(input, needsSince(input.options.since), showLog);
}

async function showLog(input: RunInput<LogOptions>): Promise<number> {
  const { output, signal, options } = input;
  const { follow, path, ...filter } = options;
  const log = openLogAlone(input);
  try {
    tellBase(input, log);
    if (filter.until !== undefined && log.base !== undefined) {
      if (log.lastPositionAt(filter.until) === 0) throw historyGone(log.base);
    }
    const watch = { clock: systemEnvironment().clock, signal, follow };
    for await (const found of logEvents(log, { ...filter, path }, watch)) {
      if (output.json) output.raw(found.line);
      else showEvent(input, found.event());
    }
    return EXIT.done;
  } catch (error) {
    // Stopping it is how one ends to follow a log: no failure to be told of.
    if (follow && !output.closed && isKind(error, "interrupted")) return EXIT.interrupted;
    throw error;
  } finally {
    log.close();
  }
}

function showEvent({ output, options }: RunInput<LogOptions>, event: AnyEvent): void {
  output.text(eventLineText(event, Date.parse(event.at), output.zone));
  if (options.path !== undefined) output.text(...eventEntryLines(event));
}

/** `holdfast snapshots`. */
export function runSnapshots(input: RunInput<SnapshotsOptions>): Promise<number> {
  const { output, options } = input;
  const log = openForLook(input);
  try {
    const all = log.index.snapshots();
    const snapshots = all.filter(({ forgotten }) => options.all || forgotten === 0);
    const since = lookableSince(log);
    for (const row of snapshots) output.record(snapshotRecord(row, since));
    if (snapshots.length > 0) {
      output.text(...snapshotLines(snapshots, (row) => Date.parse(row.at), output.zone, since));
    } else if (!output.json) {
      const text = all.length === 0
        ? "no backup has been completed yet"
        : "all snapshots were forgotten; --all lists them";
      output.signal({ kind: "notice", text });
    }
    return Promise.resolve(EXIT.done);
  } finally {
    log.close();
  }
}

/** `holdfast ls`. */
export async function runLs(input: RunInput<LsOptions>): Promise<number> {
  return await withPast(input, needsStates(wantedState(input.options.state)), list);
}

async function list(input: RunInput<LsOptions>): Promise<number> {
  const { output, options } = input;
  const wanted = wantedState(options.state);
  const log = openForLook(input);
  try {
    const state = openState(log, replayerBeside(input.stateFile), wanted, output.signal);
    try {
      if (wanted.kind === "default" || wanted.kind === "time") {
        output.signal({ kind: "notice", text: `listing ${state.label}` });
      }
      const listed = findListed(state.index, options.path);
      if (listed.kind === "missing") throw notListed(options.path, listed, state.label);
      const { recursive, long, collate } = options;
      if (collate !== undefined) await listCollated(input, state.index, listed, collate);
      else {
        const entries = listEntries(state.index, listed, { recursive });
        await streamLines(input, entries, (entry) => listedText(output, long, entry));
      }
      return EXIT.done;
    } finally {
      state.close();
    }
  } finally {
    log.close();
  }
}

/** `holdfast status`. */
export async function runStatus(input: RunInput<NoOptions>): Promise<number> {
  const { output, job, stateFile } = input;
  const log = openForLook(input);
  try {
    const view = {
      job: job.name,
      url: job.repository.url,
      layout: job.layout,
      stateFile,
      databaseBytes: databaseBytes(stateFile),
      writer: lockHolder(stateFile),
      status: jobStatus(log),
      left: leftSources(log.index, job.sources),
      now: Date.now(),
    };
    if (output.json) {
      output.record(statusRecord(view));
      const renames = unsettledRenames(log.index);
      await streamLines(input, renames, (rename) => recordLine(renameRecord(rename)));
    } else output.text(...statusLines(view, output.zone));
    return EXIT.done;
  } finally {
    log.close();
  }
}

/** `holdfast stats`. */
export async function runStats(input: RunInput<NoOptions>): Promise<number> {
  const { output, signal, stateFile } = input;
  const log = openForLook(input);
  try {
    const stats = await jobStats(log, breather(systemEnvironment().clock, signal));
    const view = { stats, databaseBytes: databaseBytes(stateFile) };
    if (output.json) output.record(statsRecord(view));
    else output.text(...statsLines(view));
    return EXIT.done;
  } finally {
    log.close();
  }
}
