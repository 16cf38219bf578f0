import { isKind, messageOf } from "../core/error.ts";
import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import { compareBytes, joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import { type FolderListing, nameAt, recordAt } from "../core/scan/listing.ts";
import { statDigest } from "../core/scan/stat_digest.ts";
import { FILE_CODE, FOLDER_CODE, packStat, STAT_RECORD_BYTES } from "../core/stat_record.ts";
import type { Rules } from "../ports/rules.ts";
import type { SourceFolder, SourceRoot } from "../ports/source.ts";
import { compare, missingBelow } from "./compare_folder.ts";
import type { Missing } from "./missing_entries.ts";
import type { MovedFolder } from "./moved_folders.ts";
import type { ObservationBatch } from "./observation_batch.ts";
import { addUnreadable, fileSystemInIndex, observeFolder } from "./observe_entry.ts";
import type { ScanContext, ScanOptions } from "./scan_context.ts";
import { takeRenamedFolder } from "./renamed_folder.ts";
import { ignoreFileIn, readIgnoreFile, withoutExcluded } from "./walk_rules.ts";
import { type Visit, type Walk, windowOf } from "./walk_state.ts";

export interface WalkResult {
  readonly entries: number;
  readonly bytes: bigint;
  readonly missing: Missing[];
  readonly moved: MovedFolder[];
  readonly replaced: readonly EntryRow[];
  readonly sameFile: ReadonlySet<string>;
  readonly renamed: number;
  readonly unreadable: number;
  /** Of those, the ones that the index does not know: gaps that no row tells of. */
  readonly unknown: number;
  readonly emptyMounts: number;
  readonly racyWindow: (folder: PathText) => bigint;
}

/** Stands for the folder of a single file, which is not part of the source. */
const NO_FOLDER = packStat({
  ...{ type: "folder", sparse: false, mode: 0, uid: 0, gid: 0 },
  ...{ fileId: 0n, size: 0n, mtime: 0n, ctime: 0n, birth: 0n, rdev: 0n },
});

/** Walks a source and hands every difference from the index to the batch. */
export async function walkSource(
  context: ScanContext,
  options: ScanOptions,
  root: SourceRoot,
  batch: ObservationBatch,
): Promise<WalkResult> {
  const walk: Walk = {
    ...context,
    ...{
      options,
      root,
      batch,
      missing: [],
      moved: [],
      replaced: [],
      sameFile: new Set(),
      windows: new Map(),
    },
    ...{ entries: 0, bytes: 0, unreadable: 0, unknown: 0, renamed: 0, emptyMounts: 0 },
    paused: context.clock.now(),
  };
  const row = context.log.index.paths.find(options.name, "");
  await observeFolder(walk, {
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
    missing: stillMissing(walk),
    moved: walk.moved,
    replaced: walk.replaced,
    sameFile: walk.sameFile,
    renamed: walk.renamed,
    unreadable: walk.unreadable,
    unknown: walk.unknown,
    emptyMounts: walk.emptyMounts,
    racyWindow: (folder) => windowOf(walk, folder),
  };
}

/** A folder that was missed at its old path and found at another one later is not missing. */
function stillMissing({ missing, log }: Walk): Missing[] {
  return missing.filter(({ kind, row }) => {
    if (kind === "entry") return true;
    const now = log.index.tables.folderById(row.id)!;
    return now.parent === row.parent && compareBytes(now.name, row.name) === 0;
  });
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
    const listed = handle.list();
    listing = listed instanceof Promise ? await listed : listed;
  } catch (error) {
    return unreadableFolder(walk, path, row, error);
  }
  let rules = outer;
  try {
    if (ignoreFileIn(outer, listing)) rules = await readIgnoreFile(walk, outer, path);
  } catch (error) {
    // Without its rules nothing may be let through: the folder is as unreadable as they are.
    return unreadableFolder(walk, path, row, error);
  }
  listing = withoutExcluded(walk, listing, path, rules);
  count(walk, listing);
  const digest = statDigest(listing, rules.identity, walk.sha256);
  const settled = row !== undefined && !walk.options.observeAll &&
    !walk.log.index.hasPending(row.id) &&
    listing.failed.length === 0;
  const before = settled ? walk.log.index.statDigest(row.id) : undefined;
  const skip = before !== undefined && compareBytes(before, digest) === 0;
  if (!skip) await compare(walk, { handle, listing, path, row, started, digest });
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

async function walkSubfolders(
  walk: Walk,
  { handle, listing, path, row, rules }: Visit & { rules: Rules },
): Promise<void> {
  const { tables } = walk.log.index;
  const outerFileSystem = fileSystemInIndex(row) ?? handle.fileSystem;
  for (let i = 0; i < listing.count; i++) {
    if (listing.stats[i * STAT_RECORD_BYTES] !== FOLDER_CODE) continue;
    const nameBytes = nameAt(listing, i);
    const name = textOfBytes(nameBytes);
    const old = row === undefined ? undefined : tables.findFolder(row.id, nameBytes);
    await walkSubfolder(walk, { handle, path, name, old, rules, outerFileSystem }, {
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
    /** Of the folder as the index has it. */
    outerFileSystem: string;
  },
  { record, skip }: { record: Uint8Array; skip: boolean },
): Promise<void> {
  const { handle, path, name, old, rules, outerFileSystem } = at;
  let inner: SourceFolder;
  try {
    inner = handle.enter(name);
  } catch (error) {
    await observeFolder(walk, {
      ...{ parent: path, name, record, row: old, handle: undefined },
      ...{ attributesOf: () => handle.readAttributes(name), outerFileSystem },
    });
    walk.batch.flush();
    return unreadableFolder(walk, joinPath(path, name), undefined, error);
  }
  try {
    const renamed = old === undefined
      ? await takeRenamedFolder(walk, { parent: path, name, record, handle: inner })
      : undefined;
    if (renamed === undefined) {
      await observeFolder(walk, {
        ...{ parent: path, name, record, row: old, handle: inner },
        ...{ attributesOf: () => inner.readAttributes(""), outerFileSystem },
      });
    }
    const innerPath = joinPath(path, name);
    const row = renamed ?? old;
    if (skip) missingBelow(walk, innerPath, row, inner.fileSystem);
    else await walkFolder(walk, inner, innerPath, row, rules);
  } finally {
    inner.close();
  }
}

/**
 * Its subtree is unknown, not removed: known entries below it stay as they are. Where the server is
 * lost, all the rest is: that ends the walk.
 */
function unreadableFolder(
  walk: Walk,
  path: PathText,
  row: FolderRow | undefined,
  error: unknown,
): void {
  if (isKind(error, "unreachable")) throw error;
  const { index } = walk.log;
  walk.batch.flush();
  const now = row ?? index.paths.find(walk.options.name, path);
  const current = now === undefined ? undefined : index.tables.folderById(now.id);
  if (current !== undefined) walk.entries += index.countBelow(current.id) - 1;
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "" : path.slice(0, slash);
  addUnreadable(walk, folder, path.slice(slash + 1), messageOf(error), "folder", current?.position);
}
