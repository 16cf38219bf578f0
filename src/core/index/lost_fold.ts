import type { EventData, LostObject } from "../event/event.ts";
import { bytesOfHex } from "../hash.ts";
import { textOfJson } from "../path_text.ts";
import { forgetDigests } from "./digest_fold.ts";
import { dropRename } from "./alias_release.ts";
import type { MoveTables } from "./move_tables.ts";
import { entryAt } from "./row_at.ts";
import { type ContentRow, IN_PACKS, isLive, NO_CONTENT } from "./rows.ts";

/**
 * The object of an entry is gone or is not what was stored: the entry is not stored any more, so that
 * the next backup stores it again where the source still has it. Only where it is still that object.
 * A pack that is not what was stored has lost what is in it: nobody counts on that from now on.
 */
export function loseObject(
  context: MoveTables,
  { source, path, key, stored, contents }: Omit<LostObject, "reason">,
): void {
  if (stored === undefined) return;
  const { tables, paths, keys } = context;
  const pack = source === "" && path === "" ? tables.packByKey(key) : undefined;
  if (pack !== undefined && pack.stored === stored) {
    return tables.loseContents(pack.id, contents?.map(bytesOfHex));
  }
  // The key is the pack's, where the content is in one: it has no key of its own.
  const isLost = ({ state, content }: { state: number; content: ContentRow }, at: string) =>
    isLive({ state }) && content.stored === stored && (content.etag === IN_PACKS || at === key);
  const text = textOfJson(path);
  const row = paths.find(source, text);
  if (row !== undefined && isLost(row, keys.ofFolder(row))) {
    tables.putFolder({ ...row, content: { ...NO_CONTENT, stored: -stored } });
  }
  const entry = entryAt(context, source, text);
  if (entry === undefined || !isLost(entry, keys.ofEntry(entry))) return;
  tables.putEntry({ ...entry, content: { ...NO_CONTENT, stored: -stored } });
  tables.listingChanged(entry.folder);
  forgetDigests(tables, "content", entry.folder);
  dropRename(context, entry.folder, entry.name);
}

/** The same of many objects; what is newer or unknown changes nothing of the index. */
export function loseDifferent(
  context: MoveTables,
  { objects }: EventData["DifferencesFound"],
): void {
  for (const { is, source = "", path = "", key, stored } of objects) {
    if (stored === undefined || (is !== "missing" && is !== "damaged")) continue;
    loseObject(context, { source, path, key, stored });
  }
}
