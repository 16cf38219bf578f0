import type { BatchRole } from "../core/batch/batch_role.ts";
import type { PriceRow } from "../core/cost/price.ts";
import type { Tier } from "../core/cold/restore_state.ts";
import type { Layout } from "../core/event/event.ts";
import type { LockSetting } from "../core/lock/object_lock.ts";
import type { ArchivedRenames, RenameMode } from "../core/plan/rename_plan.ts";
import type { KeepRules } from "../core/plan/snapshot_policy.ts";
import type { RateLimit } from "../core/rate_limit.ts";
import type { MaxDelete } from "../core/scan/delete_guard.ts";
import type { SmbPlace } from "../core/smb_url.ts";
import type { RepositoryPlace } from "./repository_url.ts";

/** A job as its section of the config says it, defaults filled in. */
export interface JobConfig {
  readonly name: string;
  readonly sources: readonly SourceConfig[];
  readonly repository: RepositoryPlace;
  readonly layout: Layout;
  /** age recipients that everything is encrypted for; [] where `encryption` is "none". */
  readonly recipients: readonly string[];
  readonly encryption: "age" | "none";
  /** S3's name of the class, such as STANDARD. */
  readonly storageClass: string;
  /** Files that go into another class; the first rule that fits. */
  readonly classes: readonly ClassConfig[];
  readonly s3: S3Config;
  /** Object Lock of all that is stored. */
  readonly lock?: LockSetting;
  readonly maxDelete: MaxDelete;
  /** Objects of entries that are gone are deleted from the store, not only from the index. */
  readonly delete: boolean;
  readonly renames: RenameMode;
  /** How the renames of archived objects are settled. */
  readonly archivedRenames: ArchivedRenames;
  /** Absolute: the file that lists archived objects under keys of old paths; undefined for none. */
  readonly archivedList: string | undefined;
  /** US dollars above which a command stops before its first paid request; undefined: no limit. */
  readonly maxCost: number | undefined;
  /** How what is archived is warmed up: the tier, and for how many days its copies are kept. */
  readonly tier: Tier;
  readonly days: number;
  /** Whether downloads leave AWS for the internet, or are read by a machine in the region. */
  readonly egress: "internet" | "none";
  /** The config's own prices, which go before the program's. */
  readonly prices: readonly PriceRow[];
  readonly limits: LimitsConfig;
  readonly keep: KeepRules;
  /** Name of the ignore file looked for in each folder, "" for none. */
  readonly ignoreFile: string;
  readonly oneFileSystem: boolean;
  readonly trustMtime: boolean;
  readonly observations: "changes" | "all";
  /** Bytes. */
  readonly partSize: number;
  /** Bytes as stored at which a pack is complete. */
  readonly packSize: number;
  /** Bytes of a file above which a pack holds it in chunks. */
  readonly chunkThreshold: number;
  /** Bytes below which an object stays in Standard where the class is an archive. */
  readonly minArchiveSize: number;
  readonly uploadWorkers: number;
  readonly shares: SharesConfig;
  /** undefined for the place beside the state. */
  readonly logDir: string | undefined;
  /** Text logs kept. */
  readonly logKeep: number;
  /** The section as it was written, as JSON: what RunStarted's config digest is taken of. */
  readonly text: string;
}

export interface ClassConfig {
  /** S3's name of the class. */
  readonly storageClass: string;
  /** gitignore patterns from the source's root. */
  readonly match?: readonly string[];
  /** Bytes, both inclusive. */
  readonly minSize?: number;
  readonly maxSize?: number;
  /** Milliseconds since the file was modified. */
  readonly olderThan?: number;
}

export interface LimitsConfig {
  readonly upload: RateLimit;
  readonly download: RateLimit;
}

export interface SourceConfig {
  /** "" for a job with one source that has no name. */
  readonly name: string;
  /** Absolute; of a share its URL, in its one form. */
  readonly path: string;
  /** Where it is a share. */
  readonly share?: ShareConfig;
  /** The job's patterns and then the source's own. */
  readonly exclude: readonly string[];
  readonly include: readonly string[];
}

/** Of all shares of a job. */
export interface SharesConfig {
  /** Processes with a connection each. */
  readonly connections: number;
  readonly encryption: "negotiated" | "required";
  /** Security descriptors are kept. */
  readonly acls: boolean;
  /** Alternate data streams are kept. */
  readonly streams: boolean;
  /** Read in place of what is there now: the name of a previous version, or "latest". */
  readonly snapshot: string | undefined;
}

export interface ShareConfig {
  readonly place: SmbPlace;
  readonly login: ShareLogin;
}

export type ShareLogin =
  | { readonly way: "guest" | "kerberos" }
  /** Where neither is named, it is asked for at the terminal. */
  | {
    readonly way: "password";
    /** Absolute. */
    readonly file?: string;
    /** Of the environment. */
    readonly variable?: string;
  };

/** What is undefined is left to the SDK's own search (environment, shared config, instance). */
export interface S3Config {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly forcePathStyle: boolean;
  readonly sse: "AES256" | "aws:kms" | undefined;
  readonly sseKmsKey: string | undefined;
  /** That S3 Batch Operations works as; absent: it is not used. */
  readonly batchRole?: BatchRole;
}
