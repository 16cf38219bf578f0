import type { Sha256 } from "../core/hash.ts";
import type { PathText } from "../core/path_text.ts";
import { sameButBirth, type SameRecord, sameRecord } from "../core/scan/folder_diff.ts";
import type { MaxDelete } from "../core/scan/delete_guard.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Clock } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Rules } from "../ports/rules.ts";
import type { Source } from "../ports/source.ts";

export interface ScanOptions {
  readonly name: string;
  /** Absolute path of the source, for the log. */
  readonly path: PathText;
  readonly source: Source;
  readonly rules: Rules;
  readonly oneFileSystem: boolean;
  readonly trustMtime: boolean;
  /** Unchanged entries are observations, too. */
  readonly observeAll: boolean;
  readonly maxDelete: MaxDelete;
  readonly acceptDeletions: boolean;
  /** Paths below the source that are Holdfast's own. */
  readonly own: ReadonlySet<PathText>;
}

/** Of shares the time of birth is told and not believed (core/scan/folder_diff.ts, sameButBirth). */
export function believesBirth({ source }: Pick<ScanOptions, "source">): boolean {
  return source.fidelity !== "share";
}

/** How a listed record is compared with one of the index. */
export function sameRecordOf(options: Pick<ScanOptions, "source">): SameRecord {
  return believesBirth(options) ? sameRecord : sameButBirth;
}

export interface ScanContext {
  readonly log: JobLog;
  readonly run: string;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
  /** Content is in packs: where an entry moves to changes no object's key. */
  readonly inPacks: boolean;
}
