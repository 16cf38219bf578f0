import { fits } from "../core/cold/allowance.ts";
import { usdOf } from "../core/cold/billionths.ts";
import type { RestorePlan } from "../core/cold/restore_plan.ts";
import { checkMaxCost } from "../core/cost/max_cost.ts";
import { addMoney, isKnown, type Money } from "../core/cost/money.ts";
import type { Approval } from "./restore_approval.ts";
import { spentOn } from "./restore_plan_events.ts";
import type { RestoreSetting } from "./restore_setting.ts";

/** What has been said to the plan of a restore. */
export interface Consent {
  /** Once. False where it is declined. Throws kind "cost" where it is above the limit. */
  ask(): Promise<boolean>;
  /** It was approved now. */
  isGiven(): boolean;
  /** US dollars that may be spent in all from now on; undefined: no new word on that. */
  budget(): number | undefined;
  /** Nothing is asked for: what was approved before is above the limit of now. */
  isHeld(): boolean;
}

export function consentTo(
  { plan, isNeeded }: Approval,
  setting: RestoreSetting,
  approve: (plan: RestorePlan) => Promise<boolean>,
): Consent {
  const { resumed, wishes } = setting;
  const { shared, isUnattended = false } = wishes;
  const spent = spentOn(resumed);
  const before = approvedBefore(plan, setting);
  let isGiven = false;
  let taken = 0;

  function limit(): number | undefined {
    if (shared !== undefined) return spent.usd + taken;
    if (wishes.budget !== undefined) return wishes.budget;
    return resumed === undefined || isNeeded ? wishes.maxCost : undefined;
  }

  const isHeld = () => isUnattended && resumed !== undefined && isAboveLimit(spent, wishes);

  return {
    async ask() {
      taken = shared?.take(plan.quote.total) ?? 0;
      // Unattended, what is above a limit waits, and the rest goes on.
      if (resumed !== undefined && isUnattended) return true;
      const isAsking = plan.asked.objects + plan.approved.objects > 0;
      if (resumed === undefined || isAsking) {
        checkMaxCost(addMoney(spent, plan.quote.total), limit());
      }
      if (!isNeeded || before !== undefined) return true;
      // A limit that was named is the approval of what stays below it.
      isGiven = isUnattended ? isLimited(wishes) : await approve(plan);
      // What was under way goes on.
      return isGiven || resumed !== undefined;
    },
    isGiven: () => isGiven,
    budget() {
      if (isHeld()) return undefined;
      if (shared !== undefined) return spent.usd + taken + shared.part();
      return wishes.budget ?? (isGiven ? undefined : before);
    },
    isHeld,
  };
}

type Wishes = RestoreSetting["wishes"];

/** US dollars: the same plan was approved by the process that died before it knew its objects. */
function approvedBefore(
  { tier, days, quote }: RestorePlan,
  { cutOff }: RestoreSetting,
): number | undefined {
  if (cutOff?.approved == null || cutOff.tier !== tier || cutOff.days !== days) return undefined;
  return fits(quote.total, cutOff.approved) ? usdOf(cutOff.approved) : undefined;
}

function isLimited({ shared, budget }: Wishes): boolean {
  return shared !== undefined || budget !== undefined;
}

/** What was approved already, whether it is spent or not. */
function isAboveLimit(spent: Money, { shared, budget }: Wishes): boolean {
  if (shared !== undefined) return shared.part() < 0;
  return budget !== undefined && (!isKnown(spent) || spent.usd > budget);
}
