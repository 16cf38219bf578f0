import { aliasGuard } from "../core/index/alias_guard.ts";
import type { DeletedObject, PlannedRename } from "../core/event/event.ts";
import { CONTENT_FOLDER, contentKey } from "../core/mirror/object_key.ts";
import { jsonOfText } from "../core/path_text.ts";
import { FILE_CODE } from "../core/stat_record.ts";
import { copyAll, type CopyItem } from "./copy_objects.ts";
import { rowName } from "./departed_files.ts";
import { moveMarker } from "./move_marker.ts";
import { leftUnder } from "./left_objects.ts";
import { tagOf } from "./object_place.ts";
import { liveBelow, type OpenRename, openRenames, type RenameOptions } from "./open_renames.ts";
import { placedTask } from "./placed_task.ts";
import type { StoreContext } from "./store_context.ts";

const BATCH = 1000;
const HELD = "keys of its new path hold content that others need";

export interface SettleOptions extends RenameOptions {
  /** Nothing more will be stored in this run: what cannot be settled now stays an alias. */
  readonly last: boolean;
}

/**
 * Brings the objects of moved entries where their paths are now, by server-side copies, or records
 * that they stay under their old keys (DESIGN section 3). Only content that was seen stored, or read
 * again, since the entry was observed is touched; the others wait. A copy whose key still holds
 * another moved entry's content comes after that one's.
 */
export async function settleRenames(context: StoreContext, options: SettleOptions): Promise<void> {
  const { index } = context.log;
  if (!index.tables.hasRenames()) return;
  context.batch.flush();
  const open = openRenames(index, options)
    .filter(({ entry }) => entry === undefined || entry.content.stored > 0);
  alias(context, open.filter(({ way }) => way === "alias"));
  const copies = open.filter(({ way }) => way === "copy");
  if (copies.length === 0) return;
  recordPlan(context, copies);
  const work = await gather(context, copies);
  await copyPasses(context, work, options);
  settleFolders(context, work, options);
}

interface CopyWork {
  /** Still to be copied, by rowName. */
  readonly items: Map<string, WorkItem>;
  /** Moved folders, and how many entries of each wait for something. */
  readonly folders: Map<OpenRename, { waiting: number; refused: boolean }>;
}

interface WorkItem extends CopyItem {
  readonly file?: OpenRename;
  readonly folder?: OpenRename;
}

async function gather(context: StoreContext, copies: readonly OpenRename[]): Promise<CopyWork> {
  const { index } = context.log;
  const items = new Map<string, WorkItem>();
  const folders: CopyWork["folders"] = new Map();
  // A moved folder may lie in another one.
  const markers = new Set<string>();
  for (const file of copies) {
    const { entry: row } = file;
    if (row !== undefined) items.set(rowName(row), { row, file });
  }
  for (const folder of copies) {
    if (folder.folder === undefined) continue;
    const state = { waiting: 0, refused: false };
    folders.set(folder, state);
    for (const item of liveBelow(index, folder.folder.id)) {
      if (item.isFolder || item.row.stat[0] !== FILE_CODE) {
        const marker = item.isFolder ? `${item.row.id}` : rowName(item.row);
        if (!markers.has(marker)) await moveMarker(context, item);
        markers.add(marker);
        continue;
      }
      const { row } = item;
      if (items.has(rowName(row))) continue;
      if (row.content.stored <= 0) state.waiting++;
      else if (index.keys.ofRow(row) !== index.keys.ownOfRow(row)) {
        items.set(rowName(row), { row, folder });
      }
    }
  }
  context.batch.flush();
  return { items, folders };
}

/** What is ready is copied, which makes others ready. */
async function copyPasses(
  context: StoreContext,
  work: CopyWork,
  options: SettleOptions,
): Promise<void> {
  const { index } = context.log;
  const parked: OpenRename[] = [];
  while (work.items.size > 0) {
    const isTarget = aliasGuard(index.tables);
    const ready = [...work.items.values()].filter(({ row }) => !isTarget(index.keys.ownOfRow(row)));
    for (const { row } of ready) work.items.delete(rowName(row));
    if (ready.length > 0) {
      await copyReady(context, work, ready, options);
      continue;
    }
    const next = [...work.items.values()].find(({ file }) => file !== undefined);
    if (next === undefined) break;
    // A circle, a and b exchanged say: one of them steps aside, and takes its place at the end.
    work.items.delete(rowName(next.row));
    parked.push(next.file!);
    // A run that was cut off may have left it there.
    if (!isAside(next.file!)) await stepAside(context, next);
  }
  await takePlaces(context, parked, options);
}

function isAside({ rename }: OpenRename): boolean {
  return rename.fromKey.startsWith(CONTENT_FOLDER);
}

