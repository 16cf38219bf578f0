import type { AnyNewEvent } from "../core/event/event.ts";
import { packedState, type PlacedClaim } from "../core/mirror/packed_state.ts";
import { type Gap, pathTimeline } from "../core/mirror/path_timeline.ts";
import { sourceNames } from "../core/mirror/source_names.ts";
import { suffixOf } from "../core/sealed_name.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { RebuildTables } from "../ports/rebuild_tables.ts";
import { adoptBatch, rootNames } from "./adopt_batch.ts";
import { applyChange, markUnreadable, noteSources, sayAssumed } from "./adopt_changes.ts";
import { adoptIndex } from "./adopt_pack_index.ts";
import { gapText, outsideText, remarks, snapshotTexts, unknownText } from "./adopt_remarks.ts";
import { breather } from "./breather.ts";
import { loseUnfound } from "./lose_unfound.ts";
import { type PackedWork, placeRecorded } from "./place_packed.ts";
import { settleMounts } from "./settle_mounts.ts";
import { type FoundRenames, gapsOf, readRenames, recordCount } from "./read_renames.ts";
import type { Adopt, AdoptReport } from "./rebuild_log.ts";
import { isSealedLog } from "./segment_state.ts";
import { type PackSurvey, type PackSurveyDeps, surveyPacks } from "./survey_packs.ts";

export interface AdoptPacksDeps extends PackSurveyDeps {
  /** Names of the job's sources as the config has them: for a source that nothing else names. */
  readonly sources: readonly string[];
  readonly tables: Pick<RebuildTables, "adoption">;
}

interface FoundPacks {
  readonly deps: AdoptPacksDeps;
  readonly renames: FoundRenames;
  readonly survey: PackSurvey;
  readonly after: number;
  readonly highest: number;
}

/**
 * Makes the index of a pack repository from pack indexes and renames objects: all of it, or what is
 * newer than the segments that were read. Nothing of a pack is read, nothing in the store is changed.
 */
export function adoptPacks(deps: AdoptPacksDeps): Adopt {
  return async ({ log, position: after }) => {
    const { records, indexes } = deps.tables.adoption();
    const renames = await readRenames(deps, records, after);
    const isProven = isSealedLog(log) || renames.shipped.some(({ key }) => suffixOf(key) !== "");
    const survey = await surveyPacks(deps, log, { isProven, fetched: indexes });
    const highest = Math.max(renames.highest, survey.highest);
    const isNew = highest > after || survey.indexes.length + survey.missing.length > 0;
    if (!isNew) return undefined;
    const found: FoundPacks = { deps, renames, survey, after, highest };
    return { next: Math.max(highest, after) + 1, append: (log, run) => append(found, log, run) };
  };
}

async function append(found: FoundPacks, log: JobLog, run: string): Promise<AdoptReport> {
  const { deps, renames, survey, after, highest } = found;
  const { indexes } = deps.tables.adoption();
  const gaps = gapsOf(renames.shipped.map(({ header }) => header), { after, highest });
  const work = beginWork(found, gaps, log, run);
  const breathe = breather(deps.clock, deps.signal);
  for (const found of survey.indexes) {
    const frames = indexes.framesOf(found.name.key);
    await adoptIndex(deps, work, { ...found, index: { ...found.name, frames } }, breathe);
  }
  for (const claim of work.state.rest()) if (!isRoot(work, claim)) placeRecorded(work, claim);
  work.batch.flush();
  noteSources(work);
  settleMounts(work);
  markUnreadable(work);
  sayAssumed(work);
  const unfound = loseUnfound(log, run);
  log.append(run, renames.shipped.map(shippedAgain));
  const { missing, outside, state, entries } = work;
  const records = recordCount(renames);
  return {
    objects: survey.indexes.filter(({ pack }) => pack !== undefined).length,
    records,
    origins: {
      packIndexes: { objects: survey.indexes.length, entries: entries.index },
      renames: { objects: renames.shipped.length, records, entries: entries.record },
    },
    missing: [
      ...renames.missing,
      ...gaps.map(gapText),
      ...survey.missing,
      ...missing.texts(),
      ...unfound,
      ...snapshotTexts(renames.records),
    ],
    unknown: [...unknownText(state.unknown()), ...outsideText(outside)],
  };
}

function shippedAgain({ key, header }: FoundRenames["shipped"][number]): AnyNewEvent {
  const { first, last } = header;
  return { type: "RenamesShipped", data: { key, first, last } };
}

/** The index with the moves and removals of what it had, and with the roots of the sources. */
function beginWork(
  { deps, renames, survey, after }: FoundPacks,
  gaps: readonly Gap[],
  log: JobLog,
  run: string,
): PackedWork {
  const timeline = pathTimeline(renames.records, gaps);
  const known = [...deps.sources, ...rootNames(log.index)];
  const work = {
    ...{ log, run, renames, after, inPacks: true, start: Infinity, isBroken: gaps.length > 0 },
    names: sourceNames(known, renames.records, survey.sources),
    batch: adoptBatch(log, run, () => deps.clock.now(), { inPacks: true }),
    state: packedState({
      ...{ records: renames.entries.inOrder(), timeline, claims: deps.tables.adoption().claims },
    }),
    ...{ mounts: new Map(), unreadable: [], missing: remarks(), outside: 0, cleared: "" },
    entries: { index: 0, record: 0 },
  };
  for (const change of timeline.changes) applyChange(work, change);
  // What is in a folder is on its file system, so that the outermost come first.
  for (const claim of work.state.rest()) if (isRoot(work, claim)) placeRecorded(work, claim);
  work.batch.flush();
  return { ...work, start: log.head().position };
}

function isRoot({ names }: Pick<PackedWork, "names">, { now, isFolder }: PlacedClaim): boolean {
  return isFolder && names.split(now, Infinity)?.path === "";
}
