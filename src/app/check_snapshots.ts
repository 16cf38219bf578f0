import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import { joinPath, textOfBytes } from "../core/path_text.ts";
import { FILE_CODE, unpackStat } from "../core/stat_record.ts";
import type { IndexModel, Unstored } from "../ports/event_log.ts";
import {
  type CheckedContent,
  checkVersion,
  isStored,
  isThat,
  storedForm,
} from "./check_contents.ts";
import type { CheckContext } from "./check_context.ts";
import { type CopiedContent, copiedContent } from "./copied_content.ts";
import { inParallel } from "./in_parallel.ts";
import { replaySnapshots, touchedRows } from "./replay_snapshots.ts";

const HEADS = 16;

/**
 * The content of kept snapshots that is no entry's now, by a HEAD of each. Returns how many were
 * looked at. What is missing is told; no entry is made unstored by it.
 */
export async function checkSnapshots(context: CheckContext): Promise<number> {
  const { log, replayer, emit, breathe } = context;
  const counted = { contents: 0 };

  async function* contents(): AsyncGenerator<FormerContent> {
    const states = replaySnapshots({ log, replayer, emit, breathe }, (event) => void event);
    for await (const { index, since } of states) {
      for (const content of formerContents(context, index, since)) {
        counted.contents++;
        yield content;
      }
    }
  }

  const copies = copiedContent({ log, from: 1, notes: context.work.notes, breathe });
  try {
    await inParallel(
      contents(),
      HEADS,
      (content) =>
        checkVersion(context, content, () => {}, () => isCopied(context, copies, content)),
    );
  } finally {
    copies.close();
  }
  return counted.contents;
}

interface FormerContent extends CheckedContent {
  /** Position of the event that stored it. */
  readonly at: number;
}

/** A rename has taken it to another key since. */
async function isCopied(
  { store }: CheckContext,
  copies: CopiedContent,
  content: FormerContent,
): Promise<boolean> {
  for (const { key, version, etag } of await copies.of(content.key, content.at)) {
    const head = await store.head(key, version === undefined ? {} : { versionId: version });
    if (head !== undefined && isThat({ ...content, etag: etag! }, head)) return true;
  }
  return false;
}

/** What entries had at a snapshot, and had not at the one before, and do not have now. */
export function* formerContents(
  { log }: Pick<CheckContext, "log">,
  index: IndexModel,
  since: number,
): Generator<FormerContent> {
  for (const item of touchedRows(index, since)) {
    const { row } = item;
    if (!isStored(row) || ("parent" in row && row.parent === 0) || isReplaced(row)) continue;
    const key = index.keys.ofRow(row);
    if (hasStill(log.index, item, key)) continue;
    const { source, path } = index.paths.pathOf(item.isFolder ? item.row.parent : item.row.folder);
    yield {
      ...{ source, path: joinPath(path, textOfBytes(row.name)), key },
      ...{ ...storedForm(row), at: row.content.stored },
    };
  }
}

/** One event stores many objects: the entry may have another one of the same event by now. */
function hasStill({ tables, keys }: IndexModel, former: Unstored, key: string): boolean {
  const { stored } = former.row.content;
  const now = former.isFolder
    ? tables.folderById(former.row.id)
    : tables.findEntry(former.row.folder, former.row.name);
  if (now === undefined || !isStored(now) || now.content.stored !== stored) return false;
  return key === keys.ofRow(now);
}

/**
 * An object without bytes, of which no version is kept: a later marker has its place or it is gone,
 * and what it said comes back from the index.
 */
function isReplaced({ stat, content }: EntryRow | FolderRow): boolean {
  return content.version === null && (stat[0] !== FILE_CODE || unpackStat(stat).size === 0n);
}
