import { isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import type { PathText } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { EntryRow } from "../core/index/rows.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { ObjectBody } from "../ports/object_store.ts";
import type { ReadingQueue } from "../ports/work_tables.ts";
import {
  type CompareContext,
  DIFFERS,
  type ForeignOutcome,
  readMatched,
} from "./adopt_foreign_compare.ts";
import { eachInParallel } from "./in_parallel.ts";
import { placedTask } from "./placed_task.ts";

/** Bodies at once. */
const AT_ONCE = 4;

export interface ReadPlace {
  readonly key: string;
  readonly source: string;
  readonly path: PathText;
  readonly row: EntryRow;
}

/** Reads the objects of files that nothing else can tell of, and tells of each what it is. */
export async function readQueued(
  index: IndexModel,
  context: CompareContext,
  queue: ReadingQueue,
  tell: (place: ReadPlace, outcome: ForeignOutcome) => void,
): Promise<void> {
  await eachInParallel(queue.inOrder(), AT_ONCE, async ({ folder, name }) => {
    context.signal.throwIfAborted();
    const row = index.tables.findEntry(folder, name)!;
    const { source, path } = placedTask(index, { isFolder: false, row });
    const place = { key: keyOfPath(source, path, false), source, path, row };
    tell(place, await compareByReading(context, place));
  });
}

async function compareByReading(
  context: CompareContext,
  place: ReadPlace,
): Promise<ForeignOutcome> {
  const { key, row } = place;
  const file = await readMatched(context, place, { md5: false, partSizes: [] });
  if ("kind" in file) return file;
  let body: ObjectBody;
  try {
    body = await context.store.get(key);
  } catch (error) {
    if (!isKind(error, "gone", "refused")) throw error;
    return { kind: "other", reason: `it could not be read: ${error.message}` };
  }
  const { etag, versionId, storageClass, size } = body.head;
  if (BigInt(size) !== unpackStat(row.stat).size) {
    await body.stream.cancel();
    return { kind: "other", reason: "it was replaced meanwhile" };
  }
  const { sha256 } = file.digests;
  if (await digestOf(context, body) !== sha256) return { kind: "other", reason: DIFFERS };
  return {
    ...{ kind: "same", by: "read" },
    content: {
      ...{ sha256, etag, storageClass, racy: file.racy },
      ...(versionId === undefined ? {} : { version: versionId }),
    },
  };
}

async function digestOf({ hashing }: CompareContext, { stream }: ObjectBody): Promise<string> {
  const hash = hashing.incremental();
  for await (const chunk of stream) hash.update(chunk);
  return hex(hash.digest());
}
