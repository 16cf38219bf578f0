import {
  type AnyNewEvent,
  BATCH_BYTES,
  BATCH_ENTRIES,
  type ObservedEntry,
  type ObservedFolder,
} from "../core/event/event.ts";
import { jsonOfText, type PathText } from "../core/path_text.ts";
import type { ScanContext } from "./scan_context.ts";

/** Collects the observations of a scan and appends them as batch events. */
export interface ObservationBatch {
  add(folder: PathText, entry: ObservedEntry): void;
  /** Remembers a listing's digest, to be kept with the observations that it follows from. */
  cacheDigest(folder: PathText, digest: Uint8Array): void;
  flush(options?: { durable?: boolean }): void;
  readonly count: number;
}

export function observationBatch(
  { log, run, inPacks }: Pick<ScanContext, "log" | "run" | "inPacks">,
  source: string,
  now: () => bigint,
): ObservationBatch {
  let groups = new Map<PathText, ObservedFolder>();
  let digests: { folder: PathText; digest: Uint8Array }[] = [];
  let entries = 0;
  let bytes = 0;
  let seen = now();
  let count = 0;

  function flush({ durable = false }: { durable?: boolean } = {}): void {
    if (entries === 0 && digests.length === 0 && !durable) return;
    const events: AnyNewEvent[] = entries === 0 ? [] : [{
      type: "EntriesObserved",
      data: {
        ...{ source, seen: seen.toString(), folders: [...groups.values()] },
        ...(inPacks ? { packs: true as const } : {}),
      },
    }];
    const within = () => {
      for (const { folder, digest } of digests) {
        const row = log.index.paths.find(source, folder);
        if (row !== undefined) log.index.setStatDigest(row.id, digest);
      }
    };
    log.append(run, events, { durable, within });
    groups = new Map();
    digests = [];
    entries = 0;
    bytes = 0;
    seen = now();
  }

  return {
    add(folder, entry) {
      let group = groups.get(folder);
      if (group === undefined) {
        group = { path: jsonOfText(folder), entries: [] };
        groups.set(folder, group);
        bytes += folder.length + 30;
      }
      group.entries.push(entry);
      entries++;
      count++;
      bytes += sizeOf(entry);
      if (entries >= BATCH_ENTRIES || bytes >= BATCH_BYTES) flush();
    },
    cacheDigest(folder, digest) {
      digests.push({ folder, digest });
      if (digests.length >= BATCH_ENTRIES) flush();
    },
    flush,
    get count() {
      return count;
    },
  };
}

/** About the length of the entry's JSON. */
function sizeOf(entry: ObservedEntry): number {
  let size = 220;
  if (typeof entry.name === "string") size += entry.name.length;
  for (const [, value] of entry.attributes ?? []) size += value.length + 40;
  return size;
}
