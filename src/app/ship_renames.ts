import { HoldfastError, isKind } from "../core/error.ts";
import {
  encodeRenames,
  type RecordBody,
  renamesKey,
  type RenamesRecord,
} from "../core/mirror/renames_record.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { readBody } from "./read_body.ts";
import { recordReader } from "./rename_records.ts";
import type { BodyCoding } from "./stored_body.ts";

export interface ShipRenamesDeps {
  readonly log: JobLog;
  readonly run: string;
  readonly store: ObjectStore;
  readonly coding: BodyCoding;
}

/** Bytes of records before compression: about what is in memory at once. */
const OBJECT_BYTES = 16 * 1024 * 1024;

/**
 * Puts what the objects in the store cannot say of themselves into renames objects: of all events
 * since the last one, several where there is much, none where there is nothing to say. After the
 * run's renames are settled, before its last segment. Returns how many objects it has put. Repeated
 * after an interruption it says the same again, which does no harm.
 */
export async function shipRenames(deps: ShipRenamesDeps): Promise<number> {
  const { log } = deps;
  const last = log.head().position;
  let first = lastCovered(log) + 1;
  let objects = 0;
  const reader = recordReader(log, { from: first, to: last });
  let records: string[] = [];
  let bytes = 0;
  const scans = new Map<string, string>();
  const withScans = () => {
    const all = [...records, ...scans.values()];
    scans.clear();
    return all;
  };
  for (const event of log.events({ from: first, to: last })) {
    for (const body of reader.recordsOf(event)) {
      const line = lineOf({ position: event.position, ...body });
      if (body.is === "scan") {
        scans.set(body.data.source, line);
        continue;
      }
      records.push(line);
      bytes += line.length;
    }
    if (bytes < OBJECT_BYTES) continue;
    await shipOne(deps, { first, last: event.position }, withScans());
    objects++;
    first = event.position + 1;
    [records, bytes] = [[], 0];
  }
  if (records.length === 0) return objects;
  await shipOne(deps, { first, last }, withScans());
  return objects + 1;
}

function lineOf(record: { position: number } & RecordBody): string {
  return JSON.stringify(record satisfies RenamesRecord);
}

/** Up to here renames objects say what there is to say. */
export function lastCovered(log: JobLog): number {
  return log.index.segments("renames").reduce((last, row) => Math.max(last, row.last), 0);
}

async function shipOne(
  { log, run, store, coding }: ShipRenamesDeps,
  { first, last }: { first: number; last: number },
  records: readonly string[],
): Promise<void> {
  const { log: id } = log.genesis;
  const text = encodeRenames({ format: 1, log: id, first, last }, records);
  const { body, sha256, suffix, contentType } = await coding.pack(new TextEncoder().encode(text));
  const key = renamesKey(id, last, suffix);
  // Two encrypted bodies of one text differ: the event that it ends with tells whose it is.
  const says: Record<string, string> = suffix === ""
    ? { sha256 }
    : { sha256, head: log.hashAt(last)! };
  try {
    await store.put(key, body, {
      ...{ sha256, contentType, metadata: says },
      ifNoneMatch: store.features.conditionalPut.works,
    });
  } catch (error) {
    if (!isKind(error, "conflict")) throw error;
    const isOurs = suffix === ""
      ? await holds({ store, coding }, key, text)
      : (await store.head(key))?.metadata.head === says.head;
    if (!isOurs) throw isAnothers(key);
  }
  log.append(run, [{ type: "RenamesShipped", data: { key, first, last } }]);
}

/** Our own PUT, whose answer was lost. */
async function holds(
  { store, coding }: Pick<ShipRenamesDeps, "store" | "coding">,
  key: string,
  text: string,
): Promise<boolean> {
  const body = await readBody(await store.get(key));
  try {
    return new TextDecoder().decode(await coding.unpack(key, body)) === text;
  } catch (error) {
    // No zstd frame: somebody else's.
    if (isKind(error, "damage")) return false;
    throw error;
  }
}

function isAnothers(key: string): HoldfastError {
  return new HoldfastError("locked", `the repository has another ${key} than this log's`, {
    context: { key },
    hint: "another machine writes to this log; `holdfast takeover` makes it this one's",
  });
}
