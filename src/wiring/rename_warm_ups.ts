import type { CopyPlan, WarmUpPlan, WarmUpSetting } from "../app/warm_up_renames.ts";
import type { BackupOptions, RunInput } from "../cli/runner.ts";
import { addMoney, isKnown, type Money } from "../core/cost/money.ts";
import { moneyText } from "../core/cost/money_text.ts";
import { priceRenames } from "../core/cost/price_renames.ts";
import { quoteRestore } from "../core/cost/quote_restore.ts";
import { isKind } from "../core/error.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "../report/count_text.ts";
import { sqliteWorkTables } from "../sqlite/work_tables.ts";
import { costSetting } from "./cost_setting.ts";
import { dirname } from "node:path";

/** Requests for restored copies a second; AWS takes 1,000 for each account and region. */
const RATE = 100;

const STAY = "they stay under their old keys until a later run";

export interface RenameMoney {
  /** US dollars that max_cost leaves for them; undefined where there is no limit. */
  readonly left: number | undefined;
  /** The store keeps versions: the old objects are paid for until prune. */
  readonly versions: boolean;
}

/**
 * How `archived_renames = "copy"` asks for restored copies, and copies them: within max_cost, or where
 * a person says so.
 */
export function renameWarmUps(
  input: RunInput<BackupOptions>,
  { left, versions }: RenameMoney,
): WarmUpSetting {
  const { job, stateFile, output } = input;
  const { tier, days } = job;
  const setting = costSetting(job);
  const tell = (text: string) => output.signal({ kind: "notice", text });
  let rest = left;

  /** Whether max_cost allows it, which then allows less. */
  function isWithin(total: Money): boolean {
    if (rest === undefined) return true;
    if (!isKnown(total) || total.usd > rest) return false;
    rest -= total.usd;
    return true;
  }

  return {
    work: sqliteWorkTables(dirname(stateFile)),
    ...{ tier, days, rate: RATE },
    // Nothing is downloaded: the copies are made in the store.
    price: (groups, at) => quoteRestore(groups, { ...setting, egress: false, tier: at, days }),
    priceCopies: (groups) => priceRenames(groups, { ...setting, tier, days }).copy,
    async approve(plan) {
      const total = addMoney(plan.quote.total, plan.copies.cost.total);
      const what = planText(plan, { days, versions, total });
      const hold = (why: string) => {
        const verb = plan.objects > 0 ? "not asked for" : "not copied";
        tell(`${verb}: ${what}; ${why}: ${STAY}`);
        return false;
      };
      if (rest !== undefined) {
        if (!isWithin(total)) return hold("that is more than max_cost leaves");
      } else if (!plan.wasApproved) {
        const why = await refusal(input, `${plan.objects > 0 ? "ask for" : "make"} ${what}?`);
        if (why !== undefined) return hold(why);
      }
      tell(`${plan.objects > 0 ? "asking for" : "making"} ${what}`);
      return true;
    },
    mayCopy({ objects, bytes, cost }: CopyPlan) {
      const what = `copies of ${objectsText(objects, bytes)} that are warm: ` +
        `${moneyText(cost.total)}${formerText(versions)}`;
      const isAllowed = isWithin(cost.total);
      if (isAllowed) tell(`making ${what}`);
      else tell(`not made: ${what}; that is more than max_cost leaves: ${STAY}`);
      return isAllowed;
    },
  };
}

/** Why it may not be done; undefined where somebody says that it may. */
async function refusal(
  { globals, confirm }: RunInput<BackupOptions>,
  question: string,
): Promise<string | undefined> {
  if (globals.yes) return undefined;
  try {
    return await confirm(question) ? undefined : "that was declined";
  } catch (error) {
    if (!isKind(error, "usage")) throw error;
    return "there is no max_cost, and no terminal to ask at";
  }
}

function planText(
  { objects, bytes, quote, copies }: WarmUpPlan,
  { days, versions, total }: {
    readonly days: number;
    readonly versions: boolean;
    readonly total: Money;
  },
): string {
  const price = `${moneyText(total)} in all${formerText(versions)}`;
  if (objects === 0) {
    return `copies of ${objectsText(copies.objects, copies.bytes)} that others have asked for: ` +
      price;
  }
  const others = copies.objects > objects
    ? `and of ${copies.objects - objects} more that others have asked for`
    : "when they are warm";
  const wait = quote.wait === undefined ? "" : `, ${quote.wait.text}`;
  return `restored copies of ${objectsText(objects, bytes)}, for ${days} days, and copies of ` +
    `them ${others}: ${price}${wait}`;
}

function objectsText(objects: number, bytes: number): string {
  return `${counted(objects, "moved archived object")}, ${formatSize(bytes)}`;
}

function formerText(versions: boolean): string {
  return versions ? ", with a month of the old versions, which are paid for until prune" : "";
}
