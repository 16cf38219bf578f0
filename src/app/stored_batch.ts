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
import { upsert } from "./upsert.ts";

/** Collects what uploads have done and appends it as batch events. */
export interface StoredBatch {
  stored(source: string, folder: PathText, storageClass: string, object: StoredEntry): void;
  copied(source: string, folder: PathText, storageClass: string, object: StoredEntry): void;
  observed(source: string, folder: PathText, entry: ObservedEntry): void;
  refused(source: string, path: PathText, reason: string): void;
  flush(): void;
}

type Groups = Map<string, {
  readonly type: "ObjectsStored" | "ObjectCopied";
  readonly source: string;
  readonly class: string;
  readonly folders: Map<PathText, StoredFolder>;
}>;

export function storedBatch(log: JobLog, run: string, now: () => bigint): StoredBatch {
  let stored: Groups = new Map();
  let observed = new Map<string, Map<PathText, ObservedFolder>>();
  let refused = new Map<string, { path: ReturnType<typeof jsonOfText>; reason: string }[]>();
  let count = 0;

  function events(): AnyNewEvent[] {
    const all: AnyNewEvent[] = [];
    for (const [source, folders] of observed) {
      const data = { source, seen: now().toString(), folders: [...folders.values()] };
      all.push({ type: "EntriesObserved", data });
    }
    for (const { type, source, class: storageClass, folders } of stored.values()) {
      const data = { source, class: storageClass, folders: [...folders.values()] };
      all.push({ type, data });
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

  function store(
    type: "ObjectsStored" | "ObjectCopied",
    source: string,
    folder: PathText,
    storageClass: string,
    object: StoredEntry,
  ): void {
    const group = upsert(stored, `${type}\0${source}\0${storageClass}`, () => ({
      ...{ type, source, class: storageClass },
      folders: new Map<PathText, StoredFolder>(),
    }));
    const path = jsonOfText(folder);
    upsert(group.folders, folder, () => ({ path, objects: [] })).objects.push(object);
    added();
  }

  return {
    stored: (...object) => store("ObjectsStored", ...object),
    copied: (...object) => store("ObjectCopied", ...object),
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
