import { HoldfastError, messageOf } from "../core/error.ts";
import type { ObservedEntry } from "../core/event/event.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import {
  type EntryRow,
  type FolderRow,
  REMOVED,
  UNREADABLE,
  UNSETTLED,
} from "../core/index/rows.ts";
import {
  base64,
  bytesOfText,
  compareBytes,
  joinPath,
  jsonOfText,
  type PathText,
  textOfBytes,
} from "../core/path_text.ts";
import { diffFolder, sameRecord } from "../core/scan/folder_diff.ts";
import { filtered, type FolderListing, nameAt, recordAt } from "../core/scan/listing.ts";
import { isRacy } from "../core/scan/racy.ts";
import { statDigest } from "../core/scan/stat_digest.ts";
import {
  FILE_CODE,
  FOLDER_CODE,
  packStat,
  STAT_RECORD_BYTES,
  typeAt,
  unpackStat,
} from "../core/stat_record.ts";
import type { Rules } from "../ports/rules.ts";
import type { Attribute, SourceFolder, SourceRoot } from "../ports/source.ts";
import type { Missing } from "./missing_entries.ts";
import type { ObservationBatch } from "./observation_batch.ts";
import type { ScanContext, ScanOptions } from "./scan_context.ts";

export interface WalkResult {
  readonly entries: number;
  readonly bytes: bigint;
  readonly missing: Missing[];
  readonly unreadable: number;
  /** Of those, the ones that the index does not know: gaps that no row tells of. */
  readonly unknown: number;
  readonly racyWindow: (folder: PathText) => bigint;
}

/** Stands for the folder of a single file, which is not part of the source. */
const NO_FOLDER = packStat({
  ...{ type: "folder", sparse: false, mode: 0, uid: 0, gid: 0 },
  ...{ fileId: 0n, size: 0n, mtime: 0n, ctime: 0n, birth: 0n, rdev: 0n },
});

interface Walk extends ScanContext {
  readonly options: ScanOptions;
  readonly root: SourceRoot;
  readonly batch: ObservationBatch;
  readonly missing: Missing[];
  readonly windows: Map<PathText, bigint>;
  entries: number;
  bytes: number;
  unreadable: number;
  unknown: number;
  paused: bigint;
}

/** Walks a source and hands every difference from the index to the batch. */
export async function walkSource(
  context: ScanContext,
  options: ScanOptions,
  root: SourceRoot,
  batch: ObservationBatch,
): Promise<WalkResult> {
  const walk: Walk = {
    ...context,
    ...{ options, root, batch, missing: [], windows: new Map() },
    ...{ entries: 0, bytes: 0, unreadable: 0, unknown: 0, paused: context.clock.now() },
  };
  const row = context.log.index.paths.find(options.name, "");
  observeFolder(walk, {
    parent: "",
    name: "",
    record: root.single ? NO_FOLDER : root.stat,
    row,
    handle: root.folder,
    attributesOf: () => root.single ? [] : root.folder.readAttributes(""),
    outerFileSystem: "",
  });
  await walkFolder(walk, root.folder, "", row, options.rules);
  return {
    entries: walk.entries,
    bytes: BigInt(walk.bytes),
    missing: walk.missing,
    unreadable: walk.unreadable,
    unknown: walk.unknown,
    racyWindow: (folder) => windowOf(walk, folder),
  };
}

/** Windows are kept where they differ from the parent's: at mounts. */
function windowOf(walk: Walk, folder: PathText): bigint {
  for (let path = folder;;) {
    const window = walk.windows.get(path);
    if (window !== undefined) return window;
    if (path === "") return 0n;
    path = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  }
}

async function walkFolder(
  walk: Walk,
  handle: SourceFolder,
  path: PathText,
  row: FolderRow | undefined,
  outer: Rules,
): Promise<void> {
  if (path === "" || windowOf(walk, path) !== handle.racyWindow) {
    walk.windows.set(path, handle.racyWindow);
  }
  let listing: FolderListing;
  const started = walk.clock.now();
  try {
    listing = handle.list();
  } catch (error) {
    return unreadableFolder(walk, path, row, error);
  }
  const ignoreFile = ignoreFileIn(outer, listing);
  const rules = ignoreFile ? await readIgnoreFile(walk, outer, path) : outer;
  listing = withoutExcluded(walk, listing, path, rules);
  count(walk, listing);
  const digest = statDigest(listing, rules.identity, walk.sha256);
  const settled = row !== undefined && !walk.options.observeAll &&
    !walk.log.index.hasPending(row.id) &&
    listing.failed.length === 0;
  const before = settled ? walk.log.index.statDigest(row.id) : undefined;
  const skip = before !== undefined && compareBytes(before, digest) === 0;
  if (!skip) compare(walk, { handle, listing, path, row, started, digest });
  await breathe(walk, path);
  await walkSubfolders(walk, { handle, listing, path, row, rules });
}

