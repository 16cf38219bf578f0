import type { DeletedObject } from "../core/event/event.ts";
import { type IndexTables, isLive } from "../core/index/rows.ts";
import { jsonOfText } from "../core/path_text.ts";
import { leftUnder } from "./left_objects.ts";
import type { OpenRename } from "./open_renames.ts";
import { recordAliases, recordPlan, RENAME_BATCH } from "./rename_events.ts";
import type { Settling } from "./settling.ts";
import type { StoreContext } from "./store_context.ts";

/** Why a moved entry becomes an alias whose place is taken to the end. */
export const HELD = "keys of its new path hold content that others need";

/** A folder is settled when nothing below it has its content under an old key any more. */
export function settleFolders(settling: Settling): void {
  const { context, folders, options: { last } } = settling;
  for (const folder of folders) {
    const { rename, refusal, isBlocked, isWaiting, isStuck } = folder;
    if (refusal !== undefined) recordAliases(context, [{ ...rename, why: refusal }]);
    else if (isBlocked) {
      if (last) recordAliases(context, [{ ...rename, why: HELD }]);
    } else if (!isWaiting && !isStuck) {
      recordPlan(settling, [], [folder]);
      settleFolder(context, rename);
    }
  }
}

/** In one transaction: the aliases end, and what they held is to be deleted. */
function settleFolder({ log, run }: StoreContext, rename: OpenRename): void {
  const { source, path, folder, way } = rename;
  const obsolete = leftUnder(log, folder!.id, rename.rename.position);
  const settled = { path: jsonOfText(path), folder: true as const };
  const mayRelease = way !== "copy" && hasAllCopied(log.index.tables, folder!.id, obsolete);
  const release = mayRelease ? { release: true as const } : {};
  const batches = chunks(obsolete);
  log.append(run, [
    {
      type: "RenameSettled",
      data: { source, paths: [settled], obsolete: batches[0] ?? [], ...release },
    },
    ...batches.slice(1).map((batch) => ({
      type: "RenameSettled" as const,
      data: { source, paths: [], obsolete: batch },
    })),
  ], { durable: true });
}

/**
 * Whether all that snapshots may have had under the old keys, while the folder waited, is under the
 * new ones: nothing of it was removed or changed meanwhile.
 */
function hasAllCopied(
  tables: IndexTables,
  folder: number,
  obsolete: readonly DeletedObject[],
): boolean {
  if (obsolete.some(({ until }) => until !== undefined)) return false;
  for (const row of tables.entriesIn(folder)) {
    if (!isLive(row) && row.content.etag !== null) return false;
  }
  for (const child of tables.foldersIn(folder)) {
    if (!isLive(child) || !hasAllCopied(tables, child.id, [])) return false;
  }
  return true;
}

function chunks(objects: readonly DeletedObject[]): DeletedObject[][] {
  const all: DeletedObject[][] = [];
  for (let at = 0; at < objects.length; at += RENAME_BATCH) {
    all.push(objects.slice(at, at + RENAME_BATCH));
  }
  return all;
}
