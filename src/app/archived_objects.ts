import { isReadable } from "../core/mirror/storage_class.ts";
import { FILE_CODE, unpackStat } from "../core/stat_record.ts";
import type { PathText } from "../core/path_text.ts";
import { storedForm } from "./check_contents.ts";
import type { CheckContext } from "./check_context.ts";
import { isToBeDeleted } from "./check_packs.ts";
import { restoreItems } from "./restore_items.ts";
import { type StoredChecksum, storedChecksums } from "./stored_checksums.ts";

/** An object whose checksum is to be compared. */
export interface ChecksumObject {
  readonly key: string;
  /** "" for the current one. */
  readonly version: string;
  /** "" where it is not known. */
  readonly etag: string;
  readonly bytes: number;
  /** Undefined where the log knows none that AWS could compute. */
  readonly known: StoredChecksum | undefined;
  readonly owner: ObjectOwner;
  /** In INTELLIGENT_TIERING: whether its archive tiers hold it only a HEAD tells. */
  readonly isTiering: boolean;
}

/** Whose content it has: an entry's, or a pack's (by the position of its PackStarted). */
export type ObjectOwner =
  | { readonly source: string; readonly path: PathText; readonly stored: number }
  | { readonly pack: number; readonly stored: number };

const TIERING = "INTELLIGENT_TIERING";
const EVERYTHING = { paths: [], include: undefined, exclude: undefined };

/**
 * Objects of live entries and packs: those of an archive class by the LIST and those in
 * INTELLIGENT_TIERING, or all of them.
 */
export function* checksumObjects(
  context: Pick<CheckContext, "log" | "listing">,
  { all }: { readonly all: boolean },
): Generator<ChecksumObject> {
  const { log, listing } = context;
  const sums = storedChecksums(log);
  const classOf = (key: string, stored: string | null) =>
    listing.find(key)?.storageClass ?? stored ?? "STANDARD";
  const isWanted = (found: string) => all || found === TIERING || !isReadable(found);
  for (const row of log.index.packs.all()) {
    if (row.stored === 0 || isToBeDeleted(log, row)) continue;
    const found = classOf(row.key, row.storageClass);
    if (!isWanted(found)) continue;
    yield {
      ...{ key: row.key, version: row.version ?? "", etag: row.etag ?? "", bytes: row.size },
      ...{ known: sums.ofPack(row), owner: { pack: row.id, stored: row.stored } },
      isTiering: found === TIERING,
    };
  }
  if (hasPacks(context)) return;
  for (const item of restoreItems(log.index, EVERYTHING)) {
    if (item.kind === "folder" || item.row.stat[0] !== FILE_CODE) continue;
    const { row, source, path } = item;
    if (row.content.stored <= 0 || unpackStat(row.stat).size === 0n) continue;
    const key = log.index.keys.ofEntry(row);
    const found = classOf(key, row.content.storageClass);
    if (!isWanted(found)) continue;
    const { version, etag, stored } = row.content;
    yield {
      ...{ key, version: version ?? "", etag: etag ?? "", bytes: storedForm(row).size ?? 0 },
      ...{ known: sums.ofEntry(row, key), owner: { source, path, stored } },
      isTiering: found === TIERING,
    };
  }
}

/** A job has one layout: where there are packs, entries have no objects of their own. */
function hasPacks({ log }: Pick<CheckContext, "log">): boolean {
  for (const _ of log.index.packs.all()) return true;
  return false;
}
