import type { PathText } from "../core/path_text.ts";
import type { KnownContent, PackedContent } from "./pack_model.ts";
import type { AdoptionTables } from "./rebuild_tables.ts";
import type { WaitingFiles } from "./waiting_files.ts";

/** Tables for the length of a run, on disk: what a large repository has must not fill the memory. */
export interface WorkTables {
  listing(): ObjectListing;
  expected(): ExpectedObjects;
  ledger(): ObjectLedger;
  readings(): ReadingQueue;
  notes(): Notes;
  restores(): RestoreQueue;
  packLedger(): PackLedger;
  waiting(): WaitingFiles;
  adoption(): AdoptionTables;
}

/** What is under the repository's prefix, as a LIST has told. */
export interface ObjectListing {
  add(objects: readonly FoundObject[]): void;
  /** The current object under a key; from then on it counts as known. */
  find(key: string): FoundObject | undefined;
  /** Objects not below the prefix `except` that nobody has asked for. */
  unknown(except: string): { readonly objects: number; readonly bytes: number };
  below(prefix: string): Iterable<FoundObject>;
  /** Those that nobody has asked for, in order of their keys (bytes). */
  notAskedFor(): Iterable<FoundObject>;
  /** Objects below a prefix that nobody has asked for. */
  unknownBelow(prefix: string): { readonly objects: number; readonly bytes: number };
  close(): void;
}

export interface FoundObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly storageClass: string;
}

/** What has to be in the store, in order of its keys (bytes). */
export interface ExpectedObjects {
  add(object: ExpectedObject): void;
  /** Those with keys behind `after` and up to `last`; without it to the end. */
  between(after: string, last: string | undefined): Iterable<ExpectedObject>;
  has(key: string): boolean;
  close(): void;
}

export interface ExpectedObject {
  readonly key: string;
  /** "kept" is of a removed entry: it is known, and nobody misses it. */
  readonly kind: "entry" | "folder" | "pack" | "pack index" | "segment" | "renames" | "kept";
  /** An entry's folder, else the id of the folder or pack, or a segment's first position; else 0. */
  readonly id: number;
  /** An entry's. */
  readonly name: Uint8Array;
  readonly version: string | null;
  readonly etag: string | null;
  /** Bytes as stored; undefined where they are not known. */
  readonly size: number | undefined;
  readonly storageClass: string;
}

/** Files to be read, those whose last check is longest ago first. */
export interface ReadingQueue {
  add(reading: Reading): void;
  inOrder(): Iterable<Reading>;
  close(): void;
}

export interface Reading {
  /** Position of the last check, 0 where there was none. */
  readonly checked: number;
  readonly folder: number;
  readonly name: Uint8Array;
  readonly bytes: number;
}

/** Files to be restored from packs. */
export interface RestoreQueue {
  add(file: PackedFile): void;
  /** Those in chunks, or the others, in order of pack and place. */
  inOrder(chunked: boolean): Iterable<PackedFile>;
  close(): void;
}

export interface PackedFile {
  /** Position of the pack's PackStarted. */
  readonly pack: number;
  /** Of the content, or of the list of its chunks: offset in the pack's TAR. */
  readonly at: number;
  /** Of the content. */
  readonly size: number;
  readonly chunked: boolean;
  readonly sha256: Uint8Array;
  readonly folder: number;
  readonly name: Uint8Array;
  /** What is in its place may go. */
  readonly replace: boolean;
}

/** Text by text. */
export interface Notes {
  set(key: string, value: string): void;
  get(key: string): string | undefined;
  close(): void;
}

/** Every object that a log says it has stored, and who needs it. */
export interface ObjectLedger {
  stored(object: LedgerObject): void;
  /** Without a version the object under the key is gone, where no version of it is kept. */
  deleted(object: { key: string; version: string | null; stored: number }): void;
  need(content: NeededContent, by: "entry" | "snapshot"): void;
  /** A restore waits for the object, which somebody may have paid for: it stays, whoever else needs it. */
  awaited(object: { readonly key: string; readonly version: string | null }): void;
  /** A copy of what a snapshot needs is needed, too: it is what a rename leaves of it. */
  copied(from: CopyEnd, to: CopyEnd): void;
  /** A removed entry that counts on the object, should it come back. */
  claim(key: string, stored: number, claim: Claim): void;
  claims(key: string, stored: number): Claim[];
  isNeeded(key: string): boolean;
  isNeededBelow(prefix: string): boolean;
  /** Whether an object of an entry that was observed at this position is needed, as far as is known. */
  isObservationNeeded(position: number): boolean;
  /** What nobody needs, by key and position. Without versions only what can still be there. */
  spare(
    versions: boolean,
    after: { readonly key: string; readonly stored: number } | undefined,
    limit: number,
  ): SpareObject[];
  /** Objects that nobody needs, stored before the store kept versions: they cannot be told apart. */
  unversioned(): number;
  close(): void;
}

