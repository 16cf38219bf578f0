import { observedContent } from "../core/index/observed_content.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { jsonOfText } from "../core/path_text.ts";
import { contentName } from "./gone_contents.ts";
import type { StoreContext, Task } from "./store_context.ts";

/**
 * True where a file that was removed in this run had this very content: it is the same file under
 * another path then, though with another file id, and its object serves.
 */
export function wasElsewhere(
  context: StoreContext,
  task: Task,
  { row, sha256, racy }: { row: EntryRow; sha256: string; racy: boolean },
): boolean {
  const name = contentName(task.source, sha256);
  const old = context.gone.get(name);
  if (old === undefined) return false;
  context.gone.delete(name);
  const entry = observedOfStat(task.name, "moved", row.stat, {
    links: row.links,
    attributes: row.attributes,
    prev: row.position,
  });
  entry.from = jsonOfText(old.path);
  entry.evidence = "content";
  if (racy) entry.racy = true;
  const { content } = old.row;
  const key = context.log.index.keys.ofEntry(old.row);
  entry.content = observedContent(key, content, content.stored);
  context.batch.observed(task.source, task.folder, entry);
  return true;
}