async function copyReady(
  context: StoreContext,
  { folders }: CopyWork,
  ready: readonly WorkItem[],
  { mode }: SettleOptions,
): Promise<void> {
  const result = await copyAll(context, ready);
  context.totals.copied += result.copied;
  for (const { folder } of [...result.refused, ...result.failed] as WorkItem[]) {
    const state = folder === undefined ? undefined : folders.get(folder);
    if (state !== undefined) state.waiting++;
  }
  const refused = result.refused as readonly WorkItem[];
  for (const { folder } of refused) {
    if (folder !== undefined) folders.get(folder)!.refused = true;
  }
  if (mode !== "auto") return;
  const why = "the store refused to copy it";
  alias(context, refused.flatMap(({ file }) => file === undefined ? [] : [{ ...file, why }]));
}

async function stepAside(context: StoreContext, item: WorkItem): Promise<void> {
  const { log } = context;
  const { row } = item;
  const task = placedTask(log.index, { isFolder: false, row });
  const key = contentKey(log.genesis.log, row.position, tagOf(context, task));
  await copyAll(context, [{ ...item, key }]);
}

async function takePlaces(
  context: StoreContext,
  parked: readonly OpenRename[],
  { last }: SettleOptions,
): Promise<void> {
  const { index } = context.log;
  const items: CopyItem[] = [];
  const left: OpenRename[] = [];
  for (const file of parked) {
    const { folder, name } = file.rename;
    const [row, rename] = [
      index.tables.findEntry(folder, name)!,
      index.tables.rename(folder, name),
    ];
    // It turned out to be missing where it was.
    if (rename === undefined || row.content.stored <= 0) continue;
    const isFree = !index.isAliasTarget(index.keys.ownOfEntry(folder, name));
    if (isFree) items.push({ row });
    else left.push({ ...file, rename, why: HELD });
  }
  context.totals.copied += (await copyAll(context, items)).copied;
  if (last) alias(context, left);
}

/** A folder is settled when nothing below it has its content under an old key any more. */
function settleFolders(
  context: StoreContext,
  { folders, items }: CopyWork,
  { mode, last }: SettleOptions,
): void {
  const left = new Set([...items.values()].map(({ folder }) => folder));
  const isRefused = (folder: OpenRename) => mode === "auto" && folders.get(folder)!.refused;
  for (const [folder, { waiting, refused }] of folders) {
    if (isRefused(folder)) {
      alias(context, [{ ...folder, why: "the store refused to copy what is in it" }]);
    } else if (left.has(folder)) {
      if (last) alias(context, [{ ...folder, why: HELD }]);
    } else if (waiting === 0 && !refused) settleFolder(context, folder);
  }
}

/** In one transaction: the aliases end, and what they held is to be deleted. */
function settleFolder(
  { log, run }: StoreContext,
  { source, path, folder, rename }: OpenRename,
): void {
  const obsolete = leftUnder(log, folder!.id, rename.position);
  const settled = { path: jsonOfText(path), folder: true as const };
  const batches = chunks(obsolete);
  log.append(run, [
    { type: "RenameSettled", data: { source, paths: [settled], obsolete: batches[0] ?? [] } },
    ...batches.slice(1).map((batch) => ({
      type: "RenameSettled" as const,
      data: { source, paths: [], obsolete: batch },
    })),
  ], { durable: true });
}

function chunks(objects: readonly DeletedObject[]): DeletedObject[][] {
  const all: DeletedObject[][] = [];
  for (let at = 0; at < objects.length; at += BATCH) all.push(objects.slice(at, at + BATCH));
  return all;
}

/** The intent, on the disk before the first request. */
function recordPlan({ log, run }: StoreContext, copies: readonly OpenRename[]): void {
  const events = bySource(copies).map((batch) => ({
    type: "RenamePlanned" as const,
    data: { source: batch[0].source, renames: batch.map(planned) },
  }));
  log.append(run, events, { durable: true });
}

function alias(context: StoreContext, open: readonly OpenRename[]): void {
  if (open.length === 0) return;
  const events = bySource(open).map((batch) => ({
    type: "RenameAliased" as const,
    data: {
      source: batch[0].source,
      renames: batch.map((item) => planned({ ...item, way: "alias" })),
    },
  }));
  context.log.append(context.run, events, { durable: true });
  context.totals.aliased += open.length;
}

function planned({ path, rename, folder, way, why }: OpenRename): PlannedRename {
  const isFolder = folder === undefined ? {} : { folder: true as const };
  return { path: jsonOfText(path), from: rename.fromKey, ...isFolder, way, why };
}

/** Batches of one source each. */
function bySource(renames: readonly OpenRename[]): OpenRename[][] {
  const all: OpenRename[][] = [];
  for (const rename of renames) {
    const last = all.at(-1);
    if (last?.[0].source === rename.source && last.length < BATCH) last.push(rename);
    else all.push([rename]);
  }
  return all;
}
