import { type AnyNewEvent, BATCH_ENTRIES } from "../core/event/event.ts";
import { joinPath, jsonOfText, type PathText } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import type { JobLog } from "../ports/event_log.ts";

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
  /** "" where it is an object of the log. */
  readonly path: PathText;
  readonly key: string;
  /** Position of the event that stored it: that entry counts as not stored from now on. */
  readonly stored?: number;
  readonly reason: string;
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
      const { kind, source, path, key, stored, reason } = finding;
      counts[kind]++;
      const place = path === "" ? key : joinPath(source, path);
      emit({ kind: "entry-error", path: place, reason: `${reason}; ${hintOf(finding)}` });
      batch.push({
        type: kind === "missing" ? "ObjectMissing" : "ObjectDamaged",
        data: {
          ...{ source, path: jsonOfText(path), key },
          ...(stored === undefined ? {} : { stored }),
          reason,
        },
      });
      if (batch.length >= BATCH_ENTRIES) flush();
    },
    flush,
  };
}

function hintOf({ path, stored }: Finding): string {
  if (stored !== undefined) {
    return "the next backup stores it again where the source still has it; else restore it from " +
      "another snapshot";
  }
  return path === ""
    ? "the database on this machine still holds it: keep a copy of that"
    : "this snapshot cannot give it back";
}
