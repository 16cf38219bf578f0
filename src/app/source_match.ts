import { isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import { textOfBytes } from "../core/path_text.ts";
import type { EntryRow } from "../core/index/rows.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { SourceFile, SourceRoot } from "../ports/source.ts";
import type { LostEntry } from "./lost_entries.ts";

/** Why a source cannot make up for what was lost. */
const LACKS = {
  absent: "the source is not there",
  gone: "the source does not have it any more",
  changed: "it has changed in the source since: the next backup stores what it is now",
  other: "its content in the source is another one, with the same size and times: " +
    "one of the two is damaged",
  unknown: "nobody knows its hash any more: the next backup stores what the source has",
};

/** Bytes that are read at once. */
const PIECE = 1024 * 1024;

/**
 * Why the source has not the very content that was lost; undefined where it has. Files are read for
 * it, to their last byte.
 */
export async function lackOfSource(
  root: SourceRoot | undefined,
  entry: LostEntry,
  { hashing, signal }: { readonly hashing: Hashing; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const lack = await lackAtSight(root, entry);
  if (lack !== undefined || !isToBeRead(entry)) return lack;
  const { path, sha256 } = entry;
  const digest = await digestOf(root!, path, { hashing, signal });
  if (digest === undefined) return LACKS.gone;
  return digest === sha256 ? undefined : LACKS.other;
}

/** The same by what its stat record and the log tell: nothing is read. */
export async function lackAtSight(
  root: SourceRoot | undefined,
  entry: LostEntry,
): Promise<string | undefined> {
  const { item, path, sha256 } = entry;
  if (root === undefined) return LACKS.absent;
  const stat = await root.statAt(path, { record: item.row.stat });
  if (stat === undefined) return LACKS.gone;
  // Of a folder its object says nothing that the index does not know.
  if (item.isFolder) return typeAt(stat) === "folder" ? undefined : LACKS.changed;
  if (!sameRecord(stat, 0, item.row.stat)) return LACKS.changed;
  if (typeAt(stat) === "symlink") {
    return isSameTarget(root, path, item.row) ? undefined : LACKS.changed;
  }
  return isToBeRead(entry) && sha256 === undefined ? LACKS.unknown : undefined;
}

function isToBeRead({ item: { isFolder, row } }: LostEntry): boolean {
  const { type, size } = unpackStat(row.stat);
  return !isFolder && type === "file" && size > 0n;
}

function isSameTarget(root: SourceRoot, path: string, { target }: EntryRow): boolean {
  try {
    return target !== null && root.readTarget(path) === textOfBytes(target);
  } catch (error) {
    if (isKind(error, "entry")) return false;
    throw error;
  }
}

async function digestOf(
  root: SourceRoot,
  path: string,
  { hashing, signal }: { readonly hashing: Hashing; readonly signal: AbortSignal },
): Promise<string | undefined> {
  let file: SourceFile | undefined;
  try {
    file = await root.openFile(path);
    const hash = hashing.incremental();
    const buffer = new Uint8Array(PIECE);
    for (;;) {
      signal.throwIfAborted();
      const length = await file.read(buffer);
      if (length === 0) return hex(hash.digest());
      hash.update(buffer.subarray(0, length));
    }
  } catch (error) {
    if (isKind(error, "entry", "gone", "denied")) return undefined;
    throw error;
  } finally {
    file?.close();
  }
}
