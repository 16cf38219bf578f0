import type { IndexModel, Unstored, UnstoredCursor } from "../ports/event_log.ts";

const PAGE = 1000;

/**
 * What a run has to read (IndexModel.unread), page by page: rows may be changed meanwhile, and what
 * becomes unread behind the one at hand still comes.
 */
export function* unreadRows(
  index: Pick<IndexModel, "unread">,
  before: number,
): Generator<Unstored> {
  let after: UnstoredCursor | undefined;
  for (;;) {
    const page = index.unread(before, after, PAGE);
    if (page.length === 0) return;
    for (const item of page) {
      after = cursorOf(item);
      yield item;
    }
  }
}

export function cursorOf({ isFolder, row }: Unstored): UnstoredCursor {
  return { folder: isFolder ? row.id : row.folder, name: row.name, isFolder };
}
