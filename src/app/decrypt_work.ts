import { HoldfastError, isKind } from "../core/error.ts";
import { type PathText, splitPath } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import { FOLDER_CODE, packStat, unpackStat } from "../core/stat_record.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { CatalogEntry, EntryAge, MemberCatalog } from "../ports/member_catalog.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import type { ContentReader } from "./decrypt_reader.ts";
import { clearTheWay, type Overwrite } from "./restore_conflict.ts";

/** What the parts of writing share. */
export interface DecryptWork {
  readonly catalog: MemberCatalog;
  readonly contents: ContentReader;
  readonly target: RestoreTarget;
  readonly hashing: Hashing;
  readonly emit: SignalSink;
  /** Called between entries (breather.ts). */
  readonly breathe: () => Promise<void> | undefined;
  readonly overwrite: Overwrite;
  readonly progress: DecryptProgress;
  /** What is known of folders that were asked for last. */
  readonly parents: Map<PathText, ParentState>;
  /** Entries that others would be further names of, and that are not there. */
  readonly unwritten: Set<PathText>;
}

export interface DecryptProgress {
  total: { readonly entries: number; readonly bytes: number };
  done: number;
  entries: number;
  bytes: number;
  present: number;
  failed: number;
  damaged: boolean;
  readonly limits: Map<string, number>;
}

type ParentState =
  | { readonly is: "there" }
  /** A file of this age has its place. */
  | { readonly is: "file"; readonly age: EntryAge }
  | { readonly is: "failed" };

/** Folders whose states are remembered. */
const REMEMBERED = 10_000;

/** Runs one step; a failure that is this entry's alone is listed, and the others go on. */
export async function attempt(
  work: DecryptWork,
  entry: CatalogEntry,
  step: () => Promise<void> | void,
): Promise<boolean> {
  const pause = work.breathe();
  if (pause !== undefined) await pause;
  try {
    await step();
    return true;
  } catch (error) {
    if (!isKind(error, "entry", "damage")) throw error;
    if (entry.isLinked) work.unwritten.add(entry.path);
    fail(work, entry.path, error);
    work.progress.done++;
    return false;
  }
}

export function fail(
  { progress, emit }: Pick<DecryptWork, "progress" | "emit">,
  path: PathText,
  { kind, message }: Pick<HoldfastError, "kind" | "message">,
): void {
  if (kind === "damage") progress.damaged = true;
  progress.failed++;
  emit({ kind: "entry-error", path, reason: message });
}

export function done(work: DecryptWork, entry: CatalogEntry, reasons: readonly string[]): void {
  const { progress, emit } = work;
  const { size } = unpackStat(entry.stat);
  progress.done++;
  progress.entries++;
  progress.bytes += entry.first === null ? Number(size) : 0;
  for (const reason of reasons) progress.limits.set(reason, (progress.limits.get(reason) ?? 0) + 1);
  const { total } = progress;
  emit({
    ...{ kind: "restore", done: progress.done, total: total.entries, bytes: progress.bytes },
    ...{ totalBytes: total.bytes, current: entry.path },
  });
}

export function present(work: DecryptWork, { path }: CatalogEntry): void {
  const { progress, emit } = work;
  progress.done++;
  progress.entries++;
  progress.present++;
  const { done, bytes, total } = progress;
  emit({
    ...{ kind: "restore", done, total: total.entries, bytes, totalBytes: total.bytes },
    current: path,
  });
}

/**
 * Makes the folders above an entry that are not there. False where a newer version of one of them is no
 * folder any more: then the entry is of an earlier time. Throws kind "entry".
 */
export function hasParents(work: DecryptWork, { path, age }: CatalogEntry): boolean {
  const state = parentState(work, splitPath(path).folder);
  if (state.is === "there") return true;
  if (state.is === "failed") throw new HoldfastError("entry", "its folder could not be made");
  if (!isOlder(state.age, age)) {
    work.progress.done++;
    return false;
  }
  throw new HoldfastError("entry", "its folder is a file in the packs that are here");
}

function isOlder(a: EntryAge, b: EntryAge): boolean {
  return a.order < b.order || (a.order === b.order && a.pack < b.pack);
}

function parentState(work: DecryptWork, folder: PathText): ParentState {
  const known = work.parents.get(folder);
  if (known !== undefined) return known;
  const state = newParentState(work, folder);
  if (work.parents.size >= REMEMBERED) work.parents.delete(work.parents.keys().next().value!);
  work.parents.set(folder, state);
  return state;
}

function newParentState(work: DecryptWork, folder: PathText): ParentState {
  if (folder === "") {
    work.target.sweep("");
    return { is: "there" };
  }
  const above = parentState(work, splitPath(folder).folder);
  if (above.is !== "there") return above;
  const entry = work.catalog.entry(folder);
  if (entry !== undefined && entry.stat[0] !== FOLDER_CODE) return { is: "file", age: entry.age };
  try {
    // No pack has it as a member, or it was made before all files.
    makeFolder(work, folder);
    return { is: "there" };
  } catch (error) {
    if (isKind(error, "entry")) return { is: "failed" };
    throw error;
  }
}

export function makeFolder({ target, overwrite }: DecryptWork, path: PathText): void {
  clearTheWay(target, { place: path, row: { stat: SOME_FOLDER } }, overwrite);
  target.makeFolder(path);
  target.sweep(path);
}

const SOME_FOLDER = packStat({
  ...{ type: "folder", sparse: false, mode: 0, uid: 0, gid: 0, fileId: 0n, size: 0n, mtime: 0n },
  ...{ ctime: 0n, birth: 0n, rdev: 0n },
});
