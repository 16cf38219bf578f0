import { breather } from "../app/breather.ts";
import { findListed, type Unlisted } from "../app/find_listed.ts";
import { jobStats } from "../app/job_stats.ts";
import { jobStatus } from "../app/job_status.ts";
import { type ListedEntry, listEntries } from "../app/list_entries.ts";
import { logEvents } from "../app/log_events.ts";
import { openState } from "../app/read_state.ts";
import type { LogOptions, LsOptions, NoOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError, isKind } from "../core/error.ts";
import type { AnyEvent } from "../core/event/event.ts";
import { EXIT } from "../core/exit_code.ts";
import { hex } from "../core/hash.ts";
import { displayPath, joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import { lockHolder } from "../sqlite/writer_lock.ts";
import { entryLine, longEntryLine } from "../report/entry_text.ts";
import { eventEntryLines } from "../report/event_entries_text.ts";
import { eventLineText } from "../report/event_text.ts";
import { nearest } from "../report/nearest.ts";
import { entryRecord, recordLine } from "../report/records.ts";
import { snapshotLines, snapshotRecord } from "../report/snapshot_text.ts";
import { databaseBytes } from "./database_bytes.ts";
import { systemEnvironment } from "./environment.ts";
import { lineBuffer } from "./line_buffer.ts";
import { openForLook, openLogAlone, replayerBeside } from "./open_log.ts";
import { wantedState } from "./run_restore.ts";
import { statsLines, statsRecord } from "./stats_view.ts";
import { statusLines, statusRecord } from "./status_view.ts";

/** `holdfast log`. */
export async function runLog(input: RunInput<LogOptions>): Promise<number> {
  const { output, signal, options } = input;
  const { follow, path, ...filter } = options;
  const log = openLogAlone(input);
  try {
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
export function runSnapshots(input: RunInput<NoOptions>): Promise<number> {
  const { output } = input;
  const log = openForLook(input);
  try {
    const snapshots = log.index.snapshots();
    for (const row of snapshots) output.record(snapshotRecord(row));
    if (snapshots.length > 0) {
      output.text(...snapshotLines(snapshots, (row) => Date.parse(row.at), output.zone));
    } else if (!output.json) {
      output.signal({ kind: "notice", text: "no backup has been completed yet" });
    }
    return Promise.resolve(EXIT.done);
  } finally {
    log.close();
  }
}

/** `holdfast ls`. */
export async function runLs(input: RunInput<LsOptions>): Promise<number> {
  const { output, signal, options } = input;
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
      const breathe = breather(systemEnvironment().clock, signal);
      const lines = lineBuffer(output.json ? output.raw : output.text);
      for (const entry of listEntries(state.index, listed, { recursive: options.recursive })) {
        lines.add(entryText(input, entry));
        const pause = breathe();
        if (pause === undefined) continue;
        lines.flush();
        await pause;
      }
      lines.flush();
      return EXIT.done;
    } finally {
      state.close();
    }
  } finally {
    log.close();
  }
}

/** The line of an entry, or its record. */
function entryText({ output, options }: RunInput<LsOptions>, { path, row }: ListedEntry): string {
  if (!output.json && !options.long) return entryLine(path, typeAt(row.stat));
  const stat = unpackStat(row.stat);
  const target = "target" in row && row.target !== null
    ? { target: textOfBytes(row.target) }
    : undefined;
  if (!output.json) return longEntryLine(path, stat, { zone: output.zone, ...target });
  const { stored, sha256 } = row.content;
  const content = stored > 0 && sha256 !== null ? { sha256: hex(sha256) } : undefined;
  return recordLine(entryRecord(path, stat, { ...target, ...content }));
}

function notListed(path: PathText, missing: Unlisted, label: string): HoldfastError {
  const { within, name, why } = missing;
  const near = why === "unknown" ? nearest(name, missing.names()) : undefined;
  const rest = path.slice(joinPath(within, name).length);
  const hint = near !== undefined
    ? `did you mean ${displayPath(joinPath(within, near) + rest)}?`
    : why === "removed"
    ? `it was removed before; holdfast log --path ${displayPath(path)} shows when`
    : why === "no-folder"
    ? `${displayPath(joinPath(within, name))} is no folder`
    : `holdfast ls ${displayPath(within)}`.trimEnd() + " lists what is there";
  return new HoldfastError("usage", `there is no ${displayPath(path)} in ${label}`, { hint });
}

/** `holdfast status`. */
export function runStatus(input: RunInput<NoOptions>): Promise<number> {
  const { output, job, stateFile } = input;
  const log = openForLook(input);
  try {
    const view = {
      job: job.name,
      url: job.repository.url,
      stateFile,
      databaseBytes: databaseBytes(stateFile),
      writer: lockHolder(stateFile),
      status: jobStatus(log),
      now: Date.now(),
    };
    if (output.json) output.record(statusRecord(view));
    else output.text(...statusLines(view, output.zone));
    return Promise.resolve(EXIT.done);
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
