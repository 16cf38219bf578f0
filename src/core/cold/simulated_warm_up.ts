/**
 * What AWS documents of restore requests, as pure rules for a store that simulates archive classes
 * (docs/stores.md; AWS: RestoreObject, Restoring an archived object, Archive retrieval options).
 */
import { isArchive } from "../mirror/storage_class.ts";
import { restoredCopyExpiry } from "./restored_copy_expiry.ts";
import { type RestoreState, type Tier, TIERS } from "./restore_state.ts";

/** One request that was accepted. Times in milliseconds since 1970, by the simulation's clock. */
export interface WarmUp {
  readonly requested: number;
  readonly tier: Tier;
  readonly days: number;
  /** From then on the object can be read, */
  readonly ready: number;
  /** until then. */
  readonly expiry: number;
}

/** Classes whose objects are cold; GLACIER_IR can be read at once. */
export function isSimulatedArchive(storageClass: string): boolean {
  return isArchive(storageClass);
}

/** How long a tier takes, in times of Standard: AWS's times differ by class, their order does not. */
const TIER_TIMES: Readonly<Record<Tier, number>> = { Bulk: 2, Standard: 1, Expedited: 0.1 };

/** Whether reading it is refused. */
export function isSimulatedCold(
  storageClass: string,
  last: WarmUp | undefined,
  now: number,
): boolean {
  return isSimulatedArchive(storageClass) && warmUpState(last, now)?.kind !== "warm";
}

/** What HEAD and LIST tell; nothing of an object that is cold, also of one that is cold again. */
export function warmUpState(last: WarmUp | undefined, now: number): RestoreState | undefined {
  if (last === undefined || now >= last.expiry) return undefined;
  return now < last.ready ? { kind: "warming" } : { kind: "warm", expiry: last.expiry };
}

export interface WarmUpQuestion {
  readonly storageClass: string;
  /** The last request that was accepted for this version. */
  readonly last: WarmUp | undefined;
  readonly request: { readonly tier: Tier; readonly days?: number };
  readonly now: number;
  /** Milliseconds that the Standard tier takes. */
  readonly warmUp: number;
}

/** An answer, with the request to keep where it changes something; or S3's code of a refusal. */
export type WarmUpDecision =
  | { readonly answer: "accepted" | "extended"; readonly warmUp: WarmUp }
  | { readonly answer: "under way" }
  | { readonly refusal: { readonly code: string; readonly message: string } };

export function decideWarmUp(question: WarmUpQuestion): WarmUpDecision {
  const { last, request: { tier, days }, now, warmUp } = question;
  const refusal = refusalOf(question);
  if (refusal !== undefined) return { refusal };
  const state = warmUpState(last, now);
  const ready = now + Math.round(warmUp * TIER_TIMES[tier]);
  if (state === undefined) return { answer: "accepted", warmUp: warmed(now, tier, days!, ready) };
  if (state.kind === "warm") {
    const expiry = restoredCopyExpiry(now, days!);
    return { answer: "extended", warmUp: { ...last!, requested: now, days: days!, expiry } };
  }
  if (TIERS.indexOf(tier) <= TIERS.indexOf(last!.tier)) return { answer: "under way" };
  // An upgrade changes the tier alone (AWS: Upgrading the speed of an in-progress restore).
  const sooner = Math.min(last!.ready, ready);
  return { answer: "accepted", warmUp: warmed(now, tier, last!.days, sooner) };
}

function warmed(requested: number, tier: Tier, days: number, ready: number): WarmUp {
  return { requested, tier, days, ready, expiry: restoredCopyExpiry(ready, days) };
}

function refusalOf({ storageClass, request: { tier, days } }: WarmUpQuestion) {
  if (!isSimulatedArchive(storageClass)) {
    return {
      code: "InvalidObjectState",
      message: `an object in class ${storageClass} needs no warming up`,
    };
  }
  if (days === undefined) {
    return { code: "MalformedXML", message: `a request for class ${storageClass} names its days` };
  }
  if (!Number.isInteger(days) || days < 1) {
    return { code: "InvalidArgument", message: `days is at least 1, not ${days}` };
  }
  if (tier === "Expedited" && storageClass === "DEEP_ARCHIVE") {
    return { code: "InvalidArgument", message: "DEEP_ARCHIVE has no Expedited tier" };
  }
  return undefined;
}
