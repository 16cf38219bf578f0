import {
  type AnyNewEvent,
  BATCH_BYTES,
  BATCH_ENTRIES,
  type EventData,
  type PackedEntry,
  type PackedFolder,
} from "../core/event/event.ts";
import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import { hashPieces } from "../core/pack/chunk_list.ts";
import { jsonOfText, type PathText } from "../core/path_text.ts";
import { typeAt } from "../core/stat_record.ts";
import type { Task } from "./store_context.ts";

/** What a pack has got, or will not get because it is somewhere else already. */
export type PendingMember =
  | PendingEntry
  | PendingChunk
  | { readonly kind: "list"; readonly sha256: string; readonly chunks: readonly string[] };

/** A content without an entry of its own; with `list` the bytes of the list of its chunks at `at`. */
export interface PendingChunk {
  readonly kind: "chunk";
  readonly sha256: string;
  readonly size: number;
  readonly at: number;
  readonly list?: number;
}

export interface PendingEntry {
  readonly kind: "entry";
  readonly source: string;
  /** That holds it, from the source's root. */
  readonly folder: PathText;
  /** As it was when its content was read. */
  readonly row: EntryRow | FolderRow;
  readonly packed: PackedEntry;
}

export function pendingEntry(
  task: Task,
  row: EntryRow | FolderRow,
  packed: Omit<PackedEntry, "name" | "type" | "prev">,
): PendingEntry {
  const name = jsonOfText(task.name);
  const { source, folder } = task;
  return {
    ...{ kind: "entry", source, folder, row },
    packed: { name, type: typeAt(row.stat), ...packed, prev: row.position },
  };
}

/** An entry in the event that says so: what the pack index is made of. */
export interface PlacedMember {
  readonly member: PendingMember;
  /** Index of the event among those made. */
  readonly event: number;
}

/**
 * The events that say what is in a pack, in its order; without a pack those of entries that have
 * nothing of their own there. Batches of at most BATCH_ENTRIES and about BATCH_BYTES.
 */
export function memberEvents(
  members: readonly PendingMember[],
  pack: string | undefined,
): { readonly events: AnyNewEvent[]; readonly placed: PlacedMember[] } {
  const events: AnyNewEvent[] = [];
  const placed: PlacedMember[] = [];
  const entries = entryBatch(events, pack);
  let chunks: EventData["ChunksPacked"]["chunks"] = [];
  for (const member of members) {
    switch (member.kind) {
      case "entry":
        chunks = [];
        entries.add(member);
        break;
      case "chunk":
        entries.end();
        if (chunks.length === 0 || chunks.length === BATCH_ENTRIES) {
          chunks = [];
          events.push({ type: "ChunksPacked", data: { pack: pack!, chunks } });
        }
        chunks.push(placeOf(member));
        break;
      case "list":
        entries.end();
        chunks = [];
        for (const { from, chunks: piece } of hashPieces(member.chunks)) {
          const data = { sha256: member.sha256, from, chunks: piece };
          events.push({ type: "ChunksListed", data });
        }
    }
    placed.push({ member, event: events.length - 1 });
  }
  return { events, placed };
}

function placeOf({ sha256, size, at, list }: PendingChunk): [string, number, number, number?] {
  return list === undefined ? [sha256, size, at] : [sha256, size, at, list];
}

function entryBatch(events: AnyNewEvent[], pack: string | undefined) {
  let folders: Map<PathText, PackedFolder> | undefined;
  let list: PackedFolder[] = [];
  let [source, count, bytes] = ["", 0, 0];
  return {
    add(entry: PendingEntry): void {
      const isFull = count >= BATCH_ENTRIES || bytes >= BATCH_BYTES;
      if (folders === undefined || source !== entry.source || isFull) {
        [folders, list, source, count, bytes] = [new Map(), [], entry.source, 0, 0];
        const data = { source, folders: list, ...(pack === undefined ? {} : { pack }) };
        events.push({ type: "MembersPacked", data });
      }
      let group = folders.get(entry.folder);
      if (group === undefined) {
        group = { path: jsonOfText(entry.folder), objects: [] };
        folders.set(entry.folder, group);
        list.push(group);
        bytes += entry.folder.length + 30;
      }
      group.objects.push(entry.packed);
      count++;
      bytes += 170;
    },
    end: () => void (folders = undefined),
  };
}
