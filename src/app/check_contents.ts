import { type EntryRow, type FolderRow, isLive, UNSTABLE } from "../core/index/rows.ts";
import { sizeAsStored } from "../core/mirror/sealed_size.ts";
import type { PathText } from "../core/path_text.ts";
import { FILE_CODE, unpackStat } from "../core/stat_record.ts";
import type { FoundObject, ReadingQueue } from "../ports/work_tables.ts";
import type { CheckContext } from "./check_context.ts";
import { inParallel } from "./in_parallel.ts";
import { type RestoreItem, restoreItems } from "./restore_items.ts";

export interface ContentCounts {
  readonly entries: number;
  /** Bytes of the files whose content is stored. */
  readonly bytes: number;
  /** Entries whose content is not stored yet. */
  readonly unstored: number;
  /** Objects that are in another class than they were stored in, by the class they are in. */
  readonly otherClass: ReadonlyMap<string, number>;
}

/** One content of the index, and where it has to be. */
export interface CheckedContent {
  readonly source: string;
  readonly path: PathText;
  readonly key: string;
  readonly version: string | null;
  readonly etag: string | null;
  /** Bytes as stored; not known of a file that kept changing while it was read. */
  readonly size: number | undefined;
  readonly storageClass: string;
  /** Set for the live index only. */
  readonly stored?: number;
}

const HEADS = 16;
const PAGE = 1000;
const EVERYTHING = { paths: [], include: undefined, exclude: undefined };

/** Each live entry's content: by the LIST, and where that shows another object, by its version. */
export async function checkContents(
  context: CheckContext,
  readings: ReadingQueue | undefined,
): Promise<ContentCounts> {
  const counts = { entries: 0, bytes: 0, unstored: 0, otherClass: new Map<string, number>() };
  const { log, emit } = context;
  const total = log.index.totals();
  const tell = (current: PathText) =>
    emit({
      ...{ kind: "check", done: counts.entries, total: total.entries, bytes: counts.bytes },
      ...{ totalBytes: Number(total.bytes), current },
    });

  async function* suspects(): AsyncGenerator<CheckedContent> {
    for (const item of restoreItems(log.index, EVERYTHING)) {
      const pause = context.breathe();
      if (pause !== undefined) await pause;
      if (item.kind === "folder" && item.row.parent === 0) continue;
      counts.entries++;
      if (counts.entries % 256 === 0) tell(item.path);
      if (item.row.content.stored <= 0) {
        counts.unstored++;
        continue;
      }
      const content = contentOf(context, item);
      counts.bytes += content.size ?? 0;
      if (item.kind === "entry") queue(readings, item.row);
      const object = context.listing.find(content.key);
      if (object !== undefined && isThat(content, object)) noteClass(counts, content, object);
      else if (content.version !== null) yield content;
      else reportCurrent(context, content, object);
    }
  }

  await inParallel(
    suspects(),
    HEADS,
    (content) =>
      checkVersion(context, content, (object) => {
        noteClass(counts, content, object);
      }),
  );
  knowKept(context);
  context.found.flush();
  return counts;
}

function contentOf({ log }: CheckContext, item: RestoreItem): CheckedContent {
  const { source, path, row } = item;
  const key = log.index.keys.ofRow(row);
  return { ...{ source, path, key, stored: row.content.stored }, ...storedForm(row) };
}

export function storedForm(row: EntryRow | FolderRow) {
  const { version, etag, storageClass, header } = row.content;
  const size = (row.state & UNSTABLE) === 0
    ? sizeAsStored(Number(unpackStat(row.stat).size), header)
    : undefined;
  return { version, etag, size, storageClass: storageClass ?? "STANDARD" };
}

function queue(readings: ReadingQueue | undefined, row: EntryRow): void {
  if (readings === undefined || row.stat[0] !== FILE_CODE || row.content.sha256 === null) return;
  const { checked, folder, name } = row;
  readings.add({ checked, folder, name, bytes: Number(unpackStat(row.stat).size) });
}

export function isThat(
  content: CheckedContent,
  object: Pick<FoundObject, "size" | "etag">,
): boolean {
  return hasSize(content, object.size) && content.etag === object.etag;
}

function hasSize({ size }: CheckedContent, actual: number): boolean {
  return size === undefined || size === actual;
}

function noteClass(
  { otherClass }: { otherClass: Map<string, number> },
  content: CheckedContent,
  { storageClass }: Pick<FoundObject, "storageClass">,
): void {
  if (storageClass === content.storageClass) return;
  otherClass.set(storageClass, (otherClass.get(storageClass) ?? 0) + 1);
}

function reportCurrent(
  { found }: CheckContext,
  content: CheckedContent,
  object: FoundObject | undefined,
): void {
  if (object === undefined) {
    return found.add({ kind: "missing", ...content, reason: `missing: no object ${content.key}` });
  }
  found.add({ kind: "damaged", ...content, reason: differs(content, object) });
}

/**
 * Not the current object, or that is another one: the version itself has to be there, or the content
 * `elsewhere`.
 */
export async function checkVersion(
  { store, found }: Pick<CheckContext, "store" | "found">,
  content: CheckedContent,
  good: (object: { storageClass: string }) => void,
  elsewhere: () => Promise<boolean> = () => Promise.resolve(false),
): Promise<void> {
  const { key, version } = content;
  const head = await store.head(key, version === null ? {} : { versionId: version });
  if (head !== undefined && isThat(content, head)) return good(head);
  if (await elsewhere()) return;
  if (head !== undefined) {
    return found.add({ kind: "damaged", ...content, reason: differs(content, head) });
  }
  const what = version === null ? `no object ${key}` : `no version ${version} of ${key}`;
  found.add({ kind: "missing", ...content, reason: `missing: ${what}` });
}

function differs(content: CheckedContent, object: { size: number; etag: string }): string {
  const what = hasSize(content, object.size)
    ? `another content, ETag ${object.etag}, not ${content.etag}`
    : `${object.size} bytes, not ${content.size}`;
  return `damaged: ${content.key} holds ${what}`;
}

/** The objects of removed entries are known, too. */
function knowKept({ log, listing }: CheckContext): void {
  const { index } = log;
  for (let id = 0;;) {
    const rows = index.keptFolders(id, PAGE);
    for (const row of rows) listing.find(index.keys.ofFolder(row));
    if (rows.length < PAGE) break;
    id = rows.at(-1)!.id;
  }
  let after: EntryRow | undefined;
  for (;;) {
    const rows: EntryRow[] = index.keptEntries(after, PAGE);
    for (const row of rows) listing.find(index.keys.ofEntry(row));
    if (rows.length < PAGE) return;
    after = rows.at(-1)!;
  }
}

/** For states other than the live one. */
export function isStored(row: EntryRow | FolderRow): boolean {
  return isLive(row) && row.content.stored > 0;
}
