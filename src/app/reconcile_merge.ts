import { CONTENT_FOLDER, pathOfKey } from "../core/mirror/object_key.ts";
import type { ExpectedObject, FoundObject } from "../ports/work_tables.ts";
import { inParallel } from "./in_parallel.ts";
import type { ReconcileContext } from "./reconcile_context.ts";
import { type ExpectedCounts } from "./reconcile_expected.ts";
import { isSame, judgeSuspect, knownClass, type Suspect } from "./reconcile_suspect.ts";
import type { PackFaults } from "./check_packs.ts";

/** Requests under way at once. */
const HEADS = 64;

/** Objects in order of their keys (bytes), page by page, with whatever else is known of them. */
export type ObjectPages = AsyncIterable<readonly FoundObject[]>;

/**
 * Goes through what is there and what is expected side by side, both in order of their keys: of
 * either a page is in memory. Each difference is confirmed by a HEAD before it is believed: a report
 * is old, and a listing in another order would be no loss. What is there and nobody has expected goes
 * into `unknown`. Returns how many objects were seen, and the packs that are not as they were stored.
 */
export async function mergeObjects(
  context: ReconcileContext,
  pages: ObjectPages,
  expected: ExpectedCounts,
): Promise<{ readonly seen: number; readonly strangers: number; readonly faults: PackFaults }> {
  const faults: PackFaults = new Map();
  const counts = { seen: 0, strangers: 0, done: 0 };

  async function* suspects(): AsyncGenerator<Suspect> {
    let after = "";
    for await (const page of pages) {
      if (page.length === 0) continue;
      context.signal.throwIfAborted();
      counts.seen += page.length;
      const listed = new Map(page.map((object) => [object.key, object]));
      const known = new Set<string>();
      const last = page.at(-1)!.key;
      for (const row of context.expected.between(after, last)) {
        const object = listed.get(row.key);
        if (object !== undefined) known.add(row.key);
        if (isSuspect(context, row, object)) yield { row, object };
        else count(row);
      }
      const strangers = page.filter(({ key }) =>
        !known.has(key) && !isOwn(key) && !context.expected.has(key)
      );
      context.unknown.add(strangers);
      counts.strangers += strangers.length;
      after = last;
      const pause = context.breathe();
      if (pause !== undefined) await pause;
      tell(last);
    }
    for (const row of context.expected.between(after, undefined)) {
      if (isSuspect(context, row, undefined)) yield { row, object: undefined };
    }
  }

  function count(row: ExpectedObject): void {
    if (row.kind !== "kept") counts.done++;
  }

  function tell(key: string): void {
    context.emit({
      ...{ kind: "check", done: counts.done, total: expected.objects, bytes: 0, totalBytes: 0 },
      current: pathOfKey(key),
    });
  }

  await inParallel(suspects(), HEADS, async (suspect) => {
    await judgeSuspect(context, suspect, faults);
    count(suspect.row);
  });
  context.found.flush();
  return { seen: counts.seen, strangers: counts.strangers, faults };
}

/** False where the listing shows the very object, or nobody would miss it. */
function isSuspect(
  context: ReconcileContext,
  row: ExpectedObject,
  object: FoundObject | undefined,
): boolean {
  if (row.kind === "kept") return false;
  if (object === undefined) return true;
  // Of what is known by its key alone, that it is there is all that can be said.
  if (row.etag === null && row.size === undefined) return false;
  if (!isSame(row, object)) return true;
  return object.storageClass !== knownClass(context, row);
}

/** Below `.holdfast/` only content is an entry's. */
function isOwn(key: string): boolean {
  return key.startsWith(".holdfast/") && !key.startsWith(CONTENT_FOLDER);
}
