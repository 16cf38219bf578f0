import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { entryOf, type FoundObject, pathOf } from "../core/mirror/rebuild_state.ts";
import { type SourceNames, sourceNames } from "../core/mirror/source_names.ts";
import { splitPath } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import { type AdoptBatch, adoptBatch, type Place, rootNames } from "./adopt_batch.ts";
import type { ReconcileContext } from "./reconcile_context.ts";
import { lookedAtEach } from "./reconcile_unknown.ts";
import { lookAt } from "./survey_objects.ts";

export interface AdoptedCounts {
  objects: number;
  bytes: number;
  /** Objects that say what they are and cannot be taken over, by the reason. */
  readonly left: Map<string, number>;
}

/**
 * Takes over unknown objects of the mirror whose metadata says what they are: the content of an entry
 * that has none, or an entry that the index does not have. By a HEAD each, and the body of a sidecar;
 * nothing is uploaded.
 */
export async function adoptUnknown(
  context: ReconcileContext,
  sources: readonly string[],
): Promise<AdoptedCounts> {
  const { log, run, environment, unknown } = context;
  const counts: AdoptedCounts = { objects: 0, bytes: 0, left: new Map() };
  const work: Adopting = {
    names: sourceNames([...sources, ...rootNames(log.index)], []),
    batch: adoptBatch(log, run, () => environment.clock.now()),
    head: log.head().position,
    base: log.base?.position ?? 0,
  };
  for await (const looked of lookedAtEach(context, (object) => lookAt(context, object))) {
    if (looked === "gone" || looked === "foreign") continue;
    const { object, usable, note } = looked;
    const why = usable ? adoptOne(work, object) : note!;
    if (why === undefined) {
      unknown.find(object.key);
      counts.objects++;
      counts.bytes += object.size;
    } else counts.left.set(why, (counts.left.get(why) ?? 0) + 1);
  }
  work.batch.flush();
  return counts;
}

interface Adopting {
  readonly names: SourceNames;
  readonly batch: AdoptBatch;
  /** Position up to which the log knew all when this began. */
  readonly head: number;
  /** Of what was stored up to here the log does not know all. */
  readonly base: number;
}

/** Returns why it is left; undefined where it is not. */
function adoptOne({ names, batch, head, base }: Adopting, object: FoundObject): string | undefined {
  const { metadata } = object;
  // What records say of events in between would not hold for it in a rebuild from metadata.
  if (metadata.position > head) return "written by a log that is ahead of this one";
  const place = names.split(pathOf(object), Infinity);
  if (place === undefined || place.path === "") return "of no source that is known";
  const isFolder = metadata.type === "folder";
  const row = batch.rowOf(place, isFolder);
  if (row === undefined) {
    if (metadata.position <= base) return "older than the log on this machine: maybe moved since";
    if (isBlocked(batch, place, isFolder)) return "something else is at its path";
    batch.place(place, entryOf(object), undefined, { row });
    return undefined;
  }
  if (!isLive(row)) return "its entry was removed since";
  if (row.content.stored > 0) return "its entry has another object";
  if (!isOf(row, object)) return "its entry has changed since";
  batch.store(place, entryOf(object), row.position);
  return undefined;
}

/** A file is where it or a folder above it would be, or a folder where the file would be. */
function isBlocked(batch: AdoptBatch, place: Place, isFolder: boolean): boolean {
  if (isLive(batch.rowOf(place, !isFolder))) return true;
  const { source } = place;
  for (let { folder } = splitPath(place.path); folder !== ""; { folder } = splitPath(folder)) {
    if (isLive(batch.rowOf({ source, path: folder }, true))) return false;
    if (isLive(batch.rowOf({ source, path: folder }, false))) return true;
  }
  return false;
}

/** It was stored of the entry as it is now; of a file its attributes may be other ones. */
function isOf({ stat: packed }: EntryRow | FolderRow, { metadata }: FoundObject): boolean {
  const stat = unpackStat(packed);
  if (stat.type !== metadata.type || stat.mtime.toString() !== metadata.mtime) return false;
  if (stat.type === "file") return stat.size.toString() === metadata.size;
  return stat.mode === metadata.mode && stat.uid === metadata.uid && stat.gid === metadata.gid;
}
