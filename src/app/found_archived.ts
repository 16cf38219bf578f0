import { isCold } from "../core/cost/restore_wait.ts";
import { BATCH_BYTES, type EventData } from "../core/event/event.ts";
import { jsonBytes } from "../core/event/json_bytes.ts";
import { eachInParallel } from "./in_parallel.ts";
import type { WorkItem } from "./rename_work.ts";
import type { StoreContext } from "./store_context.ts";
import { objectOf } from "./warm_renames.ts";

const HEADS = 16;

/**
 * Where objects are whose copy was refused because they are archived, although their class does not
 * say so: HEAD tells, and the log knows it from then on. `others`: HEAD shows no archive.
 */
export async function noteFoundArchived(
  { log, run, options: { store } }: StoreContext,
  items: readonly WorkItem[],
): Promise<{ readonly found: readonly WorkItem[]; readonly others: readonly WorkItem[] }> {
  const [found, others]: [WorkItem[], WorkItem[]] = [[], []];
  let objects: EventData["StorageClassesFound"]["objects"] = [];
  let bytes = 0;
  const flush = () => {
    if (objects.length > 0) log.append(run, [{ type: "StorageClassesFound", data: { objects } }]);
    [objects, bytes] = [[], 0];
  };
  await eachInParallel(items, HEADS, async (item) => {
    const { key, version } = objectOf(log.index, item.row);
    const named = version === "" ? {} : { version };
    const seen = await store.head(key, version === "" ? {} : { versionId: version });
    if (seen === undefined || !isCold(seen.storageClass, seen.archiveTier)) {
      return void others.push(item);
    }
    const { storageClass, archiveTier } = seen;
    const one = {
      ...{ key, ...named, class: storageClass },
      ...(archiveTier === undefined ? {} : { archive: archiveTier }),
    };
    if (bytes + jsonBytes(one) > BATCH_BYTES) flush();
    objects.push(one);
    bytes += jsonBytes(one);
    found.push(item);
  });
  flush();
  return { found, others };
}
