import { compareBytes, type PathText } from "../path_text.ts";
import { type EntryStat, type EntryType, unpackStat } from "../stat_record.ts";
import type { EntryRow, FolderRow } from "./rows.ts";

/** In which of two states an entry is, and what of it differs. */
export type DifferenceKind = "added" | "removed" | "content" | "metadata" | "renamed";

export type ChangedField =
  | "type"
  | "content" // bytes of a file, target of a symlink, numbers of a device
  | "mode"
  | "owner"
  | "mtime"
  | "attributes";

export interface Difference {
  readonly kind: DifferenceKind;
  /** In the second state; of what was removed in the first. "[source/]path". */
  readonly path: PathText;
  readonly type: EntryType;
  /** "renamed": the path in the first state. */
  readonly from?: PathText;
  /** Empty but for "content", "metadata" and "renamed". */
  readonly changed: readonly ChangedField[];
  /** Bytes of a file in each state, 0 where it is not there or no file. */
  readonly before: bigint;
  readonly after: bigint;
}

type Row = FolderRow | EntryRow;

/**
 * What differs between two states of an entry. A folder's time is left out: it says no more than the
 * lines about what is in it. Where the hash of a file is not known in both states, size and time
 * decide whether its content is another.
 */
export function changedFields(before: Row, after: Row): ChangedField[] {
  if (isSameRow(before, after)) return [];
  const a = unpackStat(before.stat);
  const b = unpackStat(after.stat);
  const fields: ChangedField[] = [];
  if (a.type !== b.type) fields.push("type");
  else if (differsInContent(before, after, a, b)) fields.push("content");
  if (a.mode !== b.mode && a.type !== "symlink") fields.push("mode");
  if (a.uid !== b.uid || a.gid !== b.gid) fields.push("owner");
  if (a.mtime !== b.mtime && b.type !== "folder") fields.push("mtime");
  if (before.attributes !== after.attributes || a.dos !== b.dos) fields.push("attributes");
  return fields;
}

/** No event in between was about it. */
function isSameRow(before: Row, after: Row): boolean {
  const isOne = "id" in before
    ? "id" in after && before.id === after.id
    : "folder" in after && before.folder === after.folder;
  return isOne && before.position === after.position;
}

export function hasContentChange(fields: readonly ChangedField[]): boolean {
  return fields.includes("type") || fields.includes("content");
}

function differsInContent(before: Row, after: Row, a: EntryStat, b: EntryStat): boolean {
  if (a.type === "symlink") {
    return compareBytes(targetOf(before), targetOf(after)) !== 0;
  }
  if (a.type !== "file") return a.rdev !== b.rdev;
  if (a.size !== b.size) return true;
  const [first, second] = [hashOf(before), hashOf(after)];
  if (first === undefined || second === undefined) return a.mtime !== b.mtime;
  return compareBytes(first, second) !== 0;
}

const NO_TARGET = new Uint8Array(0);

function targetOf(row: Row): Uint8Array {
  return ("target" in row ? row.target : null) ?? NO_TARGET;
}

/** Of the content that belongs to the last observation. */
function hashOf({ content }: Row): Uint8Array | undefined {
  return content.stored > 0 ? content.sha256 ?? undefined : undefined;
}
