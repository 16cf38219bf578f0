import { fileIdOf } from "../core/index/digest_fold.ts";
import { observedContent } from "../core/index/observed_content.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import { type EntryRow, REMOVED, UNREADABLE, UNSETTLED, UNSTABLE } from "../core/index/rows.ts";
import { compareBytes, joinPath, jsonOfText, textOfBytes } from "../core/path_text.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { FILE_CODE, unpackStat } from "../core/stat_record.ts";
import type { IndexModel, Unstored } from "../ports/event_log.ts";
import type { StoreContext } from "./store_context.ts";

/** A file with several names is read and sent once: the others wait for the first of them. */
export type OtherNames = { readonly folder: number; readonly name: Uint8Array }[];

/** What is to be read, without names whose file is read under another one; these go to `others`. */
export function* firstNames(
  index: IndexModel,
  items: Iterable<Unstored>,
  others: OtherNames,
): Generator<Unstored> {
  for (const item of items) {
    if (!item.isFolder && isOtherName(index, item.row)) {
      const { folder, name } = item.row;
      others.push({ folder, name });
    } else yield item;
  }
}

function isOtherName(index: IndexModel, row: EntryRow): boolean {
  if (row.links < 2 || row.stat[0] !== FILE_CODE || row.content.etag !== null) return false;
  if (unpackStat(row.stat).size === 0n) return false;
  const first = firstName(index, row);
  return first !== undefined && (first.folder !== row.folder || !isNamed(first, row.name));
}

/** The first live name of the file in the same source, by folder and name. */
function firstName(index: IndexModel, row: EntryRow): EntryRow | undefined {
  return namesOf(index, row)[0];
}

/** The live, readable names of a file in its source, by folder and name. */
export function namesOf({ tables, paths }: IndexModel, row: EntryRow): EntryRow[] {
  const { fileSystem } = tables.folderById(row.folder)!;
  const { source } = paths.pathOf(row.folder);
  return tables.linkGroup(fileSystem, fileIdOf(row.stat))
    .filter(({ folder }) => paths.pathOf(folder).source === source)
    .sort((a, b) => a.folder - b.folder || compareBytes(a.name, b.name))
    .flatMap(({ folder, name }) => tables.findEntry(folder, name) ?? [])
    .filter(({ state }) => (state & (REMOVED | UNREADABLE)) === 0);
}

function isNamed({ name }: EntryRow, other: Uint8Array): boolean {
  return compareBytes(name, other) === 0;
}

/**
 * Once the first names are stored: the others have the same content, where the file was the same in
 * every respect when they were seen. Returns those that must be read themselves.
 */
export function linkOtherNames(context: StoreContext, others: OtherNames): Unstored[] {
  const { index } = context.log;
  context.batch.flush();
  const left: Unstored[] = [];
  for (const { folder, name } of others) {
    const row = index.tables.findEntry(folder, name);
    if (row === undefined || row.content.stored > 0) continue;
    const first = firstName(index, row);
    if (first !== undefined && isSameFile(first, row)) linkTo(context, row, first);
    else left.push({ isFolder: false, row });
  }
  context.batch.flush();
  return left;
}

function isSameFile(first: EntryRow, row: EntryRow): boolean {
  const { stored, etag, sha256 } = first.content;
  return stored > 0 && etag !== null && sha256 !== null && (first.state & UNSTABLE) === 0 &&
    sameRecord(first.stat, 0, row.stat);
}

function linkTo(context: StoreContext, row: EntryRow, first: EntryRow): void {
  const { keys, paths } = context.log.index;
  const entry = observedOfStat(textOfBytes(row.name), "linked", row.stat, {
    links: row.links,
    attributes: row.attributes,
    prev: row.position,
  });
  entry.from = jsonOfText(joinPath(paths.pathOf(first.folder).path, textOfBytes(first.name)));
  entry.evidence = "file id";
  if ((first.state & UNSETTLED) !== 0) entry.racy = true;
  const { since: _, ...content } = first.content;
  entry.content = observedContent(keys.ofEntry(first), { ...content, since: 0 }, content.stored);
  const { source, path } = paths.pathOf(row.folder);
  context.batch.observed(source, path, entry);
}
