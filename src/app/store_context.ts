import type { PathText } from "../core/path_text.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Unstored } from "../ports/event_log.ts";
import type { SourceRoot } from "../ports/source.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { ByteBudget } from "./byte_budget.ts";
import type { ScanContext } from "./scan_context.ts";
import type { StoredBatch } from "./stored_batch.ts";

export interface StoreOptions {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  readonly storageClass: string;
  /** Bytes below which an object stays out of an archive class. */
  readonly minArchiveSize: number;
  /** Bytes of a part; files up to this size are one PUT. */
  readonly partSize: number;
  /** Parts, or files of one part, in flight. */
  readonly workers: number;
  readonly owners: OwnerNames;
  readonly sources: ReadonlyMap<string, OpenSource>;
}

/** Names of users and groups, where the system knows them. */
export type OwnerNames = (uid: number, gid: number) => { owner?: string; group?: string };

export interface OpenSource {
  readonly root: SourceRoot;
  readonly racyWindow: (folder: PathText) => bigint;
}

export interface StoreTotals {
  objects: number;
  bytes: number;
  /** Read again and found equal to what is stored. */
  equal: number;
  unreadable: number;
  refused: number;
}

/** One entry whose content is to be stored. */
export interface Task {
  readonly source: string;
  readonly folder: PathText;
  readonly name: PathText;
  readonly path: PathText;
  /** Index within this run: part of the key of content that cannot have its own. */
  readonly number: number;
  readonly item: Unstored;
}

export interface StoreContext extends ScanContext {
  readonly options: StoreOptions;
  readonly batch: StoredBatch;
  /** Bytes of content in memory. */
  readonly budget: ByteBudget;
  /** For parts; what is taken from it is bounded by the budget. */
  readonly buffers: BufferPool;
  readonly totals: StoreTotals;
  readonly checkedClasses: Set<string>;
}
