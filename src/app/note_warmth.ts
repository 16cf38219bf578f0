import { usdDigits } from "../core/cold/billionths.ts";
import { newsOf } from "../core/cold/warmth.ts";
import {
  type AnyNewEvent,
  BATCH_BYTES,
  BATCH_ENTRIES,
  type EventData,
} from "../core/event/event.ts";
import { jsonBytes } from "../core/event/json_bytes.ts";
import type { FoundClassRow, WarmUpRow } from "../core/index/restore_rows.ts";
import { isoTime } from "../core/time_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ColdObject, WaitedObject, WaitingFiles } from "../ports/waiting_files.ts";
import { batchIntents, isHeld } from "./batch_intents.ts";
import { isReadable } from "./cold_objects.ts";
import { archived } from "./request_warm_ups.ts";

export interface NoteOptions {
  readonly job: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Billionths of a dollar that a request for the object costs beyond the quote. */
  readonly costOf: (object: ColdObject, row: WarmUpRow) => number;
}

/** Appends what the looks at the store have told that the log does not say. */
export function noteWarmth(
  log: JobLog,
  run: string,
  files: WaitingFiles,
  { job, now, costOf }: NoteOptions,
): void {
  const { restores } = log.index;
  const intents = batchIntents(log);
  const news = newsBatch(job, (events) => void log.append(run, events));
  for (const object of files.objects(["cold", "warming", "warm"])) {
    const { warmth, expiry } = object;
    if (warmth === "unknown") continue;
    if (isElsewhere(object, restores.foundClass(object))) news.add("found", classOf(object));
    const row = restores.warmUp(object);
    // Whether AWS has asked for it is for the job's end to say.
    if (warmth !== "warm" && isHeld(row, intents)) continue;
    if (row === undefined && isReadable(object)) continue;
    const named = archived(object);
    const answer = newsOf(row, { warmth, expiry }, now);
    switch (answer) {
      case "warm":
        news.add("warm", expiry === 0 ? named : { ...named, expiry: isoTime(expiry) });
        break;
      case "expired":
        news.add("expired", named);
        break;
      case "under way":
      case "not asked":
        news.add("others", { ...named, answer });
        if (answer === "not asked") news.giveBack(costOf(object, row!));
    }
  }
  news.flush();
}

function isElsewhere(
  { isReclassified, storageClass, archive }: WaitedObject,
  known: FoundClassRow | undefined,
): boolean {
  return isReclassified && (known?.storageClass !== storageClass || known.archive !== archive);
}

function classOf(object: WaitedObject): Lists["found"][number] {
  const { storageClass, archive } = object;
  return {
    ...{ ...archived(object), class: storageClass },
    ...(archive === null ? {} : { archive }),
  };
}

interface Lists {
  found: EventData["StorageClassesFound"]["objects"];
  warm: EventData["ObjectWarm"]["objects"];
  expired: EventData["RestoredCopyExpired"]["objects"];
  others: NonNullable<EventData["WarmUpRequested"]["others"]>;
}

/** News of several kinds, an event each. */
function newsBatch(job: number, append: (events: readonly AnyNewEvent[]) => void) {
  let lists: Lists = { found: [], warm: [], expired: [], others: [] };
  let [count, bytes, unspent] = [0, 0, 0];

  function flush(): void {
    if (count === 0) return;
    append(eventsOf(job, lists, unspent));
    lists = { found: [], warm: [], expired: [], others: [] };
    [count, bytes, unspent] = [0, 0, 0];
  }

  return {
    add<Kind extends keyof Lists>(kind: Kind, one: Lists[Kind][number]): void {
      const size = jsonBytes(one);
      if (count === BATCH_ENTRIES || bytes + size > BATCH_BYTES) flush();
      (lists[kind] as Lists[Kind][number][]).push(one);
      count++;
      bytes += size;
    },
    /** Of what was added last. */
    giveBack(cost: number): void {
      unspent += cost;
    },
    flush,
  };
}

function eventsOf(job: number, { found, warm, expired, others }: Lists, unspent: number) {
  const events: AnyNewEvent[] = [];
  if (found.length > 0) events.push({ type: "StorageClassesFound", data: { objects: found } });
  if (warm.length > 0) events.push({ type: "ObjectWarm", data: { objects: warm } });
  if (expired.length > 0) events.push({ type: "RestoredCopyExpired", data: { objects: expired } });
  if (others.length > 0) {
    const more = unspent === 0 ? {} : { unspent: usdDigits(unspent) };
    events.push({ type: "WarmUpRequested", data: { job, others, ...more } });
  }
  return events;
}
