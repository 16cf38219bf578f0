import { displayPath } from "../core/path_text.ts";
import type { EntryErrorSignal } from "../core/signal.ts";
import { counted } from "../report/count_text.ts";

/** Entries that failed, kept to be listed at the end of the run. */
export interface EntryFailures {
  add(failure: EntryErrorSignal): void;
  /** The first of them, and how many more there are. */
  lines(logFile: string | undefined): string[];
}

/** So many are listed; the text log has all. */
const LISTED = 50;

export function entryFailures(): EntryFailures {
  const listed: EntryErrorSignal[] = [];
  let more = 0;
  return {
    add(failure) {
      if (listed.length < LISTED) listed.push(failure);
      else more++;
    },
    lines(logFile) {
      const place = logFile === undefined ? "" : `, see ${logFile}`;
      const rest = more === 0
        ? []
        : [`… and ${counted(more, "more entry", "more entries")}${place}`];
      return [...listed.map(entryFailureLine), ...rest];
    },
  };
}

export function entryFailureLine({ path, reason }: EntryErrorSignal): string {
  return `failed: ${displayPath(path)}: ${reason}`;
}
