import { HoldfastError } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { packedHash } from "../core/index/packed_hash.ts";
import { type EntryRow, isLive, UNREADABLE, UNSETTLED } from "../core/index/rows.ts";
import { chunkListText, type ListedChunk } from "../core/pack/chunk_list.ts";
import { compareBytes } from "../core/path_text.ts";
import { isReadable } from "../core/mirror/storage_class.ts";
import type { LedgerContent } from "../ports/work_tables.ts";
import { fetchExtents } from "./fetch_extents.ts";
import { chunkHeader, entryHeader, formerListHeader, listHeader } from "./member_header.ts";
import { pendingEntry } from "./pack_members.ts";
import type { PackUpkeep } from "./pack_upkeep.ts";
import type { PackWriter } from "./pack_writer.ts";
import { placedTask } from "./placed_task.ts";
import type { PackHeads } from "./plan_packs.ts";

/** How often it is looked whether the log should be shipped. */
const SHIP_EVERY = 1000;

export interface MoveWork {
  readonly upkeep: PackUpkeep;
  readonly writer: PackWriter;
  /** Packs that may be read. */
  readonly heads: PackHeads;
  readonly progress: {
    done: number;
    bytes: number;
    readonly total: number;
    readonly totalBytes: number;
  };
}

/**
 * Puts what is needed of the packs that are to leave into new ones: from the source where that has
 * it, else from the store, each content checked by its hash. What can be had from neither stays where
 * it is: then the pack must not go.
 */
export async function moveContents(work: MoveWork): Promise<void> {
  const { upkeep } = work;
  await moveParts(work);
  for (const content of upkeep.ledger.waiting()) {
    upkeep.deps.signal.throwIfAborted();
    if (work.progress.done % SHIP_EVERY === 0) await upkeep.context.options.ship();
    if (content.list > 0) await moveList(work, content);
    else await moveFromSource(work, content);
  }
  await moveFromStore(work);
}

/** Chunks of large files, file by file. */
async function moveParts(work: MoveWork): Promise<void> {
  const { ledger, deps: { log } } = work.upkeep;
  let last: { readonly folder: number; readonly name: Uint8Array } | undefined;
  for (const { claim } of ledger.waitingParts()) {
    const { folder, name } = claim!;
    const isSame = last?.folder === folder && compareBytes(last.name, name) === 0;
    if (isSame) continue;
    last = { folder, name };
    const row = log.index.tables.findEntry(folder, name);
    if (row !== undefined) await moveChunksOf(work, row);
  }
}

async function moveChunksOf(work: MoveWork, row: EntryRow): Promise<void> {
  const { upkeep: { deps, sources }, writer } = work;
  const whole = packedHash(row);
  const chunks = whole === undefined ? undefined : listedChunks(work.upkeep, whole);
  if (chunks === undefined) return;
  let next = 0;
  for await (const piece of sources.pieces(row, chunks.map(({ size }) => size))) {
    deps.signal.throwIfAborted();
    const digest = deps.hashing.sha256(piece);
    // Another content than the one that was stored: none of what follows will fit.
    if (hex(digest) !== chunks[next++].sha256) return;
    const content = waitingContent(work.upkeep, digest);
    if (content === undefined) continue;
    await writer.addChunk(hex(digest), chunkHeader(hex(digest), piece.length), piece);
    moved(work, content);
  }
}

/** Undefined where it need not be moved, or was already. */
function waitingContent({ ledger }: PackUpkeep, sha256: Uint8Array): LedgerContent | undefined {
  return ledger.mustMove(sha256) ? ledger.find(sha256) : undefined;
}

/** Chunks of a large content with their sizes; undefined where one is in no pack. */
function listedChunks(
  { deps: { log }, ledger }: PackUpkeep,
  sha256: Uint8Array,
): ListedChunk[] | undefined {
  const listed: ListedChunk[] = [];
  for (const chunk of log.index.packs.chunks(sha256)) {
    const found = ledger.find(chunk);
    if (found === undefined) return undefined;
    listed.push({ size: found.size, sha256: hex(chunk) });
  }
  return listed;
}

