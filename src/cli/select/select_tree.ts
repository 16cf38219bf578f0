import type { PathText } from "../../core/path_text.ts";

/** An entry that can be chosen. */
export interface TreeEntry {
  /** "[source/]path". */
  readonly path: PathText;
  readonly name: PathText;
  readonly isFolder: boolean;
  /** Bytes; 0 for all but files. */
  readonly size: number;
}

/** The state to choose from; read as it is asked for. */
export interface EntryTree {
  /** "" for the root. */
  entriesIn(folder: PathText): Iterable<TreeEntry>;
  /** Entries anywhere whose path holds the text, whatever its case; at most `limit`. */
  search(text: string, limit: number): Iterable<TreeEntry>;
}

export interface TreeRow {
  readonly entry: TreeEntry;
  readonly depth: number;
  readonly isOpen: boolean;
  readonly mark: Mark;
}

/** Chosen itself or with a folder above it; something below it; nothing. */
export type Mark = "all" | "some" | "none";

export interface TreeSelection {
  /** What is shown: the open part of the tree, or what the filter finds. */
  rows(): readonly TreeRow[];
  readonly cursor: number;
  readonly filter: string;
  /** True where more was found than is shown. */
  readonly isCut: boolean;
  /** Least number of paths that stand for all that is chosen, in their order. */
  chosen(): PathText[];
  move(by: number): void;
  moveTo(row: number): void;
  toggle(): void;
  /** Opens the folder at the cursor; in what a filter has found, nothing. */
  open(): void;
  /** Closes the folder at the cursor, or goes to the one that holds it. */
  close(): void;
  setFilter(text: string): void;
}

/** What a filter shows at most. */
const MOST_FOUND = 500;

/** What is open, chosen and looked at in a tree of entries. */
export function treeSelection(tree: EntryTree): TreeSelection {
  const known = new Map<PathText, readonly TreeEntry[]>();
  const opened = new Set<PathText>();
  const chosen = new Set<PathText>();
  let cursor = 0;
  let filter = "";
  let found: readonly TreeEntry[] = [];
  let shown: readonly TreeRow[] | undefined;

  const entriesIn = (folder: PathText): readonly TreeEntry[] => {
    const entries = known.get(folder) ?? [...tree.entriesIn(folder)];
    known.set(folder, entries);
    return entries;
  };
  const rowOf = (entry: TreeEntry, depth: number): TreeRow => ({
    ...{ entry, depth, mark: markOf(entry.path, chosen) },
    isOpen: filter === "" && opened.has(entry.path),
  });
  const rowsBelow = (folder: PathText, depth: number): TreeRow[] =>
    entriesIn(folder).flatMap((entry) => {
      const row = rowOf(entry, depth);
      return row.isOpen ? [row, ...rowsBelow(entry.path, depth + 1)] : [row];
    });
  const rows = () =>
    shown ??= filter === ""
      ? rowsBelow("", 0)
      : found.slice(0, MOST_FOUND).map((entry) => rowOf(entry, 0));
  const moveTo = (row: number) => {
    cursor = Math.max(0, Math.min(row, rows().length - 1));
  };
  const changed = () => {
    shown = undefined;
    moveTo(cursor);
  };

  return {
    rows,
    moveTo,
    get cursor() {
      return cursor;
    },
    get filter() {
      return filter;
    },
    get isCut() {
      return filter !== "" && found.length > MOST_FOUND;
    },
    chosen: () => [...chosen].sort(),
    move: (by) => moveTo(cursor + by),
    toggle() {
      const row = rows()[cursor];
      if (row === undefined) return;
      if (row.mark === "all") leaveOut(row.entry.path, chosen, entriesIn);
      else choose(row.entry.path, chosen);
      changed();
    },
    open() {
      const row = rows()[cursor];
      if (filter !== "" || row === undefined || !row.entry.isFolder) return;
      opened.add(row.entry.path);
      changed();
    },
    close() {
      const row = rows()[cursor];
      if (filter !== "" || row === undefined) return;
      if (row.isOpen) opened.delete(row.entry.path);
      else moveTo(rows().findLastIndex(({ depth }, i) => i < cursor && depth < row.depth));
      changed();
    },
    setFilter(text) {
      filter = text;
      found = text === "" ? [] : [...tree.search(text, MOST_FOUND + 1)];
      cursor = 0;
      changed();
    },
  };
}

function markOf(path: PathText, chosen: ReadonlySet<PathText>): Mark {
  if (chosenAbove(path, chosen) !== undefined) return "all";
  for (const other of chosen) if (other.startsWith(`${path}/`)) return "some";
  return "none";
}

/** The path itself or the folder above it that is chosen. */
function chosenAbove(path: PathText, chosen: ReadonlySet<PathText>): PathText | undefined {
  for (let above = path; above !== ""; above = parentOf(above)) {
    if (chosen.has(above)) return above;
  }
  return undefined;
}

function choose(path: PathText, chosen: Set<PathText>): void {
  for (const other of [...chosen]) if (other.startsWith(`${path}/`)) chosen.delete(other);
  chosen.add(path);
}

/** Where a folder above is chosen, all else in it stays chosen. */
function leaveOut(
  path: PathText,
  chosen: Set<PathText>,
  entriesIn: (folder: PathText) => readonly TreeEntry[],
): void {
  const above = chosenAbove(path, chosen);
  if (above === undefined) return;
  chosen.delete(above);
  for (let kept = path; kept !== above; kept = parentOf(kept)) {
    for (const other of entriesIn(parentOf(kept))) if (other.path !== kept) chosen.add(other.path);
  }
}

function parentOf(path: PathText): PathText {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
