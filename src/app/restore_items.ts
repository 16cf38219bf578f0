import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { Rules } from "../ports/rules.ts";

/** What to restore of a state. */
export interface Selection {
  /** As `ls` prints them ("[source/]path"); [] for everything. */
  readonly paths: readonly PathText[];
  /** What these match is restored, with all below it; undefined for all. */
  readonly include: Rules | undefined;
  /** What these match is left out, with all below it. */
  readonly exclude: Rules | undefined;
}

/** An entry to be restored, folders before what is in them. */
export type RestoreItem =
  & {
    readonly source: string;
    /** From the source's root. */
    readonly path: PathText;
    /** From the target's folder: with the source's name in front, as `ls` prints it. */
    readonly place: PathText;
  }
  & ({ readonly kind: "folder"; readonly row: FolderRow } | {
    readonly kind: "entry";
    readonly row: EntryRow;
    readonly folder: FolderRow;
    /** Of the object that has its content. */
    readonly key: () => string;
  });

export type FolderItem = Extract<RestoreItem, { kind: "folder" }>;

/**
 * The selected entries in order, each folder above one of them included. A folder without any is
 * only there where it is itself selected.
 */
export function* restoreItems(index: IndexModel, selection: Selection): Generator<RestoreItem> {
  for (const source of index.sources()) {
    const row = index.paths.find(source.name, "");
    if (!isLive(row)) continue;
    yield* itemsBelow(index, selection, {
      source: source.name,
      row,
      path: "",
      above: [],
      all: false,
    });
  }
}

/** A folder's item by its id: what is needed of it again is not kept. */
export function folderItem({ tables, paths }: IndexModel, id: number): FolderItem {
  const { source, path } = paths.pathOf(id);
  const row = tables.folderById(id)!;
  return { kind: "folder", source, path, place: placeOf(source, path), row };
}

/** The root's path is empty: its place is the source's name alone. */
function placeOf(source: string, path: PathText): PathText {
  return path === "" ? source : joinPath(source, path);
}

interface Visit {
  readonly source: string;
  readonly row: FolderRow;
  readonly path: PathText;
  /** Folders above that were not yielded yet. */
  readonly above: RestoreItem[];
  /** An include pattern matched a folder above. */
  readonly all: boolean;
}

function* itemsBelow(
  index: IndexModel,
  selection: Selection,
  { source, row, path, above, all }: Visit,
): Generator<RestoreItem> {
  const place = placeOf(source, path);
  if (!mayHold(selection, place)) return;
  const included = all || selection.include === undefined || matches(selection.include, path, true);
  const self: RestoreItem = { kind: "folder", source, path, place, row };
  let waiting = [...above, self];
  if (included && isNamed(selection, place)) {
    yield* waiting;
    waiting = [];
  }
  for (const entry of index.tables.entriesIn(row.id)) {
    if (!isLive(entry)) continue;
    const inner = joinPath(path, textOfBytes(entry.name));
    const innerPlace = joinPath(source, inner);
    if (!isNamed(selection, innerPlace)) continue;
    if (matches(selection.exclude, inner, false)) continue;
    if (!included && !matches(selection.include, inner, false)) continue;
    yield* waiting;
    waiting = [];
    const key = () => index.keys.ofEntry(entry);
    yield { kind: "entry", source, path: inner, place: innerPlace, row: entry, folder: row, key };
  }
  for (const child of index.tables.foldersIn(row.id)) {
    if (!isLive(child)) continue;
    const inner = joinPath(path, textOfBytes(child.name));
    if (matches(selection.exclude, inner, true)) continue;
    const visit = { source, row: child, path: inner, above: waiting, all: included };
    for (const item of itemsBelow(index, selection, visit)) {
      yield item;
      waiting = [];
    }
  }
}

function matches(rules: Rules | undefined, path: PathText, isFolder: boolean): boolean {
  return rules !== undefined && path !== "" && rules.excludes(path, isFolder);
}

/** At or below a named path. */
function isNamed({ paths }: Selection, place: PathText): boolean {
  return paths.length === 0 ||
    paths.some((path) => path === "" || place === path || place.startsWith(`${path}/`));
}

/** At, below or above a named path. */
function mayHold(selection: Selection, place: PathText): boolean {
  return isNamed(selection, place) || place === "" ||
    selection.paths.some((path) => path.startsWith(`${place}/`));
}
