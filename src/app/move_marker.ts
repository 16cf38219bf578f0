import type { Unstored } from "../ports/event_log.ts";
import { placedTask } from "./placed_task.ts";
import type { StoreContext } from "./store_context.ts";
import { putMarker } from "./store_marker.ts";

/**
 * Markers are empty: putting one anew under its entry's own key is as cheap as a copy, and nothing
 * is lost to a restore with the old one.
 */
export async function moveMarker(context: StoreContext, item: Unstored): Promise<void> {
  const { keys } = context.log.index;
  const { content } = item.row;
  if (content.stored <= 0 || content.etag === null) return;
  const from = keys.ofRow(item.row);
  if (from === keys.ownOfRow(item.row)) return;
  const task = placedTask(context.log.index, item);
  const entry = await putMarker(context, task);
  context.batch.copied(task.source, task.folder, "STANDARD", {
    ...entry,
    ...{ from, was: content.stored },
  });
}
