import { BATCH_ENTRIES, type EventData } from "../core/event/event.ts";
import { hex } from "../core/hash.ts";
import { type EntryRow, type FolderRow, IN_PACKS, isLive } from "../core/index/rows.ts";
import {
  displayPath,
  joinPath,
  jsonOfText,
  type PathText,
  textOfBytes,
} from "../core/path_text.ts";
import { MIN_CHUNK } from "../core/pack/content_chunks.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import type { PackModel } from "../ports/pack_model.ts";
import { liveRoots } from "./find_listed.ts";
import { upsert } from "./upsert.ts";

type LostFolder = EventData["MembersLost"]["folders"][number];

/** More are counted. */
const NAMED = 100;

/**
 * Looks for files whose content no pack has: they are not stored, and the next backup stores them where
 * the source still has them. Returns sentences about them.
 */
export function loseUnfound(log: JobLog, run: string): string[] {
  const texts: string[] = [];
  let [lost, pending] = [0, 0];
  for (const { name: source, root } of liveRoots(log.index)) {
    let folders = new Map<PathText, LostFolder>();
    const flush = () => {
      if (pending === 0) return;
      log.append(run, [{ type: "MembersLost", data: { source, folders: [...folders.values()] } }]);
      [folders, pending] = [new Map(), 0];
    };
    for (const { path, row } of filesBelow(log.index, "", root)) {
      if (isFound(log.index.packs, row)) continue;
      const name = textOfBytes(row.name);
      upsert(folders, path, () => ({ path: jsonOfText(path), entries: [] }))
        .entries.push({ name: jsonOfText(name), type: typeAt(row.stat), prev: row.position });
      if (++lost <= NAMED) {
        const place = displayPath(joinPath(source, joinPath(path, name)));
        texts.push(`no pack has the content of ${place}: sha256 ${hex(row.content.sha256!)}`);
      }
      if (++pending >= BATCH_ENTRIES) flush();
    }
    flush();
  }
  if (lost > NAMED) texts.push(`no pack has the contents of ${lost - NAMED} more files`);
  return texts;
}

function* filesBelow(
  index: IndexModel,
  path: PathText,
  { id }: FolderRow,
): Generator<{ path: PathText; row: EntryRow }> {
  for (const row of index.tables.entriesIn(id)) if (isLive(row)) yield { path, row };
  for (const row of index.tables.foldersIn(id)) {
    if (isLive(row)) yield* filesBelow(index, joinPath(path, textOfBytes(row.name)), row);
  }
}

function isFound(packs: PackModel, { content, stat }: EntryRow): boolean {
  const { stored, etag, sha256 } = content;
  if (etag !== IN_PACKS || stored <= 0 || sha256 === null) return true;
  const { size } = unpackStat(stat);
  if (size === 0n) return true;
  if (!packs.has(sha256)) return false;
  // What is in a pack that is not complete has no place yet: the next backup finds out.
  const isListed = size > MIN_CHUNK && (packs.locate(sha256)?.list ?? 0) > 0;
  if (!isListed) return true;
  const chunks = packs.chunks(sha256);
  return chunks.length > 0 && chunks.every((chunk) => packs.has(chunk));
}
