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

const POLL_MS = 1000;

/** The events that fit, oldest first. Throws the signal's reason where it fires. */
export async function* logEvents(
  log: LogReader,
  { run = "", path, ...range }: EventFilter,
  { clock, signal, follow }: WatchOptions,
): AsyncGenerator<FoundEvent> {
  const breathe = breather(clock, signal);
  let seen = 0;
  while (true) {
    signal.throwIfAborted();
    const head = log.head().position;
    for (const stored of log.lines({ ...range, from: seen + 1, to: head })) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      const found = stored.run.startsWith(run) ? foundIn(stored, path) : undefined;
      if (found !== undefined) yield found;
    }
    seen = head;
    if (!follow) return;
    await clock.sleep(POLL_MS, signal);
  }
}

function foundIn(stored: StoredLine, path: PathText | undefined): FoundEvent | undefined {
  const { position } = stored;
  const line = textOf(stored);
  if (path === undefined) return { position, line, event: () => parseLine(line, position) };
  const part = partOfEvent(parseLine(line, position), path);
  return part === undefined ? undefined : { position, line, event: () => part };
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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
