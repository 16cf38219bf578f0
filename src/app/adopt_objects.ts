import { neighbourFinder, rowAt } from "../core/index/row_at.ts";
import { isLive } from "../core/index/rows.ts";
import type { AnyNewEvent } from "../core/event/event.ts";
import { pathOfKey } from "../core/mirror/object_key.ts";
import { pathTimeline } from "../core/mirror/path_timeline.ts";
import { entryOf, type FoundObject, pathOf, rebuildState } from "../core/mirror/rebuild_state.ts";
import { type SourceNames, sourceNames } from "../core/mirror/source_names.ts";
import { jsonOfText } from "../core/path_text.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import type { ListedObject } from "../ports/object_store.ts";
import { adoptBatch, rootNames } from "./adopt_batch.ts";
import { counted, gapText, outsideText, snapshotTexts, unknownText } from "./adopt_remarks.ts";
import { placeAll } from "./adopt_state.ts";
import type { AdoptDeps, AdoptWork, Found } from "./adopt_work.ts";
import { gapsOf, readRenames, recordCount } from "./read_renames.ts";
import type { Adopt, AdoptReport } from "./rebuild_log.ts";
import { type Survey, surveyObjects } from "./survey_objects.ts";

/**
 * Makes the index from what objects and renames objects say of themselves: all of it, or what is newer
 * than the segments that were read. No content is read, nothing in the store is changed.
 */
export function adoptObjects(deps: AdoptDeps): Adopt {
  return async ({ log, position: after, until = 0 }) => {
    const { tables } = deps;
    const renames = await readRenames(deps, tables.adoption().records, after);
    const survey = await surveyObjects(deps, tables.survey(), {
      repository: `${log.genesis.repository} ${deps.store.url}`,
      isKnown: knownObjects(log.index, deps.sources, until),
      isWanted: (key) => renames.entries.isContent(key),
    });
    const highest = Math.max(renames.highest, survey.highest);
    const names = sourceNames([...deps.sources, ...rootNames(log.index)], renames.records);
    const found: Found = { deps, renames, survey, names, after, highest };
    if (highest <= after && !hasLate(log.index, found)) return undefined;
    return { next: Math.max(highest, after) + 1, append: (log, run) => append(found, log, run) };
  };
}

/** More are not named one by one: the batch events of the run say the same. */
const DISCOVERED = 1000;

async function append(found: Found, log: JobLog, run: string): Promise<AdoptReport> {
  const { deps, renames, survey, after, highest, names } = found;
  const gaps = gapsOf(renames.shipped.map(({ header }) => header), {
    after,
    highest,
  });
  const state = rebuildState({
    records: renames.entries.inOrder(),
    timeline: pathTimeline(renames.records, gaps),
    claims: deps.tables.adoption().claims,
  });
  const batch = adoptBatch(log, run, () => deps.clock.now());
  if (survey.foreign > 0) {
    const text = `${counted(survey.foreign, "object")} without metadata of holdfast: left alone`;
    deps.emit({ kind: "notice", text });
  }
  discover(found, log, run);
  const placed = await placeAll({ ...found, log, run, state, batch, gaps });
  const late = after === 0 ? 0 : storeLate({ log, names, batch, after }, survey);
  batch.flush();
  const shipped: AnyNewEvent[] = renames.shipped.map(({ key, header: { first, last } }) => ({
    type: "RenamesShipped",
    data: { key, first, last },
  }));
  log.append(run, shipped);
  const { entries } = placed;
  const records = recordCount(renames);
  return {
    ...{ objects: survey.count, records },
    origins: {
      metadata: { objects: survey.count, entries: entries.object + late },
      renames: { objects: shipped.length, records, entries: entries.record },
    },
    missing: [
      ...renames.missing,
      ...gaps.map(gapText),
      ...survey.missing,
      ...placed.missing,
      ...snapshotTexts(renames.records),
    ],
    unknown: [...unknownText(state.unknown()), ...outsideText(placed.outside)],
  };
}

function discover({ survey, after }: Found, log: JobLog, run: string): void {
  if (after === 0 || survey.count > DISCOVERED) return;
  const events: AnyNewEvent[] = [];
  for (const object of survey.objects()) {
    const { key, metadata: { log: origin, position } } = object;
    if (position <= after) continue;
    const path = jsonOfText(pathOf(object));
    events.push({ type: "ObjectDiscovered", data: { key, path, log: origin, position } });
  }
  if (events.length > 0) log.append(run, events);
}

/**
 * True where the index has this very object under this very key; it does not change meanwhile. All
 * markers have one ETag, and a file may get a former content again: an object that the store got
 * after what was read (`until`) may say something else of its entry.
 */
function knownObjects(
  index: IndexModel,
  sources: readonly string[],
  until: number,
): (object: ListedObject) => boolean {
  const roots = rootNames(index);
  if (roots.length === 0) return () => false;
  const names = sourceNames([...sources, ...roots], []);
  const find = neighbourFinder(index);
  return ({ key, etag, lastModified }) => {
    if (lastModified >= until) return false;
    const place = names.split(pathOfKey(key), Infinity);
    const row = place &&
      (key.endsWith("/") ? rowAt(index, place, true) : find(place.source, place.path));
    if (row === undefined || row.content.etag !== etag) return false;
    return key === index.keys.ofRow(row);
  };
}

/** An object of an observation that the index has, whose being stored it does not know. */
function hasLate(index: IndexModel, { survey, names, after }: Found): boolean {
  if (after === 0) return false;
  for (const object of survey.objects()) {
    const isObserved = object.metadata.position <= after;
    if (isObserved && placeWaiting(index, names, object) !== undefined) return true;
  }
  return false;
}

function placeWaiting(index: IndexModel, names: SourceNames, object: FoundObject) {
  const { position, type } = object.metadata;
  const place = names.split(pathOf(object), position);
  const row = place && rowAt(index, place, type === "folder");
  if (row === undefined || row.position !== position || row.content.stored > 0) return undefined;
  return isLive(row) ? place : undefined;
}

/** Returns how many entries have their content by that. */
function storeLate(
  { log, names, batch, after }: Pick<AdoptWork, "log" | "names" | "batch" | "after">,
  survey: Survey,
): number {
  let stored = 0;
  for (const object of survey.objects()) {
    if (object.metadata.position > after) continue;
    const place = placeWaiting(log.index, names, object);
    if (place === undefined) continue;
    batch.store(place, entryOf(object), object.metadata.position);
    stored++;
  }
  return stored;
}
