import { copyOf } from "../core/event/copy_of.ts";
import type { AnyEvent, LoggedEvent } from "../core/event/event.ts";
import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import { joinPath, textOfBytes, textOfJson } from "../core/path_text.ts";
import { timeOfIso } from "../core/time_text.ts";
import type { IndexModel, Unstored } from "../ports/event_log.ts";
import type { NeededContent, ObjectLedger } from "../ports/work_tables.ts";
import { replaySnapshots, type SnapshotReplay, touchedRows } from "./replay_snapshots.ts";

/**
 * Fills the ledger: what the log says was stored, what of it each kept snapshot, the head and the
 * restores of this log that are not at their end need.
 */
export async function fillLedger(replay: SnapshotReplay, ledger: ObjectLedger): Promise<void> {
  const states = replaySnapshots(replay, (event) => noteEvent(ledger, event));
  for await (const { index, since } of states) {
    for (const item of touchedRows(index, since)) {
      // Only what belongs to the observation can be restored from a snapshot.
      if (isLive(item.row) && item.row.content.stored > 0) {
        ledger.need(contentOf(index, item), "snapshot");
      }
    }
  }
  const { index } = replay.log;
  for (const item of touchedRows(index, 0)) {
    const pause = replay.breathe();
    if (pause !== undefined) await pause;
    if (item.row.content.etag === null) continue;
    if (isLive(item.row)) ledger.need(contentOf(index, item), "entry");
    else noteClaim(ledger, index, item);
  }
  noteAwaited(ledger, index);
}

function noteAwaited(ledger: ObjectLedger, { restores }: IndexModel): void {
  for (const { job, ended } of restores.jobs()) {
    if (ended !== null) continue;
    for (const { object: { key, version } } of restores.objects(job)) {
      ledger.awaited({ key, version: version === "" ? null : version });
    }
  }
}

function contentOf({ keys }: IndexModel, item: Unstored): NeededContent {
  const { version, etag, stored } = item.row.content;
  return { key: keys.ofRow(item.row), version, etag: etag!, stored: Math.abs(stored) };
}

function noteClaim(ledger: ObjectLedger, index: IndexModel, item: Unstored): void {
  const { key, stored } = contentOf(index, item);
  ledger.claim(key, stored, { ...placeOf(index, item.row), folder: item.isFolder });
}

function placeOf({ paths }: IndexModel, row: EntryRow | FolderRow) {
  const { source, path } = paths.pathOf("parent" in row ? row.parent : row.folder);
  return { source, path: joinPath(path, textOfBytes(row.name)) };
}

function noteEvent(ledger: ObjectLedger, event: AnyEvent): void {
  switch (event.type) {
    case "ObjectsStored":
    case "ObjectCopied":
      return noteStored(ledger, event, timeOfIso(event.at));
    case "ObjectDeleted":
      for (const { key, version = null, stored } of event.data.objects) {
        ledger.deleted({ key, version, stored });
      }
      return;
    case "ObjectHealed":
      // What snapshots had of the lost object they find in the one that took its place.
      for (const { from, lost, content } of event.data.objects) {
        if (from === undefined || content === undefined) continue;
        ledger.copied({ key: from, stored: lost }, { key: content.key, stored: content.stored });
      }
  }
}

function noteStored(
  ledger: ObjectLedger,
  { type, data, position: stored }: LoggedEvent<"ObjectsStored" | "ObjectCopied">,
  at: number,
): void {
  const { source, class: storageClass, folders } = data;
  for (const { path: folderPath, objects } of folders) {
    for (const object of objects) {
      const folder = object.type === "folder";
      const path = joinPath(textOfJson(folderPath), textOfJson(object.name));
      const key = object.key ?? keyOfPath(source, path, folder);
      ledger.stored({
        key,
        version: object.version ?? null,
        ...{ etag: object.etag, stored, at, observed: object.prev, storageClass },
        bytes: Number(object.size ?? 0),
        place: { source, path, folder },
      });
      const former = object.version === undefined ? copyOf(type, object) : undefined;
      if (former !== undefined) ledger.copied(former, { key, stored });
    }
  }
}
