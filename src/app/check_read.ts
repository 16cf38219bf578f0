import { isKind, messageOf } from "../core/error.ts";
import { type EntryRow, isLive } from "../core/index/rows.ts";
import {
  compareBytes,
  joinPath,
  jsonOfText,
  type PathText,
  textOfBytes,
} from "../core/path_text.ts";
import { BATCH_ENTRIES } from "../core/event/event.ts";
import { isArchive } from "../core/mirror/storage_class.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { ReadingQueue } from "../ports/work_tables.ts";
import type { CheckContext } from "./check_context.ts";
import { inParallel } from "./in_parallel.ts";

export interface ReadTotals {
  readonly objects: number;
  readonly bytes: number;
  /** Not read: they are in an archive class, and reading them would have to be paid and awaited. */
  readonly archived: number;
}

const READERS = 8;

interface Wanted {
  readonly row: EntryRow;
  readonly source: string;
  readonly folder: PathText;
  readonly path: PathText;
  readonly key: string;
}

/** Reads files, those checked longest ago first, until so many percent of the bytes are read. */
export async function readContents(
  context: CheckContext,
  readings: ReadingQueue,
  percent: number,
): Promise<ReadTotals> {
  const totals = { objects: 0, bytes: 0, archived: 0 };
  const verified = verifiedBatch(context);
  const wanted = readingPlan(context, readings, percent, totals);
  await inParallel(wanted.items, READERS, async (item) => {
    const bytes = Number(unpackStat(item.row.stat).size);
    const verdict = await readOne(context, item);
    if (verdict === "cold") totals.archived++;
    if (verdict !== "good") return;
    totals.objects++;
    totals.bytes += bytes;
    verified.add(item);
    context.emit({
      ...{ kind: "check", done: totals.objects, total: wanted.objects, bytes: totals.bytes },
      ...{ totalBytes: wanted.bytes, current: item.path },
    });
  });
  verified.flush();
  return totals;
}

function readingPlan(
  context: CheckContext,
  readings: ReadingQueue,
  percent: number,
  totals: { archived: number },
) {
  let [all, objects] = [0, 0];
  for (const { bytes } of readings.inOrder()) {
    all += bytes;
    objects++;
  }
  const limit = Math.ceil(all * percent / 100);
  async function* items(): AsyncGenerator<Wanted> {
    let taken = 0;
    for (const { folder, name, bytes } of readings.inOrder()) {
      if (percent < 100 && taken >= limit) return;
      const pause = context.breathe();
      if (pause !== undefined) await pause;
      const row = context.log.index.tables.findEntry(folder, name);
      // Found missing or damaged before.
      if (!isLive(row) || row.content.stored <= 0) continue;
      const item = wantedOf(context, row);
      if (
        isArchive(context.listing.find(item.key)?.storageClass ?? row.content.storageClass ?? "")
      ) {
        totals.archived++;
        continue;
      }
      taken += bytes;
      yield item;
    }
  }
  return { items: items(), bytes: limit, objects };
}

function wantedOf({ log }: CheckContext, row: EntryRow): Wanted {
  const { source, path: folder } = log.index.paths.pathOf(row.folder);
  const path = joinPath(folder, textOfBytes(row.name));
  return { row, source, folder, path, key: log.index.keys.ofEntry(row) };
}

async function readOne(
  context: CheckContext,
  item: Wanted,
): Promise<"good" | "bad" | "cold"> {
  const { store, hashing, found, signal, opener } = context;
  const { row, source, path, key } = item;
  const { version, etag, sha256, stored, header } = row.content;
  const bad = (kind: "missing" | "damaged", reason: string) => {
    found.add({ kind, source, path, key, stored, reason });
    return "bad" as const;
  };
  try {
    const how = version === null ? { ifMatch: etag! } : { versionId: version };
    const body = await store.get(key, how);
    const hash = hashing.incremental();
    for await (const chunk of opener.open(body, { key, header })) {
      hash.update(chunk);
      signal.throwIfAborted();
    }
    if (sha256 !== null && compareBytes(hash.digest(), sha256) === 0) return "good";
    return bad("damaged", `damaged: the SHA-256 of ${key} is not what was stored`);
  } catch (error) {
    if (isKind(error, "refused") && error.context.code === "InvalidObjectState") return "cold";
    if (isKind(error, "gone", "conflict")) return bad("missing", `missing: ${messageOf(error)}`);
    if (isKind(error, "damage")) return bad("damaged", `damaged: ${messageOf(error)}`);
    throw error;
  }
}

/** Collects what was read and found good, and appends it as batch events. */
function verifiedBatch({ log, run }: CheckContext) {
  let batch: Wanted[] = [];
  function flush(): void {
    const sources = Map.groupBy(batch, ({ source }) => source);
    batch = [];
    for (const [source, items] of sources) {
      const folders = [...Map.groupBy(items, ({ folder }) => folder)].map(([folder, inIt]) => ({
        path: jsonOfText(folder),
        names: inIt.map(({ row }) => jsonOfText(textOfBytes(row.name))),
      }));
      log.append(run, [{ type: "ObjectVerified", data: { source, read: true, folders } }]);
    }
  }
  return {
    add(item: Wanted): void {
      if (batch.push(item) >= BATCH_ENTRIES) flush();
    },
    flush,
  };
}
