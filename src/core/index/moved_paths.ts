import type { AnyEvent, ObservedEntry } from "../event/event.ts";
import { fileMovedFrom, folderMovedFrom } from "../event/moved_from.ts";
import { joinPath, type PathText, textOfJson } from "../path_text.ts";

/**
 * Which files have another path at the end of a range of events than at its start. Fed event by
 * event; memory is that of the entries that were moved or came back.
 *
 * The files that one run moved are moved at once (two may swap their names), each `from` being a
 * path of before; folders are moved one after the other, as the events say.
 */
export interface MovedPaths {
  take(event: AnyEvent): void;
  /** Pairs of the first and the last path ("[source/]path") of what was moved. */
  pairs(): Generator<{ readonly from: PathText; readonly to: PathText }>;
}

/** Where a path's entry was at the start: undefined where its folder says so, null for nowhere. */
type Origin = PathText | null | undefined;

interface Node {
  readonly children: Map<PathText, Node>;
  origin: Origin;
  /** What it was before the run that changed it last. */
  before?: { readonly run: string; readonly origin: Origin; isTarget: boolean };
}

export function movedPaths(): MovedPaths {
  const root = newNode();

  function observe(run: string, place: PathText, entry: ObservedEntry, source: PathText): void {
    const file = fileMovedFrom(entry);
    const folder = folderMovedFrom(entry);
    if (file !== undefined) moveFile(run, placeOf(source, file), place);
    else if (folder !== undefined) moveFolder(placeOf(source, folder), place);
    else if (isNewFile(entry)) set(nodeAt(root, place), run, null, true);
  }

  function moveFile(run: string, from: PathText, to: PathText): void {
    const origin = originOf(root, from, run);
    set(nodeAt(root, to), run, origin, true);
    const left = nodeAt(root, from);
    if (left.before?.run !== run || !left.before.isTarget) set(left, run, null, false);
  }

  function moveFolder(from: PathText, to: PathText): void {
    const origin = originOf(root, from);
    const moved = nodeAt(root, from);
    put(root, from, { ...newNode(), origin: null });
    put(root, to, { ...moved, origin });
  }

  return {
    take(event) {
      if (event.type === "SourceRenamed") moveFolder(event.data.from, event.data.to);
      if (event.type !== "EntriesObserved") return;
      const { source, folders } = event.data;
      for (const { path, entries } of folders) {
        const folder = placeOf(source, textOfJson(path));
        for (const entry of entries) {
          const name = textOfJson(entry.name);
          if (name !== "") observe(event.run, joinPath(folder, name), entry, source);
        }
      }
    },
    pairs: () => pairsBelow(root, ""),
  };
}

/** On a name that another one had. */
function isNewFile({ change, type, prev }: ObservedEntry): boolean {
  return (change === "added" || change === "linked") && prev !== undefined && type !== "folder";
}

function set(node: Node, run: string, origin: Origin, isTarget: boolean): void {
  if (node.before?.run !== run) node.before = { run, origin: node.origin, isTarget };
  else node.before.isTarget ||= isTarget;
  node.origin = origin;
}

function newNode(): Node {
  return { children: new Map(), origin: undefined };
}

function placeOf(source: PathText, path: PathText): PathText {
  return path === "" ? source : joinPath(source, path);
}

function namesOf(path: PathText): PathText[] {
  return path === "" ? [] : path.split("/");
}

function nodeAt(root: Node, path: PathText): Node {
  let node = root;
  for (const name of namesOf(path)) {
    let child = node.children.get(name);
    if (child === undefined) node.children.set(name, child = newNode());
    node = child;
  }
  return node;
}

function put(root: Node, path: PathText, node: Node): void {
  const names = namesOf(path);
  const name = names.pop();
  if (name === undefined) return;
  nodeAt(root, names.join("/")).children.set(name, node);
}

/** With a run: as it was before that run moved files. */
function originOf(root: Node, path: PathText, run?: string): PathText | null {
  let origin: PathText | null = "";
  let node: Node | undefined = root;
  const names = namesOf(path);
  for (const [i, name] of names.entries()) {
    node = node?.children.get(name);
    const isLast = i === names.length - 1;
    const own: Origin = isLast && run !== undefined && node?.before?.run === run
      ? node.before.origin
      : node?.origin;
    if (own !== undefined) origin = own;
    else if (origin !== null) origin = joinPath(origin, name);
  }
  return origin;
}

function* pairsBelow(
  node: Node,
  path: PathText,
): Generator<{ readonly from: PathText; readonly to: PathText }> {
  for (const [name, child] of node.children) {
    const to = joinPath(path, name);
    if (typeof child.origin === "string" && child.origin !== to) {
      yield { from: child.origin, to };
    }
    yield* pairsBelow(child, to);
  }
}
