import type { ClaimTable } from "../core/mirror/claim.ts";
import type { FoundObject } from "../core/mirror/rebuild_state.ts";
import type { EntryRecord } from "../core/mirror/renames_record.ts";
import type { ListedObject } from "./object_store.ts";

/** What a rebuild without the log works on. Each is made when it is first asked for. */
export interface RebuildTables {
  survey(): SurveyTable;
  adoption(): AdoptionTables;
  close(): void;
}

/** On disk, for the length of a run: what a large repository says must not fill the memory. */
export interface AdoptionTables {
  readonly records: RecordTable;
  readonly claims: ClaimTable;
  readonly indexes: IndexTable;
  close(): void;
}

/** Objects of the mirror and what a HEAD told of them. It outlives the process. */
export interface SurveyTable {
  /**
   * Begins a LIST of this repository: what another one has left is let go, and what an earlier LIST has
   * found counts only where this one finds it again.
   */
  begin(repository: string): void;
  /**
   * Adds objects of the LIST, in its order, and returns how many a HEAD has to tell of. What is known
   * of one by an earlier HEAD is kept where it is listed as it was then, and where whatever was put
   * after that HEAD would be listed otherwise.
   */
  list(objects: readonly SurveyedObject[]): number;
  /** Listed objects with keys behind `after` that are to be asked for, some of them. */
  waiting(after: string): readonly ListedObject[];
  /** `newest`: of the store's times, in ms since 1970, the latest that was seen before the HEAD. */
  answer(object: ListedObject, answer: SurveyAnswer, newest: number): void;
  /** Makes what was told so far outlive the process. */
  keep(): void;
  /** ETag of a listed object. */
  etagOf(key: string): string | undefined;
  /** Those that can be used, in the order of their keys (bytes). */
  objects(): Iterable<FoundObject>;
  /** Keys of those without metadata of ours. */
  foreign(): Iterable<string>;
  counts(): SurveyCounts;
}

export interface SurveyedObject {
  readonly object: ListedObject;
  /** False: it is listed alone. */
  readonly isAsked: boolean;
}

/** With a note it is asked for again next time. */
export type SurveyAnswer = "gone" | "foreign" | LookedAt;

export interface LookedAt {
  readonly object: FoundObject;
  readonly usable: boolean;
  /** What is wrong with it, as a sentence. */
  readonly note?: string;
}

export interface SurveyCounts {
  /** Of those that can be used. */
  readonly objects: number;
  /** To be asked for. */
  readonly asked: number;
  /** Of those, what an earlier process has asked for. */
  readonly kept: number;
  /** Highest position that the metadata of one has. */
  readonly highest: number;
}

/** What records say of entries. */
export interface RecordTable {
  add(record: EntryRecord): void;
  /** In order of position. */
  inOrder(): Iterable<EntryRecord>;
  /** Whether one names this key as that of its content. */
  isContent(key: string): boolean;
  count(): number;
}

/** Pack indexes as they were fetched and opened, not decompressed; by their keys. */
export interface IndexTable {
  add(key: string, frames: Uint8Array): void;
  framesOf(key: string): Uint8Array;
}
