import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Replayer } from "../ports/replay.ts";
import type { ObjectListing, WorkTables } from "../ports/work_tables.ts";
import type { Findings } from "./check_findings.ts";
import type { LogShipper } from "./ship_log.ts";

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
}

/** What the parts of a check share. */
export interface CheckContext extends CheckDeps {
  readonly run: string;
  readonly listing: ObjectListing;
  readonly found: Findings;
  /** Called between steps that do not wait (breather.ts). */
  readonly breathe: () => Promise<void> | undefined;
}
