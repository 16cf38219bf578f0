import type { UploadRow } from "../core/index/run_fold.ts";
import type { ClassRule } from "../core/mirror/class_rules.ts";
import type { PathText } from "../core/path_text.ts";
import type { Sealer } from "../ports/cipher.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Unstored } from "../ports/event_log.ts";
import type { SourceRoot } from "../ports/source.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { ByteBudget } from "./byte_budget.ts";
import type { GoneContents } from "./gone_contents.ts";
import type { ScanContext } from "./scan_context.ts";
import type { BodyCoding } from "./stored_body.ts";
import type { StoredBatch } from "./stored_batch.ts";

export interface StoreOptions {
  readonly store: ObjectStore;
  readonly hashing: Hashing;
  /** Of sidecars; not encrypted by default. */
  readonly coding?: BodyCoding;
  /** Of each file's content in the mirror layout; stored as it is by default. */
  readonly sealer?: Sealer;
  readonly storageClass: string;
  /** Bytes below which an object stays out of an archive class. */
  readonly minArchiveSize: number;
  /** Files that go into another class than that; none by default. */
  readonly classes?: readonly ClassRule[];
  /** Bytes of a part; files up to this size are one PUT. */
  readonly partSize: number;
  /** Parts, or files of one part, in flight. */
  readonly workers: number;
  readonly owners: OwnerNames;
  /** Those that are scanned already. */
  readonly sources: Map<string, OpenSource>;
  /** Called now and then: sends the log where enough of it has come together. */
  readonly ship: () => Promise<void>;
  /** Throws kind "locked" where another machine writes the job by now. */
  readonly stillOurs: () => Promise<void>;
}

/** How the mirror layout encrypts. */
export interface EncryptionOptions {
  /** Of contents, and of what goes beside them. */
  readonly sealer: Sealer;
  readonly coding: BodyCoding;
  /** What both seal for, by the config. */
  readonly recipients: readonly string[];
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
  /** Renames settled by a copy and by an alias, and objects deleted. */
  copied: number;
  aliased: number;
  deleted: number;
  /** Moved archived objects that wait for an approval, or that the store does not warm up. */
  held: number;
}

/** One entry whose content is to be stored. */
export interface Task {
  readonly source: string;
  readonly folder: PathText;
  readonly name: PathText;
  readonly path: PathText;
  readonly item: Unstored;
  /** Its content is stored under the key of an old path, and is sent once more. */
  readonly again?: true;
}

/** A multipart upload that an earlier run has begun, and that may go on. */
export type LeftUpload = UploadRow & { readonly upload: string };

export interface StoreContext extends ScanContext {
  readonly options: StoreOptions;
  readonly batch: StoredBatch;
  /** Bytes of content in memory. */
  readonly budget: ByteBudget;
  /** For parts; what is taken from it is bounded by the budget. */
  readonly buffers: BufferPool;
  readonly totals: StoreTotals;
  /** Uploads of an earlier run whose entry has not had its turn yet, by placeText. */
  readonly left: Map<string, LeftUpload>;
  readonly checkedClasses: Set<string>;
  /** Whether other tools' objects are known to be below the prefix: a new key may hold one. */
  readonly others: { found: boolean };
  /** Removed files that an unknown file may turn out to be. */
  readonly gone: GoneContents;
  /** Sizes of their contents. */
  readonly goneSizes: Set<bigint>;
}
