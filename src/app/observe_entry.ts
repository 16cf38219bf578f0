import { isKind, messageOf } from "../core/error.ts";
import type { ObservedEntry } from "../core/event/event.ts";
import { observedOfStat } from "../core/index/observed_stat.ts";
import {
  type EntryRow,
  type FolderRow,
  isLive,
  UNREADABLE,
  UNSETTLED,
} from "../core/index/rows.ts";
import { base64, joinPath, jsonOfText, type PathText, textOfBytes } from "../core/path_text.ts";
import { type FolderListing, nameAt, recordAt } from "../core/scan/listing.ts";
import { isRacy } from "../core/scan/racy.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import type { Answer, Attribute, SourceFolder } from "../ports/source.ts";
import { sameRecordOf } from "./scan_context.ts";
import type { Walk } from "./walk_state.ts";

/** Observations of single entries, and of folders. Without a type it is none that the index knows. */
export function addUnreadable(
  walk: Walk,
  folder: PathText,
  name: PathText,
  reason: string,
  type: ObservedEntry["type"],
  prev: number | undefined,
): void {
  walk.unreadable++;
  if (type === undefined) walk.unknown++;
  walk.emit({ kind: "entry-error", path: joinPath(folder, name), reason });
  walk.batch.add(folder, {
    name: jsonOfText(name),
    change: "unreadable",
    reason,
    ...(type === undefined ? {} : { type }),
    ...(prev === undefined ? {} : { prev }),
  });
}

/** Where an entry was met. */
interface EntrySight {
  readonly handle: SourceFolder;
  readonly listing: FolderListing;
  readonly path: PathText;
  readonly started: bigint;
}

/** Awaited only where the source has to be: a promise for each entry would cost more than its calls. */
export function observeEntry(
  walk: Walk,
  at: EntrySight,
  i: number,
  old: EntryRow | undefined,
): void | Promise<void> {
  const { handle, listing, path } = at;
  const name = textOfBytes(nameAt(listing, i));
  const type = typeAt(recordAt(listing, i));
  const cannot = (error: unknown) => {
    if (isKind(error, "unreachable")) throw error;
    const known = isLive(old) ? type : undefined;
    addUnreadable(walk, path, name, messageOf(error), known, old?.position);
  };
  let target: PathText | undefined;
  let attributes: string | null;
  try {
    target = type === "symlink" ? handle.readTarget(name) : undefined;
    const read = handle.readAttributes(name);
    if (read instanceof Promise) {
      const note = (attributes: string | null) =>
        noteEntry(walk, at, i, { old, target, attributes });
      return read.then(canonicalAttributes).then(note, cannot);
    }
    attributes = canonicalAttributes(read);
  } catch (error) {
    return cannot(error);
  }
  // Not within the above: what the log cannot take is no failure of the entry.
  noteEntry(walk, at, i, { old, target, attributes });
}

function noteEntry(
  walk: Walk,
  { handle, listing, path, started }: EntrySight,
  i: number,
  { old, target, attributes }: {
    readonly old: EntryRow | undefined;
    readonly target: PathText | undefined;
    readonly attributes: string | null;
  },
): void {
  const name = textOfBytes(nameAt(listing, i));
  const record = recordAt(listing, i);
  const type = typeAt(record);
  const isSame = isLive(old) &&
    old.links === listing.links[i] &&
    sameRecordOf(walk.options)(listing.stats, i, old.stat) && attributes === old.attributes;
  // Content that is not settled is read again by the upload; all else of a file was just looked at.
  if (isSame && type === "file") return;
  const entry = observedOfStat(name, isLive(old) ? "changed" : "added", record, {
    links: listing.links[i],
    ...(target === undefined ? {} : { target }),
    attributes,
    ...(old === undefined ? {} : { prev: old.position }),
  });
  if (isLive(old) && walk.options.trustMtime && sameSizeAndTime(old.stat, record)) {
    entry.kept = true;
  }
  if (type !== "file" && isRacy(record, started, handle.racyWindow)) entry.racy = true;
  walk.batch.add(path, entry);
}

export function unchangedEntry(row: EntryRow | FolderRow): ObservedEntry {
  return {
    name: "parent" in row && row.parent === 0 ? "" : jsonOfText(textOfBytes(row.name)),
    change: "unchanged",
    type: typeAt(row.stat),
    prev: row.position,
  };
}

function sameSizeAndTime(a: Uint8Array, b: Uint8Array): boolean {
  const x = unpackStat(a);
  const y = unpackStat(b);
  return x.type === y.type && x.size === y.size && x.mtime === y.mtime;
}

export function canonicalAttributes(attributes: readonly Attribute[]): string | null {
  if (attributes.length === 0) return null;
  return JSON.stringify(attributes.map(({ name, value }) => [jsonOfText(name), base64(value)]));
}

export interface FolderSight {
  readonly parent: PathText;
  readonly name: PathText;
  readonly record: Uint8Array;
  readonly row: FolderRow | undefined;
  readonly handle: SourceFolder | undefined;
  readonly attributesOf: () => Answer<Attribute[]>;
  /** Of the folder above as the index has it: what this one is on where its event names none. */
  readonly outerFileSystem: string;
}

/** Where a live folder is as far as the index knows; a scan that is refused leaves it so. */
export function fileSystemInIndex(row: FolderRow | undefined): string | undefined {
  return isLive(row) ? row.fileSystem : undefined;
}

export async function observeFolder(walk: Walk, sight: FolderSight): Promise<void> {
  const { parent, name, record, row, handle, outerFileSystem } = sight;
  const known = fileSystemInIndex(row);
  const fileSystem = known ?? handle?.fileSystem ?? outerFileSystem;
  if (known !== undefined && handle !== undefined && handle.fileSystem !== known) {
    walk.moved.push({ path: joinPath(parent, name), fileSystem: handle.fileSystem });
  }
  const isSame = isLive(row) && (row.state & (UNREADABLE | UNSETTLED)) === 0 &&
    sameRecordOf(walk.options)(record, 0, row.stat);
  if (isSame) {
    if (walk.options.observeAll) walk.batch.add(parent, unchangedEntry(row));
    return;
  }
  let attributes: string | null;
  try {
    attributes = canonicalAttributes(await sight.attributesOf());
  } catch {
    attributes = row?.attributes ?? null;
  }
  const entry = observedOfStat(name, isLive(row) ? "changed" : "added", record, {
    attributes,
    ...(fileSystem === outerFileSystem ? {} : { fileSystem }),
    ...(row === undefined ? {} : { prev: row.position }),
  });
  if (handle !== undefined && isRacy(record, walk.clock.now(), handle.racyWindow)) {
    entry.racy = true;
  }
  walk.batch.add(parent, entry);
}
