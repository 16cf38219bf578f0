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
import { type AdoptBatch, adoptBatch, rootNames } from "./adopt_batch.ts";
import { counted, gapText, snapshotTexts, unknownText } from "./adopt_remarks.ts";
import { placeAll } from "./adopt_state.ts";
import type { AdoptDeps, Found } from "./adopt_work.ts";
import { gapsOf, readRenames } from "./read_renames.ts";
import type { Adopt, AdoptReport } from "./rebuild_log.ts";
import { surveyObjects } from "./survey_objects.ts";

/**
 * Makes the index from what objects and renames objects say of themselves: all of it, or what is newer
 * than the segments that were read. No content is read, nothing in the store is changed.
 */
export function adoptObjects(deps: AdoptDeps): Adopt {
  return async ({ log, position: after, until = 0 }) => {
    const renames = await readRenames(deps, after);
    const wanted = new Set(
      renames.records.flatMap((record) =>
        record.is === "entry" && record.entry.content?.key !== undefined
          ? [record.entry.content.key]
          : []
      ),
    );
    const isKnown = knownObjects(log.index, deps.sources, until);
    const survey = await surveyObjects(deps, { isKnown, wanted });
    const highest = Math.max(renames.highest, survey.highest);
    const names = sourceNames([...deps.sources, ...rootNames(log.index)], renames.records);
    const late = lateObjects(log.index, { survey, names, after });
    if (highest <= after && late.length === 0) return undefined;
    const found: Found = { deps, renames, survey, names, late, after, highest };
    return { next: Math.max(highest, after) + 1, append: (log, run) => append(found, log, run) };
  };
}

/** More are not named one by one: the batch events of the run say the same. */
const DISCOVERED = 1000;

async function append(found: Found, log: JobLog, run: string): Promise<AdoptReport> {
  const { deps, renames, survey, after, highest, late, names } = found;
  const gaps = gapsOf(renames.shipped.map(({ header }) => header), {
    after,
    highest,
  });
  const state = rebuildState(renames.records, pathTimeline(renames.records, gaps));
  const batch = adoptBatch(log, run, () => deps.clock.now());
  if (survey.foreign > 0) {
    const text = `${counted(survey.foreign, "object")} without metadata of holdfast: left alone`;
    deps.emit({ kind: "notice", text });
  }
  discover(found, log, run);
  const placed = await placeAll({ ...found, log, run, state, batch, gaps });
  for (const object of late) storeLate({ log, names, batch }, object);
  batch.flush();
  const shipped: AnyNewEvent[] = renames.shipped.map(({ key, header: { first, last } }) => ({
    type: "RenamesShipped",
    data: { key, first, last },
  }));
  log.append(run, shipped);
  return {
    objects: survey.count,
    records: renames.records.length,
    missing: [
      ...renames.missing,
      ...gaps.map(gapText),
      ...survey.missing,
      ...placed.missing,
      ...unknownText(state.unknown()),
      ...snapshotTexts(renames.records),
    ],
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

/** Objects of observations that the index has, whose being stored it does not know. */
function lateObjects(
  index: IndexModel,
  { survey, names, after }: Pick<Found, "survey" | "names" | "after">,
): FoundObject[] {
  if (after === 0) return [];
  const isLate = (object: FoundObject) =>
    object.metadata.position <= after && placeWaiting(index, names, object) !== undefined;
  return [...filtered(survey.objects(), isLate)];
}

function* filtered<Item>(items: Iterable<Item>, isWanted: (item: Item) => boolean) {
  for (const item of items) if (isWanted(item)) yield item;
}

function placeWaiting(index: IndexModel, names: SourceNames, object: FoundObject) {
  const { position, type } = object.metadata;
  const place = names.split(pathOf(object), position);
  const row = place && rowAt(index, place, type === "folder");
  if (row === undefined || row.position !== position || row.content.stored > 0) return undefined;
  return isLive(row) ? place : undefined;
}

function storeLate(
  { log, names, batch }: { log: JobLog; names: SourceNames; batch: AdoptBatch },
  object: FoundObject,
): void {
  const place = placeWaiting(log.index, names, object);
  if (place !== undefined) batch.store(place, entryOf(object), object.metadata.position);
}
