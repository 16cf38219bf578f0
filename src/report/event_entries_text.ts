import type { AnyEvent } from "../core/event/event.ts";
import { entriesOfEvent } from "../core/event/event_part.ts";
import { displayPath } from "../core/path_text.ts";

/** `log --path`: below a batch, one line for each of its entries, where it has several. */
export function eventEntryLines(event: AnyEvent): string[] {
  const entries = entriesOfEvent(event);
  if (entries.length < 2) return [];
  return entries.map(({ path, what }) => `         ${what}: ${displayPath(path) || "/"}`);
}
