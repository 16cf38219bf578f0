import type { AnyNewEvent } from "../core/event/event.ts";
import type { IndexedEntry, PackIndexMember } from "../core/pack/pack_index.ts";
import type { PackIndexHead } from "../core/pack/pack_index_head.ts";
import type { FrameSize } from "../core/pack/pack_layout.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ListedObject } from "../ports/object_store.ts";
import { type PackedWork, placeIndexed } from "./place_packed.ts";
import { type FetchedIndex, openPackIndex } from "./read_pack_index.ts";
import type { FoundIndex } from "./survey_packs.ts";

/**
 * Appends what an index says: the pack with all that is in it, and those of its entries that are the
 * last that is known of them. Without the pack in the store the entries alone.
 */
export async function adoptIndex(
  { hashing }: { readonly hashing: Hashing },
  work: PackedWork,
  { index, pack }: Pick<FoundIndex, "pack"> & { readonly index: FetchedIndex },
  breathe: () => Promise<void> | undefined,
): Promise<void> {
  const { head, frames, members } = openPackIndex(hashing, index);
  if (pack !== undefined) beginPack(work, head, frames, pack);
  const name = pack === undefined ? undefined : head.pack;
  let count = 0;
  for (const member of members) {
    if (member.is === "entry") takeEntry(work, member, name);
    else if (name !== undefined) takeContent(work, member, name);
    if (++count % 1000 === 0) await breathe();
  }
  if (pack !== undefined) endPack(work, head, pack);
}

/** An open pack of the log is the same one, of which the log does not know all. */
function beginPack(
  { log, run, batch }: PackedWork,
  { pack, key, header, encryption, plain }: PackIndexHead,
  frames: readonly FrameSize[],
  { size, storageClass }: ListedObject,
): void {
  batch.flush();
  const events: AnyNewEvent[] = [];
  if (log.index.tables.packByName(pack) !== undefined) {
    const reason = "it was completed by a run that this log does not know: taken from its index";
    events.push({ type: "PackAborted", data: { pack, key, reason } });
  }
  events.push(
    { type: "PackStarted", data: { pack, key, class: storageClass, header, encryption } },
    {
      type: "PartPrepared",
      data: {
        ...{ pack, part: 1, size, crc32: "", whole: "", plain: plain.toString() },
        frames: frames.map(([stored, tar]): [number, number] => [stored, tar]),
      },
    },
  );
  log.append(run, events);
}

function endPack(
  { log, run, batch }: PackedWork,
  { pack, key, plain, etag, version }: PackIndexHead,
  listed: ListedObject,
): void {
  batch.flush();
  // In a store that it was copied to it has another version, and maybe another ETag.
  const isItself = listed.etag === etag && version !== undefined;
  const data = {
    ...{ pack, key, size: listed.size.toString(), plain: plain.toString(), etag: listed.etag },
    ...(isItself ? { version } : {}),
  };
  log.append(run, [{ type: "PackStored", data }]);
}

function takeEntry(work: PackedWork, seen: IndexedEntry, pack: string | undefined): void {
  if (placeIndexed(work, seen, pack) || pack === undefined) return;
  const { at, list, entry: { type, size, content } } = seen;
  const isContent = type === "file" && size !== undefined && size !== "0";
  // A former content: others may have the same, and it may come back.
  if (at === undefined || !isContent || content?.sha256 === undefined) return;
  const place: [string, number, number] = [content.sha256, Number(size), at];
  work.batch.content(pack, list === undefined ? place : [...place, list]);
}

function takeContent(
  { batch }: PackedWork,
  member: Exclude<PackIndexMember, IndexedEntry>,
  pack: string,
): void {
  if (member.is === "chunk") {
    batch.content(pack, [member.sha256, member.size, member.at]);
    return;
  }
  const { sha256, from, chunks } = member;
  batch.listed({ sha256, from, chunks });
}
