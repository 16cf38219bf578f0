import { type EntryRow, isLive, UNREADABLE } from "../core/index/rows.ts";
import { neighbourFinder } from "../core/index/row_at.ts";
import { keyOfPath, pathOfKey } from "../core/mirror/object_key.ts";
import type { SourceNames } from "../core/mirror/source_names.ts";
import type { PathText } from "../core/path_text.ts";
import { typeAt } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { ListedObject } from "../ports/object_store.ts";

/** An object under the very key of a file whose content is not stored. */
export interface ForeignMatch {
  readonly kind: "file";
  readonly object: ListedObject;
  readonly source: string;
  /** From the source's root. */
  readonly path: PathText;
  readonly row: EntryRow;
}

/**
 * What is under a key: a file's, Holdfast's own already (also a folder's marker, which says nothing
 * that the next backup does not say), nothing that the source has, or what it has and is no file.
 */
export type ForeignPlace =
  | ForeignMatch
  | { readonly kind: "known" | "unknown" }
  | { readonly kind: "other"; readonly reason: string };

/** The index must not get other entries while the places of some objects are looked for. */
export function foreignPlaces(
  index: IndexModel,
  names: SourceNames,
): (object: ListedObject) => ForeignPlace {
  const find = neighbourFinder(index);
  return (object) => {
    const { key } = object;
    const place = names.split(pathOfKey(key), Infinity);
    if (place === undefined) return { kind: "unknown" };
    const { source, path } = place;
    if (key.endsWith("/")) {
      return { kind: isLive(index.paths.find(source, path)) ? "known" : "unknown" };
    }
    // Another tool's name for what has another key here.
    if (keyOfPath(source, path, false) !== key) return { kind: "unknown" };
    const row = find(source, path);
    if (row === undefined) return { kind: "unknown" };
    if (isOwn(index, row, key)) return { kind: "known" };
    if (!isLive(row)) return { kind: "unknown" };
    if (row.content.etag !== null || row.content.stored !== 0) return { kind: "unknown" };
    const type = typeAt(row.stat);
    if (type !== "file") return { kind: "other", reason: `the source has a ${type} there` };
    if ((row.state & UNREADABLE) !== 0) {
      return { kind: "other", reason: "the file could not be read" };
    }
    return { kind: "file", object, source, path, row };
  };
}

function isOwn(index: IndexModel, row: EntryRow, key: string): boolean {
  const isStored = row.content.stored !== 0 && index.keys.ofEntry(row) === key;
  return isStored || index.isAliasTarget(key);
}
