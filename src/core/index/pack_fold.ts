import type { AnyEvent, EventData, PackedEntry } from "../event/event.ts";
import { bytesOfHex } from "../hash.ts";
import { bytesOfText, textOfJson } from "../path_text.ts";
import { forgetDigests } from "./digest_fold.ts";
import { type EventPlace, misplaced, unknownFolder } from "./misfit.ts";
import type { MoveTables } from "./move_tables.ts";
import { packFrames, type PackRow, type PackTables } from "./pack_rows.ts";
import {
  type ContentRow,
  type FolderRow,
  IN_PACKS,
  type IndexTables,
  isLive,
  NO_CONTENT,
  UNSETTLED,
  UNSTABLE,
} from "./rows.ts";

/** Packs, what is in them, and which entries have their content there. */
export function foldPacks(context: MoveTables, event: AnyEvent): void {
  const { tables } = context;
  switch (event.type) {
    case "PackStarted": {
      const { pack, key, class: storageClass, header, encryption } = event.data;
      return tables.putPack({
        ...{ id: event.position, pack, key, storageClass, header, encryption },
        ...{ stored: 0, size: 0, plain: 0, version: null, etag: null },
      });
    }
    case "MembersPacked":
      return storeMembers(context, event.data, event.position);
    case "ChunksPacked": {
      const { id } = packOf(tables, event.data.pack, event.position);
      for (const [sha256, size, at, list = 0] of event.data.chunks) {
        tables.addContent({ sha256: bytesOfHex(sha256), pack: id, at, size, list });
      }
      return;
    }
    case "ChunksListed": {
      const { sha256, from, chunks } = event.data;
      const bytes = Uint8Array.fromBase64(chunks, { alphabet: "base64url" });
      return tables.putChunks(bytesOfHex(sha256), from, bytes);
    }
    case "PartPrepared": {
      const { part, size, crc32, whole, plain, frames, tail } = event.data;
      return tables.putPart({
        ...{ pack: packOf(tables, event.data.pack, event.position).id, part, size, crc32, whole },
        ...{ plain: Number(plain), frames: packFrames(frames) },
        tail: tail === undefined ? null : Uint8Array.fromBase64(tail, { alphabet: "base64url" }),
      });
    }
    case "PackStored": {
      const row = packOf(tables, event.data.pack, event.position);
      const { size, plain, etag, version = null } = event.data;
      const stored = event.position;
      tables.putPack({ ...row, stored, size: Number(size), plain: Number(plain), version, etag });
      tables.cutPack(row.id, Number(plain));
      return tables.forgetTails(row.id);
    }
    case "PackAborted":
      return tables.removePack(packOf(tables, event.data.pack, event.position).id);
    case "MembersLost":
      return loseMembers(context, event.data, event.position);
  }
}

function packOf(tables: PackTables, pack: string, position: number): PackRow {
  const row = tables.packByName(pack);
  if (row !== undefined) return row;
  throw misplaced({ source: "", path: "", position }, `pack ${pack}`);
}

function storeMembers(
  { tables, paths }: MoveTables,
  { source, pack, folders }: EventData["MembersPacked"],
  position: number,
): void {
  const id = pack === undefined ? 0 : packOf(tables, pack, position).id;
  for (const group of folders) {
    const path = textOfJson(group.path);
    const at: EventPlace = { source, path, position };
    const folder = paths.find(source, path);
    if (folder === undefined) throw unknownFolder(at);
    for (const member of group.objects) {
      storeMember(tables, folder, member, at);
      const { at: offset, size, list = 0 } = member;
      // Without a size there is no content: nothing to be found by its hash.
      if (offset === undefined || member.sha256 === undefined || size === undefined) continue;
      const sha256 = bytesOfHex(member.sha256);
      tables.addContent({ sha256, pack: id, at: offset, size: Number(size), list });
    }
    forgetDigests(tables, "content", folder.id);
  }
}

function storeMember(
  tables: IndexTables,
  folder: FolderRow,
  { name: json, type, sha256, prev, racy }: PackedEntry,
  at: EventPlace,
): void {
  const text = textOfJson(json);
  const name = bytesOfText(text);
  const { position } = at;
  const content: ContentRow = {
    ...NO_CONTENT,
    stored: position,
    sha256: sha256 === undefined ? null : bytesOfHex(sha256),
    etag: IN_PACKS,
  };
  if (type === "folder") {
    const row = text === "" ? folder : tables.findFolder(folder.id, name);
    if (row === undefined || row.position !== prev) throw misplaced(at, text);
    return tables.putFolder({ ...row, content, position });
  }
  const state = racy ? UNSETTLED : 0;
  if (tables.storeContent(folder.id, name, content, { prev, position, state })) return;
  const row = tables.findEntry(folder.id, name);
  if (row === undefined || row.position !== prev || !isLive(row)) throw misplaced(at, text);
  // It was unreadable: that mark, unlike the content, is part of the tree digest.
  tables.putEntry({ ...row, content, position, state: row.state & UNSTABLE | state });
  forgetDigests(tables, "tree", folder.id);
}

/** They are to be stored again: the pack that should have had them was closed before. */
function loseMembers(
  { tables, paths }: MoveTables,
  { source, folders }: EventData["MembersLost"],
  position: number,
): void {
  for (const group of folders) {
    const path = textOfJson(group.path);
    const at: EventPlace = { source, path, position };
    const folder = paths.find(source, path);
    if (folder === undefined) throw unknownFolder(at);
    for (const { name: json, type, prev } of group.entries) {
      const name = bytesOfText(textOfJson(json));
      const content = { ...NO_CONTENT, stored: -prev };
      if (type === "folder") {
        const row = name.length === 0 ? folder : tables.findFolder(folder.id, name);
        if (row === undefined || row.position !== prev) throw misplaced(at, textOfJson(json));
        tables.putFolder({ ...row, content, position });
        continue;
      }
      const row = tables.findEntry(folder.id, name);
      if (row === undefined || row.position !== prev) throw misplaced(at, textOfJson(json));
      tables.putEntry({ ...row, content, position });
    }
    tables.listingChanged(folder.id);
    forgetDigests(tables, "content", folder.id);
  }
}
