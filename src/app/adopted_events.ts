import type {
  AnyNewEvent,
  EventData,
  ObservedEntry,
  ObservedFolder,
  PackedEntry,
  PackedFolder,
  StoredEntry,
  StoredFolder,
} from "../core/event/event.ts";
import { jsonOfText, type PathText } from "../core/path_text.ts";
import { upsert } from "./upsert.ts";

export type PackedContentData = EventData["ChunksPacked"]["chunks"][number];

/** Batch events in the making: of the entries of one source, and of contents in any pack. */
export interface AdoptedEvents {
  observed(folder: PathText, entry: ObservedEntry): void;
  stored(storageClass: string, folder: PathText, object: StoredEntry): void;
  packed(pack: string | undefined, folder: PathText, object: PackedEntry): void;
  content(pack: string, content: PackedContentData): void;
  listed(list: EventData["ChunksListed"]): void;
  /** All of them, observations first; none is left. */
  take(source: string, seen: bigint): AnyNewEvent[];
}

export function adoptedEvents(inPacks: boolean): AdoptedEvents {
  let observed = new Map<PathText, ObservedFolder>();
  let stored = new Map<string, Map<PathText, StoredFolder>>();
  let packed = new Map<string | undefined, Map<PathText, PackedFolder>>();
  let contents = new Map<string, PackedContentData[]>();
  let lists: EventData["ChunksListed"][] = [];

  function* events(source: string, seen: bigint): Generator<AnyNewEvent> {
    if (observed.size > 0) {
      const folders = [...observed.values()];
      const data = { source, seen: seen.toString(), folders };
      yield { type: "EntriesObserved", data: inPacks ? { ...data, packs: true } : data };
    }
    for (const [storageClass, folders] of stored) {
      const data = { source, class: storageClass, folders: [...folders.values()] };
      yield { type: "ObjectsStored", data };
    }
    for (const data of lists) yield { type: "ChunksListed", data };
    for (const [pack, chunks] of contents) yield { type: "ChunksPacked", data: { pack, chunks } };
    for (const [pack, folders] of packed) {
      const data = { source, folders: [...folders.values()] };
      yield { type: "MembersPacked", data: pack === undefined ? data : { ...data, pack } };
    }
  }

  return {
    observed(folder, entry) {
      upsert(observed, folder, () => ({ path: jsonOfText(folder), entries: [] }))
        .entries.push(entry);
    },
    stored(storageClass, folder, object) {
      const folders = upsert(stored, storageClass, () => new Map<PathText, StoredFolder>());
      upsert(folders, folder, () => ({ path: jsonOfText(folder), objects: [] }))
        .objects.push(object);
    },
    packed(pack, folder, object) {
      const folders = upsert(packed, pack, () => new Map<PathText, PackedFolder>());
      upsert(folders, folder, () => ({ path: jsonOfText(folder), objects: [] }))
        .objects.push(object);
    },
    content: (pack, content) => void upsert(contents, pack, () => []).push(content),
    listed: (list) => void lists.push(list),
    take(source, seen) {
      const all = [...events(source, seen)];
      [observed, stored, packed] = [new Map(), new Map(), new Map()];
      [contents, lists] = [new Map(), []];
      return all;
    },
  };
}
