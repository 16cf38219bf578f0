import type { Gap } from "../core/mirror/path_timeline.ts";
import type { RebuildState } from "../core/mirror/rebuild_state.ts";
import type { SourceNames } from "../core/mirror/source_names.ts";
import type { Clock } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { RebuildTables } from "../ports/rebuild_tables.ts";
import type { AdoptBatch } from "./adopt_batch.ts";
import type { FoundRenames } from "./read_renames.ts";
import type { Survey, SurveyDeps } from "./survey_objects.ts";

export interface AdoptDeps extends SurveyDeps {
  readonly clock: Clock;
  /** Names of the job's sources as the config has them: for objects that no record tells apart. */
  readonly sources: readonly string[];
  readonly tables: RebuildTables;
}

/** What the repository has beside the segments, looked at and not yet in the log. */
export interface Found {
  readonly deps: AdoptDeps;
  readonly renames: FoundRenames;
  readonly survey: Survey;
  readonly names: SourceNames;
  /** Position up to which the segments told all. */
  readonly after: number;
  readonly highest: number;
}

/** On its way into a log. */
export interface AdoptWork extends Found {
  readonly log: JobLog;
  readonly run: string;
  readonly state: RebuildState;
  /** Positions that no renames object covers. */
  readonly gaps: readonly Gap[];
  readonly batch: AdoptBatch;
}
