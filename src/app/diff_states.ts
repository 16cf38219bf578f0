import {
  changedFields,
  type Difference,
  type DifferenceKind,
  hasContentChange,
} from "../core/index/entry_difference.ts";
import { type EntryRow, type FolderRow, isLive } from "../core/index/rows.ts";
import { compareBytes, joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import type { IndexModel, LogReader } from "../ports/event_log.ts";
import { findListed, liveRoots } from "./find_listed.ts";
import { rowsIn } from "./list_entries.ts";
import { movedBetween, type Moves } from "./moved_between.ts";
import type { ReadState } from "./read_state.ts";

type Row = FolderRow | EntryRow;
type State = Pick<ReadState, "index" | "position">;

/**
 * How two states differ, folder by folder in byte order of the names; memory is that of one page of
 * each folder on the way and of the files that were moved in between. Folders are known by their id,
 * so a moved one is one difference, and what is in it is compared.
 */
export function* diffStates(log: LogReader, a: State, b: State): Generator<Difference> {
  const moves = movedBetween(log, a.position, b.position);
  const states = { a: a.index, b: b.index, moves, known: new Map() };
  yield* inFolders(states, { id: ROOTS, path: "" }, { id: ROOTS, path: "" });
}

/** The parent of the sources' roots. */
const ROOTS = 0;

interface States {
  readonly a: IndexModel;
  readonly b: IndexModel;
  readonly moves: Moves;
  /** Which of the moves are renames, by the path in `b`: each is asked for from both ends. */
  readonly known: Map<PathText, boolean>;
}

interface Folder {
  readonly id: number;
  readonly path: PathText;
}

/** A folder that is only in one state has no counterpart. */
function* inFolders(
  states: States,
  a: Folder | undefined,
  b: Folder | undefined,
): Generator<Difference> {
  for (const [left, right] of pairedByName(rowsOf(states.a, a), rowsOf(states.b, b))) {
    const inA = left === undefined ? undefined : { row: left, path: pathIn(a!, left) };
    const inB = right === undefined ? undefined : { row: right, path: pathIn(b!, right) };
    if (inA !== undefined && inB !== undefined && isSame(states, inA.row, inB.row)) {
      yield* sameEntry(states, inA, inB);
      continue;
    }
    if (inA !== undefined) yield* gone(states, inA);
    if (inB !== undefined) yield* come(states, inB);
  }
}

interface Placed<Kind extends Row = Row> {
  readonly row: Kind;
  readonly path: PathText;
}

function isFolder(row: Row): row is FolderRow {
  return "id" in row;
}

function isSame({ a, b }: States, left: Row, right: Row): boolean {
  if (!isFolder(left) || !isFolder(right)) return isFolder(left) === isFolder(right);
  return counterpart(a, b, left)?.id === right.id;
}

function* sameEntry(states: States, a: Placed, b: Placed): Generator<Difference> {
  const changed = changedFields(a.row, b.row);
  if (changed.length > 0) {
    const kind = hasContentChange(changed) ? "content" : "metadata";
    yield { ...difference(kind, b.path, a.row, b.row), changed };
  }
  if (isFolder(a.row) && isFolder(b.row)) {
    yield* inFolders(states, { id: a.row.id, path: a.path }, { id: b.row.id, path: b.path });
  }
}

function* gone(states: States, { row, path }: Placed): Generator<Difference> {
  if (isFolder(row)) {
    // A folder that is elsewhere is told of there.
    if (counterpart(states.a, states.b, row) !== undefined) return;
    yield difference("removed", path, row, undefined);
    yield* inFolders(states, { id: row.id, path }, undefined);
    return;
  }
  const to = states.moves.ofA.get(path);
  if (to !== undefined && isRename(states, path, to)) return;
  yield difference("removed", path, row, undefined);
}

function* come(states: States, b: Placed): Generator<Difference> {
  const { row, path } = b;
  const former = isFolder(row) ? formerFolder(states, row) : formerFile(states, path);
  if (former !== undefined) {
    const changed = changedFields(former.row, row);
    yield { ...difference("renamed", path, former.row, row), from: former.path, changed };
  } else yield difference("added", path, undefined, row);
  if (!isFolder(row)) return;
  const before = former === undefined ? undefined : { id: (former.row as FolderRow).id };
  yield* inFolders(
    states,
    before === undefined ? undefined : { ...before, path: former!.path },
    { id: row.id, path },
  );
}

function formerFolder({ a, b }: States, row: FolderRow): Placed | undefined {
  const former = counterpart(b, a, row);
  if (former === undefined) return undefined;
  const { source, path } = a.paths.pathOf(former.id);
  return { row: former, path: path === "" ? source : joinPath(source, path) };
}

function formerFile(states: States, path: PathText): Placed | undefined {
  const from = states.moves.ofB.get(path);
  if (from === undefined || !isRename(states, from, path)) return undefined;
  const found = findListed(states.a, from);
  return found.kind === "entry" ? found : undefined;
}

/** Moved, there in both states, and each of its paths free in the other one. */
function isRename(states: States, from: PathText, to: PathText): boolean {
  const known = states.known.get(to);
  if (known !== undefined) return known;
  const found = isFree(states, from, to);
  states.known.set(to, found);
  return found;
}

function isFree({ a, b }: States, from: PathText, to: PathText): boolean {
  const before = findListed(a, from);
  const after = findListed(b, to);
  if (before.kind !== "entry" || after.kind !== "entry") return false;
  return !staysIn(a, b, before.row) && !staysIn(b, a, after.row);
}

/** Whether the entry's place holds an entry in the other state, too. */
function staysIn(here: IndexModel, there: IndexModel, { folder, name }: EntryRow): boolean {
  const holder = here.tables.folderById(folder);
  const other = holder === undefined ? undefined : counterpart(here, there, holder);
  const row = other === undefined ? undefined : there.tables.findEntry(other.id, name);
  return row !== undefined && isLive(row);
}

/**
 * The same folder in the other state: the one with its id, else the one in its place, unless that
 * one has its own counterpart elsewhere.
 */
function counterpart(
  here: IndexModel,
  there: IndexModel,
  { id, parent, name }: FolderRow,
): FolderRow | undefined {
  const same = there.tables.folderById(id);
  if (same !== undefined && isLive(same)) return same;
  const above = parent === ROOTS ? undefined : here.tables.folderById(parent);
  const holder = above === undefined ? ROOTS : counterpart(here, there, above)?.id;
  const other = holder === undefined ? undefined : there.tables.findFolder(holder, name);
  if (other === undefined || !isLive(other)) return undefined;
  const own = here.tables.folderById(other.id);
  return own !== undefined && isLive(own) ? undefined : other;
}

function* rowsOf(index: IndexModel, folder: Folder | undefined): Generator<Row> {
  if (folder === undefined) return;
  if (folder.id === ROOTS) {
    for (const { root } of liveRoots(index)) yield root;
    return;
  }
  for (const row of rowsIn(index, folder.id)) if (isLive(row)) yield row;
}

function pathIn({ id, path }: Folder, { name }: Row): PathText {
  const text = textOfBytes(name);
  // The root of a source without a name has no path.
  return id === ROOTS || path === "" ? text : joinPath(path, text);
}

/** Rows of two lists in byte order of their names, side by side where the names are equal. */
function* pairedByName(
  a: Generator<Row>,
  b: Generator<Row>,
): Generator<[Row | undefined, Row | undefined]> {
  let left = a.next();
  let right = b.next();
  while (!left.done || !right.done) {
    const order = left.done ? 1 : right.done ? -1 : compareBytes(left.value.name, right.value.name);
    yield [order <= 0 ? left.value! : undefined, order >= 0 ? right.value! : undefined];
    if (order <= 0) left = a.next();
    if (order >= 0) right = b.next();
  }
}

function difference(
  kind: DifferenceKind,
  path: PathText,
  before: Row | undefined,
  after: Row | undefined,
): Difference {
  const type = typeAt((after ?? before)!.stat);
  return { kind, path, type, changed: [], before: sizeOf(before), after: sizeOf(after) };
}

function sizeOf(row: Row | undefined): bigint {
  return row === undefined ? 0n : unpackStat(row.stat).size;
}
