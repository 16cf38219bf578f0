import { allowanceOf, isCovered } from "../core/cold/allowance.ts";
import { billionthsOf } from "../core/cold/billionths.ts";
import { isSlower, type Tier } from "../core/cold/restore_state.ts";
import { isKnown } from "../core/cost/money.ts";
import type { RestoreGroup, RestoreQuote } from "../core/cost/quote_restore.ts";
import { tierFor } from "../core/cost/restore_wait.ts";
import type { HoldfastError } from "../core/error.ts";
import { BATCH_ENTRIES } from "../core/event/event.ts";
import type { SignalSink } from "../core/signal.ts";
import type { ColdObject, WaitedObject, WaitingFiles } from "../ports/waiting_files.ts";
import type { BatchWarmUps } from "./batch_warm_ups.ts";
import { type Denials, deniedObjects } from "./denied_objects.ts";
import { batchOf, type PricedObject, requestWarmUps, type WarmUpDeps } from "./request_warm_ups.ts";

/** What a group of objects costs at a tier. */
export type PriceGroups = (groups: readonly RestoreGroup[], tier: Tier) => RestoreQuote;

export interface RequestDeps extends WarmUpDeps {
  readonly files: WaitingFiles;
  readonly price: PriceGroups;
  readonly emit: SignalSink;
  /** Asks for what is cold in AWS's own jobs. */
  readonly batch?: BatchWarmUps;
  /** What this process was denied before. */
  readonly denials?: Denials;
}

export interface RequestOptions {
  readonly job: number;
  /** Nothing may be asked for now, whatever was approved before. */
  readonly isHeld?: boolean;
}

/** What was not asked for. */
export interface Held {
  /** Objects whose request costs more than was approved. */
  readonly unapproved: number;
  /** Objects that the service has no capacity for at their tier, and no slower one is approved. */
  readonly refused: number;
  /** Kind "denied": why single objects were not asked for. All others were. */
  readonly failure?: HoldfastError | undefined;
}

/** Billionths of a dollar of a request alone; undefined where a price is unknown. */
export function requestCost(
  price: PriceGroups,
  { storageClass, archive, size }: ColdObject,
  tier: Tier,
): number | undefined {
  const group: RestoreGroup = {
    ...{ storageClass, objects: 1, bytes: size, fetched: 0, gets: 0 },
    ...(archive === null ? {} : { archive }),
  };
  const { total } = price([group], tier);
  return isKnown(total) ? billionthsOf(total.usd) : undefined;
}

/**
 * Asks for what is cold and approved, and for what is to become faster. What is approved is read from
 * the log each time: another restore may have asked for an object meanwhile.
 */
export async function requestApproved(
  given: RequestDeps,
  run: string,
  options: RequestOptions,
): Promise<Held> {
  const deps = { ...given, denials: given.denials ?? deniedObjects() };
  const { tier, slower } = deps.log.index.restores.job(options.job)!;
  const batches = warmUpBatches(deps, run, options.job);
  let held = await pass(deps, batches, { ...options, tier });
  if (held.refused > 0 && slower) {
    const text = "the service has no capacity for Expedited now: asking for the next slower tier";
    deps.emit({ kind: "notice", text });
    held = await pass(deps, batches, { ...options, tier: "Standard" });
  }
  await deps.batch?.carryOut(run);
  return { ...held, failure: deps.denials.failure() };
}

type AskingDeps = RequestDeps & { readonly denials: Denials };

/** Everything that waits, at this tier or, where its class lacks it, the next slower one. */
async function pass(
  deps: AskingDeps,
  batches: WarmUpBatches,
  options: RequestOptions & { readonly tier: Tier },
): Promise<{ unapproved: number; refused: number }> {
  let unapproved = 0;
  let refused = 0;
  const before = batches.refused();
  for (const object of deps.files.objects(["cold", "warming"])) {
    const wish = wishFor(deps, batches, object, options);
    if (wish === "unapproved") unapproved++;
    else if (wish === "refused") refused++;
    else if (wish !== "wait") await batches.add(object, wish);
  }
  await batches.flush();
  return { unapproved, refused: refused + batches.refused() - before };
}

