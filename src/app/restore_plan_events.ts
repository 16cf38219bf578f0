import { billionthsOf, usdDigits, usdOf } from "../core/cold/billionths.ts";
import type { RestorePlan } from "../core/cold/restore_plan.ts";
import { isKnown, knownMoney, type Money, NO_COST, unknownMoney } from "../core/cost/money.ts";
import type { NewEvent } from "../core/event/event.ts";
import type { RestoreJobRow } from "../core/index/restore_rows.ts";
import { jsonOfText } from "../core/path_text.ts";
import type { RestoreOptions } from "./restore_deps.ts";

/**
 * What a new restore will do, with all that whoever resumes it needs. `budget`: US dollars that may be
 * spent in all; undefined: what the plan costs.
 */
export function restorePlanned(
  { job, tier, days, entries, bytes, cold, warming, warm, quote }: RestorePlan,
  options: RestoreOptions,
  budget: number | undefined,
): NewEvent<"RestorePlanned"> {
  const { slower = false } = options.warmUp ?? {};
  const { include = [], exclude = [] } = options.patterns ?? {};
  const { to, overwrite, state: { position } } = options;
  const objects = cold.objects + warming.objects + warm.objects;
  const objectBytes = (cold.bytes + warming.bytes + warm.bytes).toString();
  const approved = budget ?? (isKnown(quote.total) ? quote.total.usd : undefined);
  const paths = options.selection.paths.map(jsonOfText);
  return {
    type: "RestorePlanned",
    data: {
      ...{ to: jsonOfText(to), position, overwrite, job },
      selection: { paths, include: [...include], exclude: [...exclude] },
      ...{ entries: entries.toString(), bytes: bytes.toString(), tier, days },
      ...(objects === 0 ? {} : { objects, objectBytes }),
      ...(isKnown(quote.total) ? { quote: digits(quote.total.usd) } : {}),
      ...(approved === undefined ? {} : { approved: digits(approved) }),
      ...(slower ? { slower } : {}),
    },
  };
}

/** What a person approves of a restore that goes on; undefined where that is nothing new. */
export function restoreApproved(
  { job, tier, days, quote }: RestorePlan,
  resumed: RestoreJobRow,
  { isApproved, budget, slower = false }: {
    readonly isApproved: boolean;
    readonly budget?: number | undefined;
    readonly slower?: boolean;
  },
): NewEvent<"RestoreApproved"> | undefined {
  if (!isApproved && budget === undefined && (!slower || resumed.slower)) return undefined;
  const changes = {
    ...(tier === resumed.tier ? {} : { tier }),
    ...(days === resumed.days ? {} : { days }),
    ...(isKnown(quote.total) ? { quote: digits(quote.total.usd) } : {}),
  };
  return {
    type: "RestoreApproved",
    data: {
      ...{ job, ...(isApproved ? changes : {}) },
      ...(budget === undefined ? {} : { approved: digits(budget) }),
      ...(slower ? { slower } : {}),
    },
  };
}

/** What has been approved and spent for it so far. */
export function spentOn(resumed: RestoreJobRow | undefined): Money {
  if (resumed === undefined) return NO_COST;
  if (resumed.quoted === null) return unknownMoney("what was asked for before");
  return knownMoney(usdOf(resumed.quoted + resumed.extra));
}

function digits(usd: number): string {
  return usdDigits(billionthsOf(usd));
}
