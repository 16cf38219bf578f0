import type { AnyEvent, EventType } from "../core/event/event.ts";
import type { HistoryFact, HistoryItem } from "../core/history/history_item.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import { type JsonPath, type PathText, textOfJson } from "../core/path_text.ts";
import type { Mention } from "./entry_chain.ts";
import { placeOf } from "./folder_moves.ts";
import { type HistoryLog, type LifeSegment, placeOfRow } from "./history_log.ts";

/** Events that name no event before them: they are looked for by the path of their time. */
const LOOKED_FOR = [
  "RenameAliased",
  "RenameSettled",
  "ObjectDeleted",
  "ObjectVerified",
  "ObjectMissing",
  "ObjectDamaged",
  "DifferencesFound",
  "ObjectsRefused",
  "ObjectDiscovered",
] as const satisfies readonly EventType[];

export function otherFacts(
  of: HistoryLog,
  segments: readonly LifeSegment[],
  mentions: readonly Mention[],
): HistoryItem[] {
  const begin = mentions[0]?.event.position ?? 0;
  const pathAt = (position: number) => pathIn(of, segments, position);
  const objects = objectsOf(mentions);
  const items: HistoryItem[] = [];
  for (const type of LOOKED_FOR) {
    for (const event of of.log.events({ type, to: of.position })) {
      if (event.position < begin && event.type !== "ObjectDiscovered") continue;
      const path = pathAt(event.position);
      for (const fact of factsIn(event, path, objects)) items.push(itemOf(event, path, fact));
    }
  }
  return [...items, ...failedRestores(of, pathAt)];
}

function pathIn(
  of: HistoryLog,
  segments: readonly LifeSegment[],
  position: number,
): PathText {
  const segment = segments.findLast(({ since }) => since <= position) ?? segments[0];
  return placeOfRow(of.index, segment.row, position);
}

/** Each object that held the entry's content: by key and the position of the event that stored it. */
function objectsOf(mentions: readonly Mention[]): Set<string> {
  return new Set(mentions.flatMap(({ event, path, observed, stored }) => {
    const { content } = observed ?? {};
    if (content?.key !== undefined) return [objectName(content.key, content.stored)];
    if (content !== undefined) return [];
    if (stored === undefined) return [];
    return [
      objectName(stored.key ?? keyOfPath("", path, stored.type === "folder"), event.position),
    ];
  }));
}

function objectName(key: string, stored: number): string {
  return `${Math.abs(stored)} ${key}`;
}

function factsIn(event: AnyEvent, path: PathText, objects: ReadonlySet<string>): HistoryFact[] {
  switch (event.type) {
    case "RenameAliased": {
      const { source, renames } = event.data;
      return renames.filter((rename) => covers(source, rename, path))
        .map(({ from: key, why }) => ({ what: "aliased", key, why }));
    }
    case "RenameSettled": {
      const { source, paths } = event.data;
      return paths.some((one) => covers(source, one, path)) ? [{ what: "settled" }] : [];
    }
    case "ObjectDeleted": {
      const { objects: deleted, why } = event.data;
      return deleted.filter(({ key, stored }) => objects.has(objectName(key, stored)))
        .map(({ key, version }) => ({ what: "deleted", key, version: version ?? null, why }));
    }
    case "ObjectVerified": {
      const { source, folders, read = false } = event.data;
      const isNamed = folders.some((folder) => {
        const place = placeOf(source, textOfJson(folder.path));
        return path.startsWith(place) &&
          folder.names.some((name) => placeOf(place, textOfJson(name)) === path);
      });
      return isNamed ? [{ what: "verified", read }] : [];
    }
    case "ObjectMissing":
    case "ObjectDamaged": {
      const { source, path: of, key, reason } = event.data;
      if (placeOf(source, textOfJson(of)) !== path) return [];
      return [{ what: event.type === "ObjectMissing" ? "missing" : "damaged", key, reason }];
    }
    case "DifferencesFound":
      return event.data.objects.flatMap(({ is, source = "", path: of, key, reason = "" }) =>
        (is === "missing" || is === "damaged") && of !== undefined &&
          placeOf(source, textOfJson(of)) === path
          ? [{ what: is, key, reason }]
          : []
      );
    case "ObjectsRefused": {
      const { source, entries } = event.data;
      return entries.filter((entry) => placeOf(source, textOfJson(entry.path)) === path)
        .map(({ reason }) => ({ what: "refused", reason }));
    }
    case "ObjectDiscovered":
      return textOfJson(event.data.path) === path
        ? [{ what: "discovered", key: event.data.key }]
        : [];
    default:
      return [];
  }
}

/** A folder's rename is one of all that is in it. */
function covers(
  source: string,
  rename: { readonly path: JsonPath; readonly folder?: true },
  path: PathText,
): boolean {
  const place = placeOf(source, textOfJson(rename.path));
  return path === place || (rename.folder === true && path.startsWith(`${place}/`));
}

/** A restore names what it could not bring back, by the paths of the state that it restored. */
function failedRestores(of: HistoryLog, pathAt: (position: number) => PathText): HistoryItem[] {
  const plans = new Map<string, { position: number; to: JsonPath }>();
  for (const event of of.log.events({ type: "RestorePlanned", to: of.position })) {
    if (event.type === "RestorePlanned") plans.set(restoreOf(event), event.data);
  }
  const items: HistoryItem[] = [];
  for (const event of of.log.events({ type: "EntriesRestored", to: of.position })) {
    if (event.type !== "EntriesRestored") continue;
    const plan = plans.get(restoreOf(event));
    const path = pathAt(plan?.position ?? event.position);
    for (const { path: failed, reason } of event.data.failed) {
      if (textOfJson(failed) !== path) continue;
      items.push(itemOf(event, path, { what: "not restored", to: plan?.to ?? null, reason }));
    }
  }
  return items;
}

/** One with a number may go on in other runs. */
function restoreOf({ run, data }: { readonly run: string; readonly data: { job?: number } }) {
  return data.job === undefined ? run : `restore ${data.job}`;
}

function itemOf(event: AnyEvent, path: PathText, fact: HistoryFact): HistoryItem {
  const { position, at, run } = event;
  return { position, at, run, path, fact };
}
