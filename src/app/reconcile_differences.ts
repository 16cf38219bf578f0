import {
  type AnyNewEvent,
  BATCH_BYTES,
  BATCH_ENTRIES,
  type EventData,
} from "../core/event/event.ts";
import { jsonBytes } from "../core/event/json_bytes.ts";
import type { FoundDifference, ListingKind } from "../core/event/reconcile_events.ts";
import { joinPath, jsonOfText } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { FoundObject } from "../ports/work_tables.ts";
import { type Finding, type Findings, hintOf } from "./check_findings.ts";

/**
 * What the index and the store differ in: losses are told at once, all is appended in batches. Of
 * what is missing or damaged the index is right with the next `flush`.
 */
export interface Differences extends Findings {
  /** Objects whose version is there, under another one. */
  readonly newer: number;
  /** Of the losses, those of entries that are theirs now, and those of packs: healing may undo them. */
  readonly ofEntries: number;
  readonly ofPacks: number;
  /** Objects in another class than was known, by the class that they are in. */
  readonly otherClass: ReadonlyMap<string, number>;
  /** `now` is what is under the key; undefined for a delete marker. */
  newerThere(content: Pick<Finding, "source" | "path" | "key" | "stored">, now?: Shown): void;
  unknownThere(object: FoundObject): void;
  classFound(object: { readonly key: string; readonly version: string | null }, now: Shown): void;
}

type Shown = Pick<FoundObject, "size" | "etag" | "storageClass">;

export function differences(
  { log, run, emit, by }: { log: JobLog; run: string; emit: SignalSink; by: ListingKind },
): Differences {
  const counts = { missing: 0, damaged: 0, newer: 0, ofEntries: 0, ofPacks: 0 };
  const otherClass = new Map<string, number>();
  const found = batchOf<FoundDifference>((objects) => {
    append({ type: "DifferencesFound", data: { by, objects } });
  });
  const classes = batchOf<EventData["StorageClassesFound"]["objects"][number]>((objects) => {
    append({ type: "StorageClassesFound", data: { objects } });
  });
  const append = (event: AnyNewEvent) => void log.append(run, [event], { durable: true });

  return {
    get missing() {
      return counts.missing;
    },
    get damaged() {
      return counts.damaged;
    },
    get newer() {
      return counts.newer;
    },
    get ofEntries() {
      return counts.ofEntries;
    },
    get ofPacks() {
      return counts.ofPacks;
    },
    otherClass,
    add(finding) {
      const { kind, source, path, key, stored, reason } = finding;
      counts[kind]++;
      if (stored !== undefined) path === "" ? counts.ofPacks++ : counts.ofEntries++;
      const place = path === "" ? key : joinPath(source, path);
      emit({ kind: "entry-error", path: place, reason: `${reason}; ${hintOf(finding)}` });
      found.add({
        ...{ is: kind, key, ...(path === "" ? {} : { source, path: jsonOfText(path) }) },
        ...(stored === undefined ? {} : { stored }),
        reason,
      });
    },
    newerThere({ source, path, key, stored }, now) {
      counts.newer++;
      const place = { source, path: jsonOfText(path) };
      found.add({ is: "newer", key, ...place, stored, ...(now === undefined ? {} : shown(now)) });
    },
    unknownThere: (object) => found.add({ is: "unknown", key: object.key, ...shown(object) }),
    classFound({ key, version }, { storageClass }) {
      otherClass.set(storageClass, (otherClass.get(storageClass) ?? 0) + 1);
      classes.add({ key, ...(version === null ? {} : { version }), class: storageClass });
    },
    flush() {
      found.flush();
      classes.flush();
    },
  };
}

function shown({ size, etag, storageClass }: Shown) {
  return {
    ...{ size: size.toString(), etag },
    ...(storageClass === "STANDARD" ? {} : { class: storageClass }),
  };
}

/** Handed on where it has as much as an event may hold. */
function batchOf<Item>(take: (items: Item[]) => void) {
  let [items, bytes]: [Item[], number] = [[], 0];
  function flush(): void {
    if (items.length === 0) return;
    const full = items;
    [items, bytes] = [[], 0];
    take(full);
  }
  return {
    add(item: Item): void {
      const size = jsonBytes(item);
      if (items.length >= BATCH_ENTRIES || bytes + size > BATCH_BYTES) flush();
      items.push(item);
      bytes += size;
    },
    flush,
  };
}
