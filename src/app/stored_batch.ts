import {
  type AnyNewEvent,
  BATCH_ENTRIES,
  type ObservedEntry,
  type ObservedFolder,
  type StoredEntry,
  type StoredFolder,
} from "../core/event/event.ts";
import { jsonOfText, type PathText } from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";

/** Collects what uploads have done and appends it as batch events. */
export interface StoredBatch {
  stored(source: string, folder: PathText, storageClass: string, object: StoredEntry): void;
  observed(source: string, folder: PathText, entry: ObservedEntry): void;
  refused(source: string, path: PathText, reason: string): void;
  flush(): void;
}

export function storedBatch(log: JobLog, run: string, now: () => bigint): StoredBatch {
  let stored = new Map<
    string,
    { source: string; class: string; folders: Map<PathText, StoredFolder> }
  >();
  let observed = new Map<string, Map<PathText, ObservedFolder>>();
  let refused = new Map<string, { path: ReturnType<typeof jsonOfText>; reason: string }[]>();
  let count = 0;

  function events(): AnyNewEvent[] {
    const all: AnyNewEvent[] = [];
    for (const [source, folders] of observed) {
      const data = { source, seen: now().toString(), folders: [...folders.values()] };
      all.push({ type: "EntriesObserved", data });
    }
    for (const { source, class: storageClass, folders } of stored.values()) {
      const data = { source, class: storageClass, folders: [...folders.values()] };
      all.push({ type: "ObjectsStored", data });
    }
    for (const [source, entries] of refused) {
      all.push({ type: "ObjectsRefused", data: { source, entries } });
    }
    return all;
  }

  function flush(): void {
    if (count === 0) return;
    log.append(run, events());
    stored = new Map();
    observed = new Map();
    refused = new Map();
    count = 0;
  }

  function added(): void {
    if (++count >= BATCH_ENTRIES) flush();
  }

  return {
    stored(source, folder, storageClass, object) {
      const group = upsert(stored, `${source}\0${storageClass}`, () => ({
        ...{ source, class: storageClass },
        folders: new Map<PathText, StoredFolder>(),
      }));
      const path = jsonOfText(folder);
      upsert(group.folders, folder, () => ({ path, objects: [] })).objects.push(object);
      added();
    },
    observed(source, folder, entry) {
      const folders = upsert(observed, source, () => new Map<PathText, ObservedFolder>());
      const path = jsonOfText(folder);
      upsert(folders, folder, () => ({ path, entries: [] })).entries.push(entry);
      added();
    },
    refused(source, path, reason) {
      upsert(refused, source, () => []).push({ path: jsonOfText(path), reason });
      added();
    },
    flush,
  };
}

function upsert<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
