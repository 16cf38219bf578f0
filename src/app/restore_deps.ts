import type { BatchNeeds } from "../core/batch/batch_needs.ts";
import type { RestorePlan } from "../core/cold/restore_plan.ts";
import type { Tier } from "../core/cold/restore_state.ts";
import type { SharedBudget } from "../core/cold/shared_budget.ts";
import type { MaxCost } from "../core/cost/max_cost.ts";
import type { RestoreGroup, RestoreQuote } from "../core/cost/quote_restore.ts";
import type { ExitCode } from "../core/exit_code.ts";
import type { PathText } from "../core/path_text.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Opener } from "../ports/cipher.ts";
import type { BatchJobs } from "../ports/batch_jobs.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { PackModel } from "../ports/pack_model.ts";
import type { RestoreTarget } from "../ports/restore_target.ts";
import type { WorkTables } from "../ports/work_tables.ts";
import type { ReadState } from "./read_state.ts";
import type { Overwrite } from "./restore_conflict.ts";
import type { FileDeps } from "./restore_file.ts";
import type { Selection } from "./restore_items.ts";
import type { LogShipper } from "./ship_log.ts";

export interface RestoreDeps extends Omit<FileDeps, "copies" | "packs" | "opener" | "target"> {
  readonly log: JobLog;
  readonly environment: Environment;
  readonly emit: SignalSink;
  readonly windows: boolean;
  readonly shipper: LogShipper;
  readonly work: WorkTables;
  /** Called once it is certain that something can be restored; closed at the end. */
  readonly openTarget: () => RestoreTarget;
  /** Where contents are today: whatever the state, they are found by their hashes. */
  readonly contents: PackModel;
  /** Asked when the first encrypted object is needed; undefined where nobody named an identity. */
  readonly identities: () => Promise<Opener | undefined>;
  /** That the job's config encrypts for; none by default. */
  readonly recipients?: readonly string[];
  /** This machine does not write the job: what is restored here is looked for in no log. */
  readonly isGuest?: boolean;
  readonly cold: ColdDeps;
}

export interface ColdDeps {
  /** What a restore costs at a tier, with copies that are kept for so many days; `batch`: by AWS's jobs. */
  readonly quote: (
    groups: readonly RestoreGroup[],
    as: { readonly tier: Tier; readonly days: number; readonly batch?: BatchNeeds },
  ) => RestoreQuote;
  /** Shown each plan, before anything is asked for or written. */
  readonly show: (plan: RestorePlan) => void;
  /** Asked where something has to be paid for; false where a person does not want it. */
  readonly approve: (plan: RestorePlan) => Promise<boolean>;
  /** Requests for restored copies a second. */
  readonly rate: number;
  /** Milliseconds that a warm-up takes, where the store simulates it. */
  readonly simulatedWait: number | undefined;
  /** S3 Batch Operations, where the job has a role for it. */
  readonly batch?: BatchJobs;
}

export interface RestoreOptions {
  readonly state: ReadState;
  readonly selection: Selection;
  /** For the log: what `selection` was made of. */
  readonly patterns?: { readonly include: readonly string[]; readonly exclude: readonly string[] };
  /** For the log. */
  readonly to: PathText;
  readonly overwrite: Overwrite;
  readonly config: string;
  /** Files under way at once. */
  readonly workers: number;
  /** Number of the restore that this goes on with. */
  readonly resume?: number;
  readonly warmUp?: Partial<WarmUpOptions>;
}

export interface WarmUpOptions {
  /** undefined: that of the restore that is resumed, else Bulk. */
  readonly tier: Tier | undefined;
  /** Days that restored copies are kept for; undefined: as with the tier, 7. */
  readonly days: number | undefined;
  /** Above it nothing is asked for. */
  readonly maxCost: MaxCost;
  /** US dollars that may be spent in all; undefined: what the plan costs. */
  readonly budget: number | undefined;
  /** The same for several restores together, instead of `budget`. */
  readonly shared: SharedBudget | undefined;
  /** A slower tier may be taken where the service refuses the wanted one. */
  readonly slower: boolean;
  /** Nothing is downloaded. */
  readonly requestOnly: boolean;
  /** Nobody is asked: what is not approved waits. */
  readonly isUnattended: boolean;
  /** Cold objects are asked for by jobs of S3 Batch Operations. */
  readonly viaBatch: boolean;
}

export interface RestoreReport {
  /** Number of the restore. */
  readonly job: number;
  readonly exitCode: ExitCode;
  readonly entries: number;
  readonly bytes: number;
  /** There already, and as wanted. */
  readonly present: number;
  readonly failed: number;
  /** Files that wait for archived objects, and these objects. */
  readonly waiting: number;
  readonly objects: { readonly cold: number; readonly warming: number; readonly warm: number };
  /** Objects whose request nobody has approved. */
  readonly unapproved: number;
  /** Objects that the service refuses at their tier. */
  readonly refused: number;
  /** A person did not approve the plan: nothing was done. */
  readonly isDeclined: boolean;
  /** What could not be kept, by reason. */
  readonly limits: ReadonlyMap<string, number>;
  /** What the target cannot keep of any entry. */
  readonly targetLimits: readonly string[];
}
