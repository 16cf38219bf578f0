import { isCovered } from "../core/cold/allowance.ts";
import type { RestorePlan } from "../core/cold/restore_plan.ts";
import { type HoldfastError, isKind } from "../core/error.ts";
import type { WaitedObject } from "../ports/waiting_files.ts";
import { awaitObjects } from "./await_objects.ts";
import { batchWarmUps } from "./batch_warm_ups.ts";
import { deniedObjects } from "./denied_objects.ts";
import type { PreparedRestore } from "./prepare_restore.ts";
import { type Approval, approvalOf } from "./restore_approval.ts";
import { type Consent, consentTo } from "./restore_consent.ts";
import type { RestoreLooks } from "./restore_looks.ts";
import { restoreApproved, restorePlanned } from "./restore_plan_events.ts";
import { type Held, requestApproved, type RequestDeps } from "./restore_requests.ts";
import type { RestoreSetting } from "./restore_setting.ts";
import { supersede } from "./same_restore.ts";

/** What a restore asks for: its plan, a person's word on it, and the requests. */
export interface RestoreAsking {
  readonly plan: RestorePlan;
  approve(): Promise<boolean>;
  begin(run: string): void;
  /** Asks for what is approved. */
  request(run: string): Promise<void>;
  readonly held: Held;
  /** Why the store asks for nothing, or not for all. */
  readonly failure: HoldfastError | undefined;
  /** Nothing at all could be asked for. */
  readonly isStopped: boolean;
}

/** After the first look at the objects. */
export function restoreAsking(
  prepared: PreparedRestore,
  setting: RestoreSetting,
  looks: RestoreLooks,
): RestoreAsking {
  const { deps, waiting, measure } = prepared;
  const { log, cold } = deps;
  const { restores } = log.index;
  const approval = approvalOf(
    { restores, files: waiting.files, quote: cold.quote },
    { ...setting, measure, now: setting.now(), viaBatch: isViaBatch(prepared) },
  );
  const consent = consentTo(approval, setting, cold.approve);
  const { batch, ...asking } = askingDeps(prepared, setting);
  // A resumed restore makes the jobs that somebody has approved now: they are paid for each time.
  const jobs = () => setting.resumed === undefined || consent.isGiven() ? { batch } : {};
  let held: Held = { unapproved: 0, refused: 0 };
  let failure: HoldfastError | undefined;
  let isStopped = false;

  return {
    plan: approval.plan,
    async approve() {
      cold.show(approval.plan);
      return await consent.ask();
    },
    begin: (run) => beginRestore(prepared, setting, { ...approval, consent, looks }, run),
    async request(run) {
      const { files } = waiting;
      if (files === undefined) return;
      isStopped = false;
      try {
        const { job } = setting;
        const all = { ...asking, ...jobs(), files };
        held = await requestApproved(all, run, { job, isHeld: consent.isHeld() });
        failure = held.failure;
      } catch (error) {
        // What can be read is restored all the same.
        if (!isKind(error, "denied", "refused")) throw error;
        failure = error;
        isStopped = true;
      }
      await looks.look("unknown");
      looks.note(run);
    },
    get held() {
      return held;
    },
    get failure() {
      return failure;
    },
    get isStopped() {
      return isStopped;
    },
  };
}

function isViaBatch({ deps: { cold }, options: { warmUp } }: PreparedRestore): boolean {
  return cold.batch !== undefined && warmUp?.viaBatch === true;
}

function askingDeps(
  prepared: PreparedRestore,
  { job, price }: RestoreSetting,
): Omit<RequestDeps, "files"> {
  const { deps } = prepared;
  const { rate, batch } = deps.cold;
  const viaBatch = batch !== undefined && isViaBatch(prepared)
    ? { batch: batchWarmUps({ ...deps, batch }, job) }
    : {};
  return { ...deps, price, rate, denials: deniedObjects(), ...viaBatch };
}

/** Puts the plan into the log, and what it waits for. */
function beginRestore(
  { deps: { log }, options, waiting: { files } }: PreparedRestore,
  { job, resumed, wishes }: RestoreSetting,
  { plan, includes, consent, looks }: Approval & {
    readonly consent: Consent;
    readonly looks: RestoreLooks;
  },
  run: string,
): void {
  const { restores } = log.index;
  const [isApproved, budget] = [consent.isGiven(), consent.budget()];
  const event = resumed === undefined
    ? restorePlanned(plan, options, budget)
    : restoreApproved(plan, resumed, { isApproved, budget, slower: wishes.slower === true });
  if (event !== undefined) log.append(run, [event], { durable: true });
  if (resumed === undefined) log.append(run, supersede(restores, job));
  if (files === undefined) return;
  // Whether a request that nobody has heard of has arrived is settled before.
  if (resumed !== undefined) looks.note(run);
  const isQuoted = (object: WaitedObject) => {
    const row = resumed === undefined ? undefined : restores.object(job, object);
    const isNew = resumed === undefined || isApproved;
    return isNew && includes(object) && (row === undefined || !isCovered(row));
  };
  awaitObjects(log, run, { job, files, isNew: resumed === undefined, isQuoted });
  looks.note(run);
}
