import { HoldfastError, isKind } from "../core/error.ts";
import type { GuardName } from "../core/event/event.ts";
import { sourceDigest } from "../core/index/tree_digest.ts";
import { hex } from "../core/hash.ts";
import { guardDeletions } from "../core/scan/delete_guard.ts";
import { displayPath, jsonOfText, type PathText } from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { SourceRoot } from "../ports/source.ts";
import { removeDeparted } from "./departed_files.ts";
import { type GoneContents, goneContents } from "./gone_contents.ts";
import { matchMoves } from "./match_moves.ts";
import { expandMissing, type Missing } from "./missing_entries.ts";
import { observeMoved } from "./moved_folders.ts";
import { observationBatch } from "./observation_batch.ts";
import { believesBirth, type ScanContext, type ScanOptions } from "./scan_context.ts";
import { type WalkResult, walkSource } from "./walk_source.ts";

export interface ScanResult {
  /** Open for reading content; absent where the source could not be opened. */
  readonly root?: SourceRoot;
  readonly racyWindow: (folder: PathText) => bigint;
  readonly entries: number;
  readonly bytes: bigint;
  readonly observed: number;
  readonly unreadable: number;
  /** Of those, the ones that the index does not know. */
  readonly unknown: number;
  readonly removed: number;
  /** Files and folders found under another path than before, and new names of files. */
  readonly moved: number;
  /** Removed files whose content an unknown file may turn out to have. */
  readonly gone: GoneContents;
  /** What stopped the removals, where something did. */
  readonly refused?: {
    readonly guard: GuardName;
    readonly missing: number;
    readonly limit: number;
  };
}

/** Scans a source: observations, the delete guard, then removals and ScanCompleted. */
export async function scanSource(context: ScanContext, options: ScanOptions): Promise<ScanResult> {
  const { log, run, clock } = context;
  const known = countKnown(log, options.name);
  let root: SourceRoot;
  try {
    root = await options.source.open();
  } catch (error) {
    return cannotOpen(context, options, known, error);
  }
  const before = log.head().position;
  log.append(run, [{
    type: "ScanStarted",
    data: {
      source: options.name,
      path: jsonOfText(options.path),
      rules: options.rules.identity,
      fileSystem: root.folder.fileSystem,
      walker: options.source.fidelity,
      ...(root.single ? { single: true as const } : {}),
    },
  }]);
  const batch = observationBatch(context, options.name, () => clock.now());
  let walk: WalkResult;
  try {
    walk = await walkSource(context, options, root, batch);
  } catch (error) {
    await root.close();
    if (!isKind(error, "unreachable")) throw error;
    // What was seen of it by then stays seen; of the rest nothing is known.
    batch.flush();
    return absent(context, options, known, error);
  }
  batch.flush();
  const { index } = log;
  const all = walk.missing.length === 0 ? 0 : countMissing(log, walk.missing);
  const departures = { ...walk, count: all + walk.replaced.length };
  const moves = known === 0
    ? { departed: [], moved: 0, linked: 0 }
    : matchMoves(index, departures, batch, {
      source: options.name,
      trustMtime: options.trustMtime,
      before,
      believesBirth: believesBirth(options),
    });
  const missing = all - moves.departed.length;
  const verdict = guardDeletions({
    known,
    missing,
    foreign: walk.missing.filter((item) => item.foreign).length,
    empty: walk.entries === 0 || walk.emptyMounts > 0,
    maxDelete: options.maxDelete,
  });
  const common = {
    root,
    racyWindow: walk.racyWindow,
    entries: walk.entries,
    bytes: walk.bytes,
    observed: batch.count,
    unreadable: walk.unreadable,
    unknown: walk.unknown,
    moved: moves.moved + moves.linked + walk.renamed,
  };
  if (!verdict.accept && !options.acceptDeletions) {
    // What was found elsewhere is not missing, whatever became of the rest.
    for (const { folder, entry } of removeDeparted(moves.departed)) batch.add(folder, entry);
    batch.flush();
    refuse(context, options.name, { ...verdict, missing }, walk.missing);
    return { ...common, removed: 0, gone: new Map(), refused: { ...verdict, missing } };
  }
  if (!verdict.accept) {
    const { guard } = verdict;
    const data = { source: options.name, guard, missing };
    log.append(run, [{ type: "GuardOverridden", data }]);
  }
  const gone = missing === 0 ? new Map() : goneContents(index, walk.missing, options.name);
  for (const { folder, entry } of observeMoved(log.index, options.name, walk.moved)) {
    batch.add(folder, entry);
  }
  for (const { folder, entry } of expandMissing(log.index, walk.missing)) batch.add(folder, entry);
  batch.flush();
  complete(context, options.name, walk, root.folder.fileSystem);
  return { ...common, removed: missing, gone };
}

function countKnown(log: JobLog, source: string): number {
  const root = log.index.paths.find(source, "");
  return root === undefined ? 0 : log.index.countBelow(root.id) - 1;
}

function countMissing(log: JobLog, missing: readonly Missing[]): number {
  return missing.reduce(
    (sum, item) => sum + (item.kind === "folder" ? log.index.countBelow(item.row.id) : 1),
    0,
  );
}

/** A source that is gone where it had entries deletes nothing; where it never had any, it is a mistake. */
function cannotOpen(
  context: ScanContext,
  options: ScanOptions,
  known: number,
  error: unknown,
): ScanResult {
  if (!isKind(error, "gone", "entry", "denied", "unreachable")) throw error;
  if (known > 0) return absent(context, options, known, error);
  const isServer = isKind(error, "denied", "unreachable");
  const message = `cannot open the source ${displayPath(options.path)}: ${error.message}`;
  throw new HoldfastError(isServer ? error.kind : "usage", message, {
    context: { source: options.name, path: options.path },
    hint: options.source.fidelity === "share" && error.hint !== undefined
      ? error.hint
      : "check `sources` of the job in the config",
    cause: error,
  });
}

/** The other sources of the job are backed up all the same. */
function absent(
  context: ScanContext,
  options: ScanOptions,
  known: number,
  error: HoldfastError,
): ScanResult {
  if (options.source.fidelity === "share") {
    const { message, hint } = error;
    context.emit({ kind: "notice", text: hint === undefined ? message : `${message} (${hint})` });
  }
  const verdict = { guard: "absent" as const, missing: known, limit: 0 };
  refuse(context, options.name, verdict, []);
  const nothing = { entries: 0, bytes: 0n, observed: 0, unreadable: 0, unknown: 0, removed: 0 };
  const unmoved = { moved: 0, gone: new Map() };
  return { ...nothing, ...unmoved, racyWindow: () => 0n, refused: verdict };
}

const SAMPLE = 10;

function refuse(
  { log, run }: ScanContext,
  source: string,
  refusal: { guard: GuardName; missing: number; limit: number },
  missing: readonly Missing[],
): void {
  const { guard, missing: count, limit } = refusal;
  const sample = missing.slice(0, SAMPLE).map((item) => jsonOfText(item.path));
  const data = { source, guard, missing: count, limit, sample };
  log.append(run, [{ type: "ScanRefused", data }]);
}

function complete(
  { log, run, sha256 }: ScanContext,
  source: string,
  walk: WalkResult,
  fileSystem: string,
): void {
  const { tables, paths } = log.index;
  log.append(run, () => [{
    type: "ScanCompleted",
    data: {
      source,
      entries: walk.entries.toString(),
      bytes: walk.bytes.toString(),
      digest: hex(sourceDigest(tables, paths, source, "tree", sha256)),
      fileSystem,
    },
  }]);
}
