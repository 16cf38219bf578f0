import { isClaimed } from "../core/index/key_claim.ts";
import { IN_PACKS, isLive } from "../core/index/rows.ts";
import { compareBytes } from "../core/path_text.ts";
import { FILE_CODE, unpackStat } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { ListedRow } from "./list_entries.ts";

/** An object in the mirror, as the index has it. */
export interface IndexedObject {
  readonly storageClass: string;
  /** As stored. */
  readonly bytes: number;
}

/** age v1: the payload is sealed in chunks of 64 KiB, with a tag of 16 bytes each. */
const CHUNK = 65_536;
const TAG = 16;

/** The object of an entry; undefined where it has none, or another entry is counted for it. */
export function objectOf(index: IndexModel, row: ListedRow): IndexedObject | undefined {
  const { etag, key, storageClass } = row.content;
  if (etag === null || etag === IN_PACKS) return undefined;
  if (key !== null && !("id" in row) && !isFirstHolder(index, key, row)) return undefined;
  return { storageClass: storageClass ?? "STANDARD", bytes: storedBytes(row) };
}

/** Of the content that a row has, as stored: 0 for a marker. */
export function storedBytes({ stat, content: { header } }: Pick<ListedRow, "stat" | "content">) {
  if (stat[0] !== FILE_CODE) return 0;
  const size = Number(unpackStat(stat).size);
  return size + (header === 0 ? 0 : header + TAG * Math.max(1, Math.ceil(size / CHUNK)));
}

/**
 * Hard links and duplicates may share an object: the entry whose path it has stands for it, or the
 * first.
 */
function isFirstHolder(
  index: IndexModel,
  key: string,
  { folder, name }: Extract<ListedRow, { links: number }>,
): boolean {
  if (isClaimed(index, key)) return false;
  const { tables } = index;
  const first = tables.holdersOf(key).find((row) => isLive(tables.findEntry(row.folder, row.name)));
  return first === undefined ||
    (first.folder === folder && compareBytes(first.name, name) === 0);
}
