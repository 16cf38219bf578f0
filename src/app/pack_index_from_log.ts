import type { EventData, PackedEntry, PackedFolder } from "../core/event/event.ts";
import { unpackFrames } from "../core/index/pack_rows.ts";
import { neighbourFinder } from "../core/index/row_at.ts";
import { hashesOfPiece } from "../core/pack/chunk_list.ts";
import { joinPath, type PathText, textOfJson } from "../core/path_text.ts";
import type { ClosedPack } from "./closed_pack.ts";
import type { PackContext } from "./pack_context.ts";
import { packIndexWriter } from "./pack_index_writer.ts";

/** The index of a pack that another process has written: of what got into it, by the log. */
export async function putIndexFromLog(
  context: PackContext,
  { row, ...closed }: ClosedPack & { readonly stored: object },
): Promise<void> {
  const { log } = context;
  const { pack, key, storageClass, header, encryption } = row;
  const { size, plain } = closed;
  const writer = packIndexWriter(context);
  for (const part of log.index.packs.parts(row.id)) {
    if (part.plain <= plain) writer.frames(unpackFrames(part.frames));
  }
  const find = neighbourFinder(log.index);
  const lists = new Map<string, string[]>();
  for (const event of log.events({ from: row.id })) {
    if (event.type === "ChunksListed") {
      const { sha256, from, chunks } = event.data;
      const before = (lists.get(sha256) ?? []).slice(0, from);
      lists.set(sha256, [...before, ...hashesOfPiece(chunks)]);
    } else if (event.type === "ChunksPacked" && event.data.pack === pack) {
      for (const [sha256, length, at, list] of event.data.chunks) {
        if (at < plain && list === undefined) {
          writer.add({ kind: "chunk", sha256, size: length, at }, event.position);
        }
      }
    } else if (event.type === "MembersPacked" && event.data.pack === pack) {
      addMembers(event.data, event.position);
    }
  }

  function addContent({ sha256, size, at }: PackedEntry, position: number): void {
    writer.add({ kind: "chunk", sha256: sha256!, size: Number(size), at: at! }, position);
  }

  function addMembers({ source, folders }: EventData["MembersPacked"], position: number): void {
    for (const { folder, packed } of inOrder(folders, plain)) {
      const path = joinPath(folder, textOfJson(packed.name));
      const entry = packed.type === "folder"
        ? log.index.paths.find(source, path)
        : find(source, path);
      if (entry?.position !== position) {
        // Seen anew since: that says more of it, but others may have the same content.
        if (packed.size !== undefined && packed.list === undefined) addContent(packed, position);
        continue;
      }
      if (packed.list !== undefined) {
        const chunks = lists.get(packed.sha256!)!;
        writer.add({ kind: "list", sha256: packed.sha256!, chunks }, position);
      }
      writer.add({ kind: "entry", source, folder, row: entry, packed }, position);
    }
  }

  const { etag, versionId } = closed.stored;
  await writer.put({
    ...{ pack, key, class: storageClass, header, encryption, size, plain, etag },
    ...(versionId === undefined ? {} : { version: versionId }),
  });
}

/** Those within so many bytes of TAR, as they are in the pack. */
function inOrder(folders: readonly PackedFolder[], plain: number) {
  return folders.flatMap(({ path, objects }) => {
    const folder: PathText = textOfJson(path);
    return objects.flatMap((packed) =>
      packed.at !== undefined && packed.at < plain ? [{ folder, packed, at: packed.at }] : []
    );
  }).sort((a, b) => a.at - b.at);
}
