import { hex } from "../core/hash.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { chunkListText, type ListedChunk } from "../core/pack/chunk_list.ts";
import { chunkEnd, MAX_CHUNK } from "../core/pack/content_chunks.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import type { SourceFile } from "../ports/source.ts";
import { wasElsewhere } from "./found_content.ts";
import { chunkHeader, listHeader } from "./member_header.ts";
import { confirm, isStoredAlready, isUnsettled, observeAgain, READS } from "./observed_file.ts";
import type { PackContext } from "./pack_context.ts";
import { pendingEntry } from "./pack_members.ts";
import type { PackWriter } from "./pack_writer.ts";
import type { Task } from "./store_context.ts";

/** Read at once beside what waits for its chunk's end. */
const READ_BYTES = 4 * 1024 * 1024;

/**
 * A large file: the chunks that no pack has yet, and a list of all. Read again where it changed
 * meanwhile: what was packed of it by then serves the second time, or nobody. Throws kind "entry".
 */
export async function storeChunked(
  context: PackContext,
  writer: PackWriter,
  task: Task,
  { row, file }: { readonly row: EntryRow; readonly file: SourceFile },
): Promise<void> {
  const { root } = context.options.sources.get(task.source)!;
  let [current, opened] = [row, file];
  for (let reads = 1;; reads++) {
    const start = context.clock.now();
    try {
      const { chunks, digest } = await packChunks(context, writer, opened);
      if (reads > READS || sameRecord(await opened.stat(), 0, current.stat)) {
        return await record(context, writer, task, { row: current, chunks, digest, start });
      }
    } finally {
      if (opened !== file) opened.close();
    }
    opened = await root.openFile(task.path, { record: current.stat, stale: true });
    const change = reads < READS ? "changed" : "unstable";
    current = await observeAgain(context, task, current, await opened.stat(), change);
  }
}

interface ChunkedContent {
  readonly chunks: readonly ListedChunk[];
  /** SHA-256 of the whole. */
  readonly digest: Uint8Array;
}

async function packChunks(
  { options, signal }: PackContext,
  writer: PackWriter,
  file: SourceFile,
): Promise<ChunkedContent> {
  const { hashing } = options;
  const whole = hashing.incremental();
  const chunks: ListedChunk[] = [];
  const buffer = new Uint8Array(MAX_CHUNK + READ_BYTES);
  let [from, end, isEnd] = [0, 0, false];
  for (;;) {
    const cut = chunkEnd(buffer, from, end, isEnd);
    if (cut < 0) {
      if (isEnd) return { chunks, digest: whole.digest() };
      signal.throwIfAborted();
      buffer.copyWithin(0, from, end);
      [from, end] = [0, end - from];
      const length = await file.read(buffer.subarray(end));
      whole.update(buffer.subarray(end, end + length));
      isEnd = length === 0;
      end += length;
      continue;
    }
    const content = buffer.subarray(from, cut);
    const digest = hashing.sha256(content);
    const sha256 = hex(digest);
    if (!writer.has(digest)) {
      await writer.addChunk(sha256, chunkHeader(sha256, content.length), content);
    }
    chunks.push({ size: content.length, sha256 });
    from = cut;
  }
}

async function record(
  context: PackContext,
  writer: PackWriter,
  task: Task,
  { row, chunks, digest, start }: ChunkedContent & {
    readonly row: EntryRow;
    readonly start: bigint;
  },
): Promise<void> {
  const racy = isUnsettled(context, task, row, start);
  // Pruned since, where the entry was gone for a while.
  const isThere = writer.has(digest);
  if (isThere && isStoredAlready(row, digest)) return confirm(context, task, row, { digest, racy });
  const sha256 = hex(digest);
  if (wasElsewhere(context, task, { row, sha256, racy })) return;
  const size = chunks.reduce((sum, chunk) => sum + chunk.size, 0);
  const packed = { sha256, size: size.toString(), ...(racy ? { racy: true as const } : {}) };
  if (isThere) return writer.note(pendingEntry(task, row, packed));
  writer.list(sha256, chunks.map((chunk) => chunk.sha256));
  const text = new TextEncoder().encode(chunkListText(chunks));
  const entry = pendingEntry(task, row, { ...packed, list: text.length });
  await writer.add(entry, listHeader(task, row, context.options.owners, text.length), text);
}
