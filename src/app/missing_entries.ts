import type { ObservedEntry } from "../core/event/event.ts";
import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { joinPath, jsonOfText, type PathText, textOfBytes } from "../core/path_text.ts";
import { typeAt } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";

/** An entry of the index that a scan did not find; a folder stands for all below it. */
export type Missing =
  & { readonly folder: PathText; readonly path: PathText; readonly foreign: boolean }
  & (
    | { readonly kind: "entry"; readonly row: EntryRow }
    | { readonly kind: "folder"; readonly row: FolderRow }
  );

/** The removals that follow, each entry by itself, folders after what is in them. */
export function* expandMissing(
  index: IndexModel,
  missing: readonly Missing[],
): Generator<{ folder: PathText; entry: ObservedEntry }> {
  for (const item of missing) {
    if (item.kind === "folder") yield* removeBelow(index, item.row, item.path);
    yield { folder: item.folder, entry: removal(item.row) };
  }
}

function* removeBelow(
  index: IndexModel,
  folder: FolderRow,
  path: PathText,
): Generator<{ folder: PathText; entry: ObservedEntry }> {
  const { tables } = index;
  for (const row of [...tables.foldersIn(folder.id)]) {
    if (!isLive(row)) continue;
    yield* removeBelow(index, row, joinPath(path, textOfBytes(row.name)));
    yield { folder: path, entry: removal(row) };
  }
  for (const row of [...tables.entriesIn(folder.id)]) {
    if (isLive(row)) yield { folder: path, entry: removal(row) };
  }
}

export function removal(row: EntryRow | FolderRow): ObservedEntry {
  return {
    name: jsonOfText(textOfBytes(row.name)),
    change: "removed",
    type: typeAt(row.stat),
    prev: row.position,
  };
}