interface Wanted {
  readonly tier: Tier;
  readonly days: number | undefined;
  /** Billionths of a dollar that the quote does not cover. */
  readonly cost: number;
}

type Wish = Wanted | "wait" | "unapproved" | "refused";

function wishFor(
  { log, files, price, denials }: AskingDeps,
  batches: WarmUpBatches,
  object: WaitedObject,
  { job: number, isHeld = false, tier: wanted }: RequestOptions & { readonly tier: Tier },
): Wish {
  const { restores } = log.index;
  const row = restores.object(number, object);
  const place = tierFor(wanted, object.storageClass, object.archive ?? undefined);
  if (row === undefined || place === undefined || denials.has(object)) return "wait";
  const { tier } = place;
  const warmUp = restores.warmUp(object);
  if (object.warmth === "warming") {
    if (!isCovered(row) || !isSlower(warmUp?.tier, tier)) return "wait";
  } else if (warmUp !== undefined && warmUp.state !== "expired") {
    // Somebody asked for it since the store was looked at.
    files.setWarmth(object, "warming");
    return "wait";
  }
  if (isHeld) return "unapproved";
  const job = restores.job(number)!;
  const cost = isCovered(row) ? 0 : requestCost(price, object, tier);
  if (cost === undefined) return "unapproved";
  if (cost > 0 && batches.spent() + cost > allowanceOf(job)) return "unapproved";
  if (tier === "Expedited" && batches.refused() > 0) return "refused";
  return { tier, days: object.archive === null ? job.days : undefined, cost };
}

/** Requests that come together until they are enough for an intent. */
interface WarmUpBatches {
  add(object: WaitedObject, wanted: Wanted): Promise<void>;
  flush(): Promise<void>;
  /** Billionths of a dollar, beyond the quote, of what is in no intent yet. */
  spent(): number;
  /** Objects that the service had no capacity for. */
  refused(): number;
}

interface Waiting extends Omit<Wanted, "cost"> {
  readonly items: PricedObject[];
  /** Asks for them later, all together. */
  readonly batch: BatchWarmUps | undefined;
}

function warmUpBatches(deps: AskingDeps, run: string, job: number): WarmUpBatches {
  const { files } = deps;
  const waiting = new Map<string, Waiting>();
  let spent = 0;
  let refused = 0;

  async function flush({ tier, days, items, batch: later }: Waiting): Promise<void> {
    const objects = batchOf(items);
    items.splice(0, objects.length);
    for (const { cost } of objects) spent -= cost;
    if (later !== undefined) {
      later.plan(run, { job, tier, days, objects });
      for (const { object } of objects) files.setWarmth(object, "unknown");
      return;
    }
    const outcome = await requestWarmUps(deps, run, { job, tier, days, objects });
    const left = new Set([...outcome.refused, ...outcome.denied]);
    const unknown = new Set([...outcome.doubtful, ...outcome.warmed]);
    for (const { object } of objects) {
      if (left.has(object)) continue;
      files.setWarmth(object, unknown.has(object) ? "unknown" : "warming");
    }
    refused += outcome.refused.length;
  }

  return {
    async add(object, { tier, days, cost }) {
      const isLater = object.warmth === "cold" && tier !== "Expedited" &&
        deps.batch?.isUsable() === true && cost === 0;
      const name = `${tier} ${days} ${isLater}`;
      const batch = isLater ? deps.batch : undefined;
      const group = waiting.get(name) ?? { tier, days, items: [], batch };
      waiting.set(name, group);
      group.items.push({ object, cost });
      spent += cost;
      if (group.items.length >= BATCH_ENTRIES) await flush(group);
    },
    async flush() {
      for (const group of waiting.values()) while (group.items.length > 0) await flush(group);
    },
    spent: () => spent,
    refused: () => refused,
  };
}
