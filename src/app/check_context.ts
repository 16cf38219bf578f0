import type { PackRow } from "../core/index/pack_rows.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Opener, Sealer } from "../ports/cipher.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Replayer } from "../ports/replay.ts";
import type { ObjectListing, WorkTables } from "../ports/work_tables.ts";
import type { Findings } from "./check_findings.ts";
import type { ContentOpener } from "./open_content.ts";
import type { LogShipper } from "./ship_log.ts";
import type { BodyCoding } from "./stored_body.ts";

export interface CheckDeps {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly environment: Environment;
  readonly hashing: Hashing;
  readonly replayer: Replayer;
  readonly work: WorkTables;
  readonly emit: SignalSink;
  readonly signal: AbortSignal;
  readonly shipper?: LogShipper;
  /** That the job's config encrypts for; none by default. */
  readonly recipients?: readonly string[];
  /** Opens pack indexes, where they are encrypted. */
  readonly coding: BodyCoding;
  /** Encrypts those that are written again; undefined where the job does not encrypt. */
  readonly sealer: () => Promise<Sealer | undefined>;
  /** Undefined where no identity was named: what is encrypted cannot be read. */
  readonly identities: () => Promise<Opener | undefined>;
}

/** What the parts of a check share. */
export interface CheckContext extends CheckDeps {
  readonly run: string;
  readonly listing: ObjectListing;
  readonly found: Findings;
  /** Packs whose index is missing or damaged, by the position of their PackStarted. */
  readonly badIndexes: Map<number, PackRow>;
  /** What is to be done about such an index. */
  readonly indexHint: (row: PackRow) => string;
  /** Of objects of the mirror. */
  readonly opener: ContentOpener;
  /** Called between steps that do not wait (breather.ts). */
  readonly breathe: () => Promise<void> | undefined;
}
