import { joinPath, type PathText, textOfJson } from "../path_text.ts";
import { fullPath, type RenamesRecord } from "./renames_record.ts";

/** A stretch of positions that no renames object covers, inclusive. */
export interface Gap {
  readonly first: number;
  readonly last: number;
}

/** Where something is now: full paths, with the source's name in front. */
export type PlaceNow =
  | { readonly kind: "there"; readonly path: PathText }
  /** The path that it had then. */
  | { readonly kind: "removed"; readonly path: PathText }
  /** It was moved after a stretch that nothing is known of: it may have been elsewhere by then. */
  | { readonly kind: "unknown" };

export interface PathTimeline {
  /** What became of what was at a path at a position. */
  now(path: PathText, isFolder: boolean, position: number): PlaceNow;
  /** Moves of folders and sources, and removals, in order. */
  readonly changes: readonly PathChange[];
}

export type PathChange =
  & { readonly position: number; readonly path: PathText }
  & (
    | { readonly kind: "moved"; readonly to: PathText }
    | { readonly kind: "removed"; readonly isFolder: boolean }
  );

/** Follows paths through the moves and removals of the records. */
export function pathTimeline(
  records: readonly RenamesRecord[],
  gaps: readonly Gap[] = [],
): PathTimeline {
  const changes = records.flatMap(changeOf).sort((a, b) => a.position - b.position);
  const folders = new Map<PathText, number[]>();
  const files = new Map<PathText, number[]>();
  for (const [i, change] of changes.entries()) {
    const map = change.kind === "removed" && !change.isFolder ? files : folders;
    const known = map.get(change.path);
    if (known === undefined) map.set(change.path, [i]);
    else known.push(i);
  }

  /** Index of the first change after `from` that is about the path or a folder above it. */
  function nextChange(path: PathText, isFolder: boolean, from: number): number {
    let next = isFolder ? Infinity : firstFrom(files.get(path), from);
    if (folders.size === 0) return next;
    if (isFolder) next = Math.min(next, firstFrom(folders.get(path), from));
    if (path !== "") next = Math.min(next, firstFrom(folders.get(""), from));
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      next = Math.min(next, firstFrom(folders.get(path.slice(0, at)), from));
    }
    return next;
  }

  function now(path: PathText, isFolder: boolean, position: number): PlaceNow {
    let place = path;
    let from = changes.length === 0 ? 0 : indexAfter(changes, position);
    for (;;) {
      const next = nextChange(place, isFolder, from);
      if (next === Infinity) return { kind: "there", path: place };
      const change = changes[next];
      if (change.kind === "removed") return { kind: "removed", path: place };
      const isBroken = gaps.some((gap) => gap.last > position && gap.first <= change.position);
      if (isBroken) return { kind: "unknown" };
      place = carriedBy(place, change.path, change.to);
      from = next + 1;
    }
  }

  return { now, changes };
}

/** A path at or below `from`, after that was moved. */
export function carriedBy(path: PathText, from: PathText, to: PathText): PathText {
  if (path === from) return to;
  return from === "" ? joinPath(to, path) : joinPath(to, path.slice(from.length + 1));
}

function changeOf(record: RenamesRecord): PathChange[] {
  const { position } = record;
  switch (record.is) {
    case "removed": {
      const path = fullPath(record.source, textOfJson(record.path));
      return [{ position, kind: "removed", path, isFolder: record.folder === true }];
    }
    case "moved": {
      const path = fullPath(record.source, textOfJson(record.from));
      const to = fullPath(record.source, textOfJson(record.path));
      return [{ position, kind: "moved", path, to }];
    }
    case "source":
      return [{ position, kind: "moved", path: record.from, to: record.to }];
    default:
      return [];
  }
}

function firstFrom(indexes: readonly number[] | undefined, from: number): number {
  if (indexes === undefined) return Infinity;
  return indexes.find((i) => i >= from) ?? Infinity;
}

/** Index of the first change after a position. */
function indexAfter(changes: readonly PathChange[], position: number): number {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (changes[middle].position > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
