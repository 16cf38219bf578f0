import { isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { type EntryRow, UNSETTLED } from "../core/index/rows.ts";
import { joinPath, textOfBytes } from "../core/path_text.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import type { Unstored } from "../ports/event_log.ts";
import { noteFailure } from "./entry_failure.ts";
import { wasElsewhere } from "./found_content.ts";
import { firstNames, linkOtherNames, namesOf, type OtherNames } from "./link_names.ts";
import { entryHeader, linkHeader } from "./member_header.ts";
import { confirm, isStoredAlready, isUnsettled, observeAgain } from "./observed_file.ts";
import type { PackContext } from "./pack_context.ts";
import { pendingEntry } from "./pack_members.ts";
import { type PackWriter, packWriter } from "./pack_writer.ts";
import { placedTask } from "./placed_task.ts";
import { readStable, type StableContent } from "./read_stable.ts";
import { storeChunked } from "./store_chunked.ts";
import type { Task } from "./store_context.ts";
import { unreadRows } from "./unread_rows.ts";

/** How often it is looked whether the log should be shipped. */
const SHIP_EVERY = 1000;

/**
 * Puts everything that the index says is not stored into packs, and reads again what was not settled.
 * At its end every pack is complete.
 */
export async function storePacks(context: PackContext, before: number): Promise<void> {
  const { index } = context.log;
  await packItems(context, unreadRows(index, before), index.unreadTotals(before));
}

/** A file with several names once. */
export async function packItems(
  context: PackContext,
  items: Iterable<Unstored>,
  expected: { readonly entries: number; readonly bytes: bigint },
): Promise<void> {
  const others: OtherNames = [];
  await storeAll(context, firstNames(context.log.index, items, others), expected);
  if (others.length === 0) return;
  const left = linkOtherNames(context, others);
  await storeAll(context, left, { entries: left.length, bytes: 0n });
}

async function storeAll(
  context: PackContext,
  items: Iterable<Unstored>,
  expected: { readonly entries: number; readonly bytes: bigint },
): Promise<void> {
  const writer = packWriter(context, {
    bytes: Number(expected.bytes),
    entries: expected.entries,
  });
  try {
    await storeItems(context, writer, items, expected);
    await writer.finish();
  } finally {
    await writer.close();
  }
  context.batch.flush();
  context.signal.throwIfAborted();
}

async function storeItems(
  context: PackContext,
  writer: PackWriter,
  items: Iterable<Unstored>,
  { entries: total, bytes: totalBytes }: { readonly entries: number; readonly bytes: bigint },
): Promise<void> {
  const { options, signal, emit } = context;
  let [done, bytes] = [0, 0];
  for (const task of announced(context, items)) {
    signal.throwIfAborted();
    try {
      bytes += await storeOne(context, writer, task);
    } catch (error) {
      // Whatever is not about the entry is about the pack, and so about all.
      if (!isKind(error, "entry")) throw error;
      noteFailure(context, task, error);
    }
    done++;
    emit({
      ...{ kind: "upload", done, total, bytes, totalBytes: Number(totalBytes) },
      current: task.path,
    });
    if (done % SHIP_EVERY === 0) await options.ship();
  }
}

/** Entries whose sources are told of them before their turn: each is read on its own. */
const AHEAD = 12;

/** The tasks of the items whose source is open. */
function* announced({ options, log }: PackContext, items: Iterable<Unstored>): Generator<Task> {
  const told: Task[] = [];
  for (const item of items) {
    const task = placedTask(log.index, item);
    const root = options.sources.get(task.source)?.root;
    if (root === undefined) continue;
    if (root.expectFile === undefined) {
      yield task;
      continue;
    }
    if (!item.isFolder) root.expectFile(task.path, item.row.stat);
    told.push(task);
    if (told.length > AHEAD) yield told.shift()!;
  }
  yield* told;
}

/** Returns how many bytes were read. */
async function storeOne(context: PackContext, writer: PackWriter, task: Task): Promise<number> {
  const { item } = task;
  if (item.isFolder || typeAt(item.row.stat) !== "file") {
    await storeMarker(context, writer, task);
    return 0;
  }
  const { root } = context.options.sources.get(task.source)!;
  const file = await root.openFile(task.path, { record: item.row.stat });
  try {
    const row = await observeAgain(context, task, item.row, await file.stat(), "changed");
    const { size } = unpackStat(row.stat);
    if (size > BigInt(context.packs.chunkThreshold)) {
      await storeChunked(context, writer, task, { row, file });
    } else {
      const stable = await readStable(context, task, row, file);
      if (stable.content.length <= context.packs.chunkThreshold) {
        await storeSmall(context, writer, task, stable);
      } else await storeGrown(context, writer, task, stable.row);
    }
    return Number(size);
  } finally {
    file.close();
  }
}

/** It was small when the scan saw it. */
async function storeGrown(
  context: PackContext,
  writer: PackWriter,
  task: Task,
  row: EntryRow,
): Promise<void> {
  const { root } = context.options.sources.get(task.source)!;
  const file = await root.openFile(task.path, { record: row.stat });
  try {
    await storeChunked(context, writer, task, { row, file });
  } finally {
    file.close();
  }
}

/** Folders, symlinks, devices: a header is all that there is of them. */
async function storeMarker(context: PackContext, writer: PackWriter, task: Task): Promise<void> {
  const { row, isFolder } = task.item;
  const racy = !isFolder && (row.state & UNSETTLED) !== 0;
  const entry = pendingEntry(task, row, { ...(racy ? { racy: true } : {}) });
  // The root of a source without a name has no name to be a member by.
  const isNameless = task.source === "" && task.path === "";
  if (row.content.etag !== null || isNameless) return writer.note(entry);
  await writer.add(entry, entryHeader(task, row, context.options.owners));
}

async function storeSmall(
  context: PackContext,
  writer: PackWriter,
  task: Task,
  { row, content, start }: StableContent,
): Promise<void> {
  const digest = context.options.hashing.sha256(content);
  const racy = isUnsettled(context, task, row, start);
  // Pruned since, where the entry was gone for a while.
  const isThere = content.length > 0 && writer.has(digest);
  const isConfirmed = isThere || content.length === 0;
  if (isConfirmed && isStoredAlready(row, digest)) {
    return confirm(context, task, row, { digest, racy });
  }
  const sha256 = hex(digest);
  if (wasElsewhere(context, task, { row, sha256, racy })) return;
  const entry = pendingEntry(task, row, {
    ...{ sha256 },
    ...(content.length === 0 ? {} : { size: content.length.toString() }),
    ...(racy ? { racy: true } : {}),
  });
  if (isThere) return writer.note(entry);
  const { owners } = context.options;
  const links = row.links > 1 ? furtherNames(context, task, row) : [];
  await writer.add(entry, entryHeader(task, row, owners, content.length), content, links);
}

/** For whoever unpacks with tar alone: the index links them by what was observed of them. */
function* furtherNames(context: PackContext, task: Task, row: EntryRow): Generator<Uint8Array> {
  const { index } = context.log;
  for (const other of namesOf(index, row)) {
    const folder = index.paths.pathOf(other.folder);
    const place = { source: folder.source, path: joinPath(folder.path, textOfBytes(other.name)) };
    if (place.path === task.path) continue;
    yield linkHeader(place, task, other, context.options.owners);
  }
}