export interface LedgerObject {
  readonly key: string;
  readonly version: string | null;
  readonly etag: string;
  /** Position of the event that stored it. */
  readonly stored: number;
  /** Milliseconds since 1970 at which it was stored. */
  readonly at: number;
  /** Position of the observation that it belongs to. */
  readonly observed: number;
  readonly bytes: number;
  readonly storageClass: string;
  readonly place: Claim;
}

export interface CopyEnd {
  readonly key: string;
  /** Position of the event that stored it. */
  readonly stored: number;
}

export interface Claim {
  readonly source: string;
  readonly path: PathText;
  readonly folder: boolean;
}

export interface NeededContent {
  readonly key: string;
  readonly version: string | null;
  readonly etag: string;
  readonly stored: number;
}

export type SpareObject = LedgerObject & {
  /** It is the newest version, no entry has the key now, and an older version is needed. */
  readonly hidesOlder: boolean;
};

/**
 * Everything that is in complete packs, and who needs it. A content that several packs have is needed
 * in one of them.
 */
export interface PackLedger {
  add(content: KnownContent): void;
  /**
   * Notes who needs a content, and where: in the newest pack that has not lost it and is not to leave.
   * Undefined where no pack has it. `isNew`: nothing was known of this need, or of a claim.
   */
  need(
    sha256: Uint8Array,
    by: PackNeed,
    claim?: ContentClaim,
  ): { readonly content: LedgerContent; readonly isNew: boolean } | undefined;
  find(sha256: Uint8Array): LedgerContent | undefined;
  /** Whether an entry or a snapshot needs it that was not chosen. */
  isKept(sha256: Uint8Array): boolean;
  /** How each pack is used, oldest first; packs without any content are not among them. */
  uses(): PackUse[];
  /** All that a pack has, by place. */
  in(pack: number): Iterable<LedgerContent>;
  /** What is needed of a pack, by place. */
  needed(pack: number): Iterable<LedgerContent>;
  packsWith(sha256: Uint8Array): number[];
  /** What was chosen, needed by others or not. */
  chosen(): Iterable<LedgerContent>;
  /** Packs that are to be deleted: what is needed of them has to be moved before. */
  leave(pack: number): void;
  stay(pack: number): void;
  isLeaving(pack: number): boolean;
  leaving(): number[];
  /** What has to be moved and was not yet, by pack and place: what no pack has that stays. */
  waiting(): Iterable<LedgerContent>;
  /** The chunks among it that an entry's source may have, by entry. */
  waitingParts(): Iterable<LedgerContent>;
  moved(content: Pick<LedgerContent, "sha256" | "pack">): void;
  /** Whether something of a pack that is to leave is still waiting. */
  isWaiting(pack: number): boolean;
  /** Whether it is among what waits. */
  mustMove(sha256: Uint8Array): boolean;
  /** Whoever needs it is to lose it: it is not moved. */
  giveUp(content: Pick<LedgerContent, "sha256" | "pack">): void;
  /** Whether it is given up, or was chosen and nobody else needs it. */
  isGoing(sha256: Uint8Array): boolean;
  /** A set of entries, for whoever goes through states one after the other. */
  choose(folder: number, name: Uint8Array): void;
  unchoose(folder: number, name: Uint8Array): void;
  chosenEntries(): Iterable<Pick<ContentClaim, "folder" | "name">>;
  chosenCount(): number;
  close(): void;
}

/** "chosen": by entries whose content is to go. */
export type PackNeed = "entry" | "snapshot" | "chosen";

/** An entry whose source should have a content. */
export interface ContentClaim {
  readonly folder: number;
  readonly name: Uint8Array;
  /** The content is a chunk of the entry's. */
  readonly isPart: boolean;
}

export interface LedgerContent extends PackedContent {
  readonly lost: boolean;
  readonly claim: ContentClaim | undefined;
}

export interface PackUse {
  /** Position of its PackStarted. */
  readonly pack: number;
  readonly contents: number;
  /** Of these, what an entry or a snapshot needs. */
  readonly needed: number;
  /** Bytes of TAR that the others take, about. */
  readonly dead: number;
}
