import type { HoldfastError } from "../core/error.ts";
import { fullPath } from "../core/mirror/renames_record.ts";
import type { IndexedEntry } from "../core/pack/pack_index.ts";
import { type PathText, textOfJson } from "../core/path_text.ts";
import type { Opener } from "../ports/cipher.ts";
import type { Hashing } from "../ports/hashing.ts";
import type {
  CatalogContent,
  CatalogEntry,
  CatalogFrame,
  EntryAge,
  LostEntry,
} from "../ports/member_catalog.ts";
import type { PackFile } from "../ports/pack_file.ts";
import type { IndexCursor } from "./decrypt_index.ts";

/** Told what packs have. */
export interface SurveySink {
  /** Returns an id for it. */
  frame(frame: CatalogFrame): number;
  content(content: CatalogContent): void;
  entry(entry: CatalogEntry): void;
  /** An entry whose member is not there as its index says. */
  lost(lost: LostEntry): void;
  /** A pack, or an index, is not what was stored. */
  damage(file: PackFile, reason: string): void;
  /** A member that is no use: kind "damage" or "entry". */
  refused(file: PackFile, path: PathText, error: HoldfastError): void;
}

export interface SurveyDeps {
  readonly hashing: Hashing;
  readonly opener: Opener | undefined;
  readonly windows: boolean;
  /** Called between frames (breather.ts). */
  readonly breathe: () => Promise<void> | undefined;
}

/** A pack in its place among the others. */
export interface OrderedPack {
  readonly file: PackFile;
  /** From 0. */
  readonly number: number;
  readonly index: IndexFile | undefined;
  /**
   * By what the versions of an entry are put in order: the position of the event, which an index beside
   * every pack tells, or else the time at which it was modified.
   */
  readonly ages: "position" | "mtime";
}

export type IndexFile = PackFile & { readonly pack: string };

/** What is known of a pack while it is read. */
export interface Survey {
  readonly deps: SurveyDeps;
  readonly pack: OrderedPack;
  readonly sink: SurveySink;
  cursor: IndexCursor | undefined;
  /** What the index tells of the frame at hand, by place in the TAR, and was not found yet. */
  expected: Map<number, IndexedEntry>;
  /** Of the last entry that the index has told. */
  position: number;
  /** Why what the index tells is not found. */
  reason: string;
  /** The last file: others may be further names of it. */
  first: CatalogEntry | undefined;
}

export function damaged(survey: Survey, reason: string): void {
  survey.reason = reason;
  survey.sink.damage(survey.pack.file, reason);
}

/** Swapped, or put there by somebody else. */
export function misfit(survey: Survey): void {
  const { pack, sink } = survey;
  survey.cursor = undefined;
  survey.expected.clear();
  sink.damage(pack.index!, `it is not the index of ${pack.file.name}, and is left alone`);
}

export function ageOf({ pack, position }: Survey, mtime: bigint, indexed?: IndexedEntry): EntryAge {
  const order = pack.ages === "mtime" ? mtime : BigInt(indexed?.position ?? position);
  return { order, pack: pack.number };
}

export function lose(survey: Survey, member: IndexedEntry, reason = survey.reason): void {
  survey.sink.lost({
    path: pathOf(member),
    age: ageOf(survey, BigInt(member.entry.mtime ?? 0), member),
    reason: `${survey.pack.file.name} is damaged: ${reason}`,
  });
}

export function pathOf({ source, path }: IndexedEntry): PathText {
  return fullPath(source, textOfJson(path));
}
