import { findListed } from "../app/find_listed.ts";
import { type ListedEntry, listEntries } from "../app/list_entries.ts";
import type { EntryTree, TreeEntry } from "../cli/select/select_tree.ts";
import type { PathText } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";

/** A state of the index as `restore --select` shows it. */
export function entryTree(index: IndexModel): EntryTree {
  return {
    *entriesIn(folder) {
      for (const entry of entriesAt(index, folder, false)) yield treeEntry(entry);
    },
    *search(text, limit) {
      const wanted = text.toLowerCase();
      let left = limit;
      for (const entry of entriesAt(index, "", true)) {
        if (!entry.path.toLowerCase().includes(wanted)) continue;
        yield treeEntry(entry);
        if (--left === 0) return;
      }
    },
  };
}

function* entriesAt(
  index: IndexModel,
  folder: PathText,
  recursive: boolean,
): Generator<ListedEntry> {
  const listed = findListed(index, folder);
  if (listed.kind !== "missing") yield* listEntries(index, listed, { recursive });
}

function treeEntry({ path, row }: ListedEntry): TreeEntry {
  const { size, type } = unpackStat(row.stat);
  return {
    path,
    name: path.slice(path.lastIndexOf("/") + 1),
    isFolder: type === "folder",
    size: Number(size),
  };
}
