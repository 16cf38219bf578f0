import type { PathText } from "../core/path_text.ts";
import type { ListedObject } from "./object_store.ts";

/** Tables for the length of a run, on disk: what a large repository has must not fill the memory. */
export interface WorkTables {
  listing(): ObjectListing;
  ledger(): ObjectLedger;
  readings(): ReadingQueue;
  notes(): Notes;
}

/** What is under the repository's prefix, as a LIST has told. */
export interface ObjectListing {
  add(objects: readonly ListedObject[]): void;
  /** The current object under a key; from then on it counts as known. */
  find(key: string): FoundObject | undefined;
  /** Objects not below the prefix `except` that nobody has asked for. */
  unknown(except: string): { readonly objects: number; readonly bytes: number };
  below(prefix: string): Iterable<FoundObject>;
  close(): void;
}

export interface FoundObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
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
