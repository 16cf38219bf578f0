import { HoldfastError } from "../core/error.ts";
import type { AnyEvent } from "../core/event/event.ts";
import { partOfEvent } from "../core/event/event_part.ts";
import { parseLine } from "../core/event/line.ts";
import type { PathText } from "../core/path_text.ts";
import type { Clock } from "../ports/environment.ts";
import type { LogReader, StoredLine } from "../ports/event_log.ts";
import { breather } from "./breather.ts";

/** Which events; all that is given must fit. */
export interface EventFilter {
  /** Milliseconds since 1970, inclusive. */
  readonly since?: number;
  readonly until?: number;
  /** Events about an entry at or below it ("[source/]path"). */
  readonly path?: PathText;
  /** The first digits of a run's id. */
  readonly run?: string;
  readonly type?: string;
}

export interface FoundEvent {
  readonly position: number;
  /** As the log holds it. */
  readonly line: string;
  /** The event, or what of it is about the wanted path. Throws kind "damage", "failed". */
  event(): AnyEvent;
}

export interface WatchOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Goes on with events as they come, until the signal fires. */
  readonly follow: boolean;
}

/**
 * Positions read in one query. Few, because no query may stay open while a reader of the output
 * takes its time: the database could not be tidied up behind its writer.
 */
const WINDOW = 64;
const POLL_MS = 1000;

/** The events that fit, oldest first. Throws kind "interrupted" where the signal fires. */
export async function* logEvents(
  log: LogReader,
  filter: EventFilter,
  { clock, signal, follow }: WatchOptions,
): AsyncGenerator<FoundEvent> {
  const breathe = breather(clock, signal);
  let next = 1;
  while (true) {
    const head = log.head().position;
    while (next <= head) {
      const to = Math.min(head, next + WINDOW - 1);
      for (const found of [...eventsBetween(log, filter, next, to)]) {
        if (signal.aborted) throw new HoldfastError("interrupted", "interrupted");
        yield found;
      }
      next = to + 1;
      await breathe();
    }
    if (!follow) return;
    await clock.sleep(POLL_MS, signal);
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function* eventsBetween(
  log: LogReader,
  { run, path, ...range }: EventFilter,
  from: number,
  to: number,
): Generator<FoundEvent> {
  for (const stored of log.lines({ ...range, from, to })) {
    if (run !== undefined && !stored.run.startsWith(run)) continue;
    const line = textOf(stored);
    const { position } = stored;
    if (path === undefined) {
      yield { position, line, event: () => parseLine(line, position) };
      continue;
    }
    const part = partOfEvent(parseLine(line, position), path);
    if (part !== undefined) yield { position, line, event: () => part };
  }
}

function textOf({ line, position }: StoredLine): string {
  try {
    return decoder.decode(line);
  } catch (cause) {
    throw new HoldfastError("damage", `event ${position} is not UTF-8`, {
      context: { position },
      cause,
    });
  }
}