/** A list is made anew: the index knows what it says. */
async function moveList(work: MoveWork, content: LedgerContent): Promise<void> {
  const { upkeep, writer } = work;
  const chunks = listedChunks(upkeep, content.sha256);
  if (chunks === undefined) return;
  const sha256 = hex(content.sha256);
  const text = new TextEncoder().encode(chunkListText(chunks));
  const row = claimedBy(upkeep, content);
  if (row === undefined) {
    await writer.addFormerList(sha256, content.size, formerListHeader(sha256, text.length), text);
  } else {
    const { log } = upkeep.deps;
    const task = placedTask(log.index, { isFolder: false, row });
    writer.list(sha256, chunks.map((chunk) => chunk.sha256));
    const size = content.size.toString();
    const entry = pendingEntry(task, row, { sha256, size, list: text.length, ...racyOf(row) });
    const { owners } = upkeep.context.options;
    await writer.add(entry, listHeader(task, row, owners, text.length), text);
  }
  moved(work, content);
}

/** The entry that says a content's name in the TAR, where it is as it was when the ledger was filled. */
function claimedBy({ deps }: PackUpkeep, { claim, sha256 }: LedgerContent): EntryRow | undefined {
  if (claim === undefined || claim.isPart) return undefined;
  const row = deps.log.index.tables.findEntry(claim.folder, claim.name);
  if (!isLive(row) || row.content.stored <= 0 || (row.state & UNREADABLE) !== 0) return undefined;
  const has = packedHash(row);
  return has !== undefined && compareBytes(has, sha256) === 0 ? row : undefined;
}

/** Read again next time, as before. */
export function racyOf({ state }: EntryRow): { racy?: true } {
  return (state & UNSETTLED) === 0 ? {} : { racy: true };
}

async function moveFromSource(work: MoveWork, content: LedgerContent): Promise<void> {
  const { upkeep: { deps, sources } } = work;
  const { claim } = content;
  if (claim === undefined || claim.isPart) return;
  const row = deps.log.index.tables.findEntry(claim.folder, claim.name);
  const bytes = row === undefined ? undefined : await sources.read(row);
  if (bytes === undefined || bytes.length !== content.size) return;
  if (compareBytes(deps.hashing.sha256(bytes), content.sha256) !== 0) return;
  await addContent(work, content, bytes);
}

async function addContent(
  work: MoveWork,
  content: LedgerContent,
  bytes: Uint8Array,
): Promise<void> {
  const { upkeep, writer } = work;
  const sha256 = hex(content.sha256);
  const row = claimedBy(upkeep, content);
  if (row === undefined) {
    await writer.addChunk(sha256, chunkHeader(sha256, bytes.length), bytes);
  } else {
    const task = placedTask(upkeep.deps.log.index, { isFolder: false, row });
    const size = bytes.length.toString();
    const entry = pendingEntry(task, row, { sha256, size, ...racyOf(row) });
    const { owners } = upkeep.context.options;
    await writer.add(entry, entryHeader(task, row, owners, bytes.length), bytes);
  }
  moved(work, content);
}

function moved({ upkeep, progress }: MoveWork, content: LedgerContent): void {
  upkeep.ledger.moved(content);
  progress.done++;
  progress.bytes += content.list > 0 ? 0 : content.size;
  const { done, bytes, total, totalBytes } = progress;
  upkeep.deps.emit({ kind: "prune", done, total, bytes, totalBytes, current: "" });
}

/** What is left, in order of packs and places, by ranged reads. */
async function moveFromStore(work: MoveWork): Promise<void> {
  const { upkeep } = work;
  let turn: Promise<void> = Promise.resolve();
  await fetchExtents(upkeep.reader, readable(work), async (content, bytes) => {
    // Reads come in together; members go into the pack one after the other.
    const before = turn;
    const own = (async () => {
      await before;
      if (!(bytes instanceof HoldfastError)) return await addContent(work, content, bytes);
      const { key } = upkeep.deps.log.index.packs.pack(content.pack)!;
      upkeep.deps.emit({ kind: "notice", text: `${key} stays: ${bytes.message}` });
    })();
    turn = own.catch(() => {});
    await own;
  });
}

/** Never from an archive class, and nothing that is known to be damaged. */
function* readable({ upkeep, heads }: MoveWork): Generator<LedgerContent> {
  for (const content of upkeep.ledger.waiting()) {
    const head = heads.get(content.pack);
    const mayRead = !content.lost && content.list === 0 && head !== undefined &&
      isReadable(head.storageClass);
    if (mayRead) yield content;
  }
}