/** Lets signals and progress through: the walk itself never waits. */
async function breathe(walk: Walk, path: PathText): Promise<void> {
  if (walk.clock.now() - walk.paused < 100_000_000n) return;
  walk.emit({ kind: "scan", entries: walk.entries, bytes: walk.bytes, path });
  await walk.clock.sleep(0, walk.signal);
  walk.paused = walk.clock.now();
}

function count(walk: Walk, listing: FolderListing): void {
  walk.entries += listing.count;
  const { stats } = listing;
  const view = new DataView(stats.buffer, stats.byteOffset);
  for (let at = 0; at < listing.count * STAT_RECORD_BYTES; at += STAT_RECORD_BYTES) {
    if (stats[at] !== FILE_CODE) continue;
    walk.bytes += view.getUint32(at + 24, true) + view.getUint32(at + 28, true) * 0x1_0000_0000;
  }
}

function ignoreFileIn(rules: Rules, listing: FolderListing): boolean {
  if (rules.ignoreFile === "") return false;
  const i = indexOf(listing, bytesOfText(rules.ignoreFile));
  return i >= 0 && listing.stats[i * STAT_RECORD_BYTES] === FILE_CODE;
}

/** Place of a name in a listing, or -1. */
function indexOf(listing: FolderListing, name: Uint8Array): number {
  let low = 0;
  let high = listing.count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareBytes(nameAt(listing, middle), name);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

const LARGEST_IGNORE_FILE = 1 << 20;

async function readIgnoreFile(walk: Walk, outer: Rules, folder: PathText): Promise<Rules> {
  const path = joinPath(folder, outer.ignoreFile);
  try {
    const file = walk.root.openFile(path);
    try {
      const buffer = new Uint8Array(LARGEST_IGNORE_FILE);
      const length = await file.read(buffer);
      return outer.withIgnoreFile(folder, buffer.subarray(0, length));
    } finally {
      file.close();
    }
  } catch (error) {
    // A rule that cannot be read must not let through what it keeps out.
    throw new HoldfastError("failed", `cannot read the ignore file ${path}: ${messageOf(error)}`, {
      context: { path },
      hint: 'make it readable, or set ignore_file = ""',
      cause: error,
    });
  }
}

function withoutExcluded(
  walk: Walk,
  listing: FolderListing,
  path: PathText,
  rules: Rules,
): FolderListing {
  const { own } = walk.options;
  if (rules.empty && own.size === 0) return listing;
  const keep = new Uint8Array(listing.count).fill(1);
  let dropped = false;
  for (let i = 0; i < listing.count; i++) {
    const entry = joinPath(path, textOfBytes(nameAt(listing, i)));
    const isFolder = listing.stats[i * STAT_RECORD_BYTES] === FOLDER_CODE;
    if (!own.has(entry) && !rules.excludes(entry, isFolder)) continue;
    keep[i] = 0;
    dropped = true;
  }
  return dropped ? filtered(listing, keep) : listing;
}

interface Visit {
  readonly handle: SourceFolder;
  readonly listing: FolderListing;
  readonly path: PathText;
  readonly row: FolderRow | undefined;
}

function compare(walk: Walk, visit: Visit & { started: bigint; digest: Uint8Array }): void {
  const { handle, listing, path, row, started } = visit;
  const before = walk.missing.length;
  const failed = new Set(listing.failed.map((item) => item.name));
  const rows = row === undefined ? [] : walk.log.index.tables.entriesIn(row.id);
  const foreign = row !== undefined && row.fileSystem !== handle.fileSystem;
  const noteMissing = (item: Missing) =>
    failed.has(textOfBytes(item.row.name)) || walk.missing.push(item);
  // Rows are read to their end before a batch may write to the table they come from.
  const changed: { i: number; row: EntryRow | undefined }[] = [];
  const unchanged: EntryRow[] = [];
  diffFolder(listing, rows, {
    changed: (i, row) => void changed.push({ i, row }),
    ...(walk.options.observeAll ? { unchanged: (row) => void unchanged.push(row) } : {}),
    missing: (old) => {
      const name = textOfBytes(old.name);
      noteMissing({ kind: "entry", row: old, folder: path, path: joinPath(path, name), foreign });
    },
  });
  const at = { handle, listing, path, started };
  for (const { i, row } of changed) observeEntry(walk, at, i, row);
  for (const row of unchanged) walk.batch.add(path, unchangedEntry(row));
  if (row !== undefined) missingFolders(walk, visit, foreign, noteMissing);
  for (const { name, reason } of listing.failed) noteFailed(walk, path, row, name, reason);
  if (walk.missing.length === before && failed.size === 0) {
    walk.batch.cacheDigest(path, visit.digest);
  }
}

function missingFolders(
  walk: Walk,
  { listing, path, row }: Visit,
  foreign: boolean,
  note: (item: Missing) => void,
): void {
  for (const old of [...walk.log.index.tables.foldersIn(row!.id)]) {
    if ((old.state & REMOVED) !== 0 || listsFolder(listing, old.name)) continue;
    note({
      kind: "folder",
      row: old,
      folder: path,
      path: joinPath(path, textOfBytes(old.name)),
      foreign,
    });
  }
}

function listsFolder(listing: FolderListing, name: Uint8Array): boolean {
  const i = indexOf(listing, name);
  return i >= 0 && listing.stats[i * STAT_RECORD_BYTES] === FOLDER_CODE;
}

function noteFailed(
  walk: Walk,
  path: PathText,
  folder: FolderRow | undefined,
  name: PathText,
  reason: string,
): void {
  const { tables } = walk.log.index;
  const bytes = bytesOfText(name);
  const entry = folder === undefined ? undefined : tables.findEntry(folder.id, bytes);
  const subfolder = folder === undefined ? undefined : tables.findFolder(folder.id, bytes);
  const isLive = (row: { state: number } | undefined) =>
    row !== undefined && (row.state & REMOVED) === 0;
  if (isLive(subfolder)) addUnreadable(walk, path, name, reason, "folder", subfolder!.position);
  else {
    const type = isLive(entry) ? typeAt(entry!.stat) : undefined;
    addUnreadable(walk, path, name, reason, type, isLive(entry) ? entry!.position : undefined);
  }
}

function addUnreadable(
  walk: Walk,
  folder: PathText,
  name: PathText,
  reason: string,
  type: ObservedEntry["type"],
  prev: number | undefined,
): void {
  walk.unreadable++;
  if (prev === undefined) walk.unknown++;
  walk.emit({ kind: "entry-error", path: joinPath(folder, name), reason });
  walk.batch.add(folder, {
    name: jsonOfText(name),
    change: "unreadable",
    reason,
    ...(type === undefined ? {} : { type }),
    ...(prev === undefined ? {} : { prev }),
  });
}

function observeEntry(
  walk: Walk,
  at: { handle: SourceFolder; listing: FolderListing; path: PathText; started: bigint },
  i: number,
  old: EntryRow | undefined,
): void {
  const { handle, listing, path, started } = at;
  const name = textOfBytes(nameAt(listing, i));
  const record = recordAt(listing, i);
  const type = typeAt(record);
  let target: PathText | undefined;
  let attributes: string | null;
  try {
    target = type === "symlink" ? handle.readTarget(name) : undefined;
    attributes = canonicalAttributes(handle.readAttributes(name));
  } catch (error) {
    const isKnown = old !== undefined && (old.state & REMOVED) === 0;
    return addUnreadable(
      walk,
      path,
      name,
      messageOf(error),
      isKnown ? type : undefined,
      isKnown ? old.position : undefined,
    );
  }
  const isSame = old !== undefined && (old.state & REMOVED) === 0 &&
    old.links === listing.links[i] &&
    sameRecord(listing.stats, i, old.stat) && attributes === old.attributes;
  // Content that is not settled is read again by the upload; all else of a file was just looked at.
  if (isSame && type === "file") return;
  const isNew = old === undefined || (old.state & REMOVED) !== 0;
  const entry = observedOfStat(name, isNew ? "added" : "changed", record, {
    links: listing.links[i],
    ...(target === undefined ? {} : { target }),
    attributes,
    ...(old === undefined ? {} : { prev: old.position }),
  });
  if (!isNew && walk.options.trustMtime && sameSizeAndTime(old.stat, record)) entry.kept = true;
  if (type !== "file" && isRacy(record, started, handle.racyWindow)) entry.racy = true;
  walk.batch.add(path, entry);
}

function unchangedEntry(row: EntryRow | FolderRow): ObservedEntry {
  return {
    name: "parent" in row && row.parent === 0 ? "" : jsonOfText(textOfBytes(row.name)),
    change: "unchanged",
    type: typeAt(row.stat),
    prev: row.position,
  };
}

function sameSizeAndTime(a: Uint8Array, b: Uint8Array): boolean {
  const x = unpackStat(a);
  const y = unpackStat(b);
  return x.type === y.type && x.size === y.size && x.mtime === y.mtime;
}

export function canonicalAttributes(attributes: readonly Attribute[]): string | null {
  if (attributes.length === 0) return null;
  return JSON.stringify(attributes.map(({ name, value }) => [jsonOfText(name), base64(value)]));
}

async function walkSubfolders(
  walk: Walk,
  { handle, listing, path, row, rules }: Visit & { rules: Rules },
): Promise<void> {
  const { tables } = walk.log.index;
  for (let i = 0; i < listing.count; i++) {
    if (listing.stats[i * STAT_RECORD_BYTES] !== FOLDER_CODE) continue;
    const nameBytes = nameAt(listing, i);
    const name = textOfBytes(nameBytes);
    const old = row === undefined ? undefined : tables.findFolder(row.id, nameBytes);
    await walkSubfolder(walk, { handle, path, name, old, rules }, {
      record: recordAt(listing, i),
      skip: listing.mounts[i] === 1 && walk.options.oneFileSystem,
    });
  }
}

async function walkSubfolder(
  walk: Walk,
  at: {
    handle: SourceFolder;
    path: PathText;
    name: PathText;
    old: FolderRow | undefined;
    rules: Rules;
  },
  { record, skip }: { record: Uint8Array; skip: boolean },
): Promise<void> {
  const { handle, path, name, old, rules } = at;
  let inner: SourceFolder;
  try {
    inner = handle.enter(name);
  } catch (error) {
    observeFolder(walk, {
      ...{ parent: path, name, record, row: old, handle: undefined },
      ...{ attributesOf: () => [], outerFileSystem: handle.fileSystem },
    });
    walk.batch.flush();
    return unreadableFolder(walk, joinPath(path, name), undefined, error);
  }
  try {
    observeFolder(walk, {
      ...{ parent: path, name, record, row: old, handle: inner },
      ...{ attributesOf: () => inner.readAttributes(""), outerFileSystem: handle.fileSystem },
    });
    if (!skip) await walkFolder(walk, inner, joinPath(path, name), old, rules);
  } finally {
    inner.close();
  }
}

interface FolderSight {
  readonly parent: PathText;
  readonly name: PathText;
  readonly record: Uint8Array;
  readonly row: FolderRow | undefined;
  readonly handle: SourceFolder | undefined;
  readonly attributesOf: () => Attribute[];
  readonly outerFileSystem: string;
}

function observeFolder(walk: Walk, sight: FolderSight): void {
  const { parent, name, record, row, handle, outerFileSystem } = sight;
  const fileSystem = handle?.fileSystem ?? row?.fileSystem ?? outerFileSystem;
  const isLive = row !== undefined && (row.state & REMOVED) === 0;
  const isSame = isLive && (row.state & (UNREADABLE | UNSETTLED)) === 0 &&
    row.fileSystem === fileSystem && sameRecord(record, 0, row.stat);
  if (isSame) {
    if (walk.options.observeAll) walk.batch.add(parent, unchangedEntry(row));
    return;
  }
  let attributes: string | null;
  try {
    attributes = canonicalAttributes(sight.attributesOf());
  } catch {
    attributes = row?.attributes ?? null;
  }
  const entry = observedOfStat(name, isLive ? "changed" : "added", record, {
    attributes,
    ...(fileSystem === outerFileSystem ? {} : { fileSystem }),
    ...(row === undefined ? {} : { prev: row.position }),
  });
  if (handle !== undefined && isRacy(record, walk.clock.now(), handle.racyWindow)) {
    entry.racy = true;
  }
  walk.batch.add(parent, entry);
}

/** Its subtree is unknown, not removed: known entries below it stay as they are. */
function unreadableFolder(
  walk: Walk,
  path: PathText,
  row: FolderRow | undefined,
  error: unknown,
): void {
  const { index } = walk.log;
  walk.batch.flush();
  const now = row ?? index.paths.find(walk.options.name, path);
  const current = now === undefined ? undefined : index.tables.folderById(now.id);
  if (current !== undefined) walk.entries += index.countBelow(current.id) - 1;
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "" : path.slice(0, slash);
  addUnreadable(walk, folder, path.slice(slash + 1), messageOf(error), "folder", current?.position);
}
