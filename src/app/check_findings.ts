import { type AnyNewEvent, BATCH_ENTRIES, type LostObject } from "../core/event/event.ts";
import { joinPath, jsonOfText, type PathText } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import type { JobLog, LogReader } from "../ports/event_log.ts";
import { historyText } from "./log_base.ts";

/** What a check has found wrong, told at once and appended in batches. */
export interface Findings {
  readonly missing: number;
  readonly damaged: number;
  add(finding: Finding): void;
  flush(): void;
}

export interface Finding {
  readonly kind: "missing" | "damaged";
  readonly source: string;
  /** "" where it is an object of the log, or a pack. */
  readonly path: PathText;
  readonly key: string;
  /** Position of the event that stored it: that entry counts as not stored from now on. */
  readonly stored?: number;
  /** Of a pack: hashes of what it does not have; left out for all that it should have. */
  readonly contents?: readonly string[];
  readonly reason: string;
  /** What to do next, where that is not what it is for others of its kind. */
  readonly hint?: string;
}

export function findings(log: JobLog, run: string, emit: SignalSink): Findings {
  const counts = { missing: 0, damaged: 0 };
  let batch: AnyNewEvent[] = [];

  function flush(): void {
    if (batch.length > 0) log.append(run, batch, { durable: true });
    batch = [];
  }

  return {
    get missing() {
      return counts.missing;
    },
    get damaged() {
      return counts.damaged;
    },
    add(finding) {
      const { kind, source, path, key, reason } = finding;
      counts[kind]++;
      const place = path === "" ? key : joinPath(source, path);
      emit({ kind: "entry-error", path: place, reason: `${reason}; ${hintOf(finding)}` });
      batch.push(...eventsOf(finding));
      if (batch.length >= BATCH_ENTRIES) flush();
    },
    flush,
  };
}

/** One, unless a pack has lost very many contents. */
function eventsOf({ kind, source, path, key, stored, reason, contents }: Finding): AnyNewEvent[] {
  const type = kind === "missing" ? "ObjectMissing" : "ObjectDamaged";
  const data: LostObject = {
    ...{ source, path: jsonOfText(path), key },
    ...(stored === undefined ? {} : { stored }),
    reason,
  };
  if (contents === undefined) return [{ type, data }];
  const events: AnyNewEvent[] = [];
  for (let at = 0; at < Math.max(1, contents.length); at += BATCH_ENTRIES) {
    events.push({ type, data: { ...data, contents: contents.slice(at, at + BATCH_ENTRIES) } });
  }
  return events;
}

export function hintOf({ path, stored, hint }: Finding): string {
  if (hint !== undefined) return hint;
  if (path === "" && stored !== undefined) {
    return "the next backup stores what the source still has of it; `holdfast delete PACK` gives " +
      "up the rest";
  }
  if (stored !== undefined) {
    return "the next backup stores it again where the source still has it; else restore it from " +
      "another snapshot";
  }
  return path === ""
    ? "the database on this machine still holds it: keep a copy of that"
    : "this snapshot cannot give it back";
}

/** What to do where the repository lacks a segment, which begins with this event. */
export function segmentHint({ base }: LogReader, first: number): string {
  return base === undefined || first > base.position
    ? "`holdfast log ship` puts it back"
    : `it is lost, unless another copy of the database has it: ${historyText(base.position)}`;
}
