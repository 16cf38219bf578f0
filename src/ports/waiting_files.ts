import type { Warmth } from "../core/cold/warmth.ts";
import type { ArchiveStatus } from "../core/cost/restore_wait.ts";

/** Files of a restore that wait for archived objects, and these objects. */
export interface WaitingFiles {
  add(file: WaitingFile, objects: readonly ColdObject[]): void;
  has(folder: number, name: Uint8Array): boolean;
  /** The file waits no more: it is written, or has failed. */
  remove(folder: number, name: Uint8Array): void;
  /** Its objects are to be looked at again. Returns how often that was said since one was not warm. */
  doubt(folder: number, name: Uint8Array): number;
  count(): { readonly files: number; readonly bytes: number };
  /** Objects that files wait for, in byte order of keys: all, or those with one of these states. */
  objects(states?: readonly Warmth[]): Iterable<WaitedObject>;
  /** Also of what a store found out about the object. */
  setWarmth(object: ColdObject, warmth: Warmth, expiry?: number): void;
  /** How many objects files wait for, and their bytes, by state and class. */
  totals(): WaitingTotals[];
  /** Files whose objects are all warm. */
  ready(): Iterable<WaitingFile>;
  close(): void;
}

export interface WaitingFile {
  readonly folder: number;
  readonly name: Uint8Array;
  /** Of its content. */
  readonly bytes: number;
}

/** An object that cannot be read before it was warmed up. */
export interface ColdObject {
  readonly key: string;
  /** "" for the current one. */
  readonly version: string;
  readonly etag: string | null;
  readonly storageClass: string;
  readonly archive: ArchiveStatus | null;
  /** Bytes as stored. */
  readonly size: number;
}

export interface WaitedObject extends ColdObject {
  readonly warmth: Warmth;
  /** Milliseconds since 1970; 0 where it is not known. */
  readonly expiry: number;
  /** The store has it in another class or archive tier than it was added with. */
  readonly isReclassified: boolean;
}

export interface WaitingTotals {
  readonly storageClass: string;
  readonly archive: ArchiveStatus | null;
  readonly warmth: Warmth;
  readonly objects: number;
  readonly bytes: number;
}
