import type { EntryRow } from "../core/index/rows.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { SealedObject } from "./open_content.ts";
import { restoreItems, type Selection } from "./restore_items.ts";

const EVERYTHING: Selection = { paths: [], include: undefined, exclude: undefined };

/** The encrypted objects of a selection, then all that there are: to prove an identity by. */
export function* sealedObjects(index: IndexModel, selection?: Selection): Generator<SealedObject> {
  if (selection !== undefined) yield* sealedIn(index, selection);
  yield* sealedIn(index, EVERYTHING);
}

/** Whether a file's content is in an encrypted object of the mirror. */
export function isSealed({ content }: EntryRow): boolean {
  return content.header > 0 && content.stored > 0;
}

function* sealedIn(index: IndexModel, selection: Selection): Generator<SealedObject> {
  for (const item of restoreItems(index, selection)) {
    if (item.kind === "folder" || !isSealed(item.row)) continue;
    const { version, etag, header } = item.row.content;
    yield { key: item.key(), version, etag: etag!, header };
  }
}
