import { HoldfastError } from "../core/error.ts";
import { type FolderRow, IN_PACKS } from "../core/index/rows.ts";
import { joinPath, textOfBytes } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { PackModel } from "../ports/pack_model.ts";
import type { PackedFile, RestoreQueue } from "../ports/work_tables.ts";
import { fetchExtents } from "./fetch_extents.ts";
import { eachInParallel } from "./in_parallel.ts";
import { placeOf } from "./read_content.ts";
import { readElsewhere } from "./read_elsewhere.ts";
import { type FileItem, packedHash, restoreFile, writeFile } from "./restore_file.ts";
import { restoreItems, type Selection } from "./restore_items.ts";
import { attempt, attemptNow, done, type RestoreWork } from "./restore_work.ts";

/** Large files at once: each has several reads on their way. */
const LARGE = 2;

/**
 * Queues a file whose content is in a pack; false where it is not. Throws kind "entry" where no pack
 * has it any more.
 */
export function queuePacked(
  work: RestoreWork,
  item: FileItem,
  { replace }: { replace: boolean },
): boolean {
  const sha256 = packedHash(work.deps, item);
  if (sha256 === undefined) return false;
  const { pack, at, size, list } = placeOf(work.deps.packs, sha256);
  const { folder, name } = item.row;
  work.queue().add({ pack, at, size, chunked: list > 0, sha256, folder, name, replace });
  return true;
}

/**
 * Writes all that is queued, in the order of the packs, so that each is read once. Those in chunks
 * come last, each from its first chunk to its last.
 */
export async function restorePacked(work: RestoreWork, queue: RestoreQueue): Promise<void> {
  const itemOf = itemFinder(work.index);
  await fetchExtents(work.deps.packs, queue.inOrder(false), (file, content) => {
    const item = itemOf(file);
    const write = (bytes: Uint8Array) => {
      const reasons = writeFile(work.deps, item, bytes, file);
      work.links.written(item);
      done(work, item, reasons);
    };
    if (!(content instanceof HoldfastError)) return attemptNow(work, item, () => write(content));
    return attempt(work, item, async () => {
      write(await readElsewhere(work.deps.packs, file, content));
    });
  });
  await eachInParallel(queue.inOrder(true), LARGE, async (file) => {
    const item = itemOf(file);
    await attempt(work, item, async () => {
      const reasons = await restoreFile(work.deps, item, file);
      work.links.written(item);
      done(work, item, reasons);
    });
  });
}

/** The queue holds what names an entry: the entries themselves would fill the memory. */
export function itemFinder(
  { tables, paths, keys }: IndexModel,
): (file: Pick<PackedFile, "folder" | "name">) => FileItem {
  let above: FolderRow | undefined;
  return ({ folder: id, name }) => {
    const row = tables.findEntry(id, name)!;
    // Those of a folder lie together in a pack, mostly.
    const folder = above?.id === id ? above : above = tables.folderById(id)!;
    const { source, path } = paths.pathOf(id);
    const inner = joinPath(path, textOfBytes(name));
    const place = joinPath(source, inner);
    const key = () => keys.ofEntry(row);
    return { kind: "entry", source, path: inner, place, row, folder, key };
  };
}

/**
 * The first encrypted pack that the selected files are in; undefined where they are in none. What is
 * in its place already is not asked.
 */
export function firstEncrypted(
  packs: PackModel,
  index: IndexModel,
  selection: Selection,
): number | undefined {
  if (!hasEncrypted(packs)) return undefined;
  for (const item of restoreItems(index, selection)) {
    if (item.kind === "folder" || item.row.content.etag !== IN_PACKS) continue;
    const { sha256 } = item.row.content;
    if (sha256 === null) continue;
    for (const hash of [sha256, ...packs.chunks(sha256)]) {
      const id = packs.locate(hash)?.pack;
      if (id !== undefined && packs.pack(id)!.encryption === "age") return id;
    }
  }
  return undefined;
}

function hasEncrypted(packs: PackModel): boolean {
  for (const { encryption, stored } of packs.all()) {
    if (stored > 0 && encryption === "age") return true;
  }
  return false;
}
