import { HoldfastError } from "../core/error.ts";
import type { Clock } from "../ports/environment.ts";
import type { LogReader, StoredLine } from "../ports/event_log.ts";
import type { ExportedEvent, LogSink } from "../ports/log_sink.ts";
import { breather } from "./breather.ts";
import type { EventFilter } from "./log_events.ts";

export interface ExportReport {
  readonly events: number;
  /** Of the last event that the log had when the export began. */
  readonly head: string;
  readonly position: number;
}

/** Events, and bytes of lines, that a sink gets at once: a group of rows in a Parquet file. */
const GROUP_EVENTS = 20_000;
const GROUP_BYTES = 8 << 20;

const DATA = ',"data":';

/**
 * Writes the events that fit to a sink, oldest first, as the log has them when it begins. Bounded
 * memory: one group of rows. Throws the signal's reason, kind "damage", and what the sink throws.
 */
export async function exportLog(
  log: LogReader,
  { run = "", ...range }: Omit<EventFilter, "path">,
  sink: LogSink,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ExportReport> {
  const breathe = breather(clock, signal);
  const { position, hash } = log.head();
  let group: ExportedEvent[] = [];
  let bytes = 0;
  let events = 0;
  for (const stored of log.lines({ ...range, to: position })) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    if (!stored.run.startsWith(run)) continue;
    group.push(rowOf(stored));
    bytes += stored.line.length;
    events++;
    if (group.length < GROUP_EVENTS && bytes < GROUP_BYTES) continue;
    await sink.write(group);
    group = [];
    bytes = 0;
  }
  if (group.length > 0) await sink.write(group);
  await sink.finish();
  return { events, head: hash, position };
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The line is sliced, not parsed: an export has to hold what was chained, to the byte. */
function rowOf({ position, line: bytes, hash, at, run, type }: StoredLine): ExportedEvent {
  let line: string;
  try {
    line = decoder.decode(bytes);
  } catch (cause) {
    throw badEvent(position, "is not UTF-8", cause);
  }
  const start = line.indexOf(DATA);
  const version = /,"version":(\d+)$/.exec(line.slice(0, start))?.[1];
  if (start < 0 || version === undefined || !line.endsWith("}")) {
    throw badEvent(position, "is not a line of the log");
  }
  return {
    ...{ position, at, run, type, version: Number(version), hash, line },
    data: line.slice(start + DATA.length, -1),
  };
}

function badEvent(position: number, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("damage", `event ${position} ${why}`, {
    context: { position },
    hint: "holdfast log verify names all that is damaged",
    cause,
  });
}
