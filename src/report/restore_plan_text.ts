import type { ObjectCount, RestorePlan } from "../core/cold/restore_plan.ts";
import type { RestoreGroupQuote } from "../core/cost/quote_restore.ts";
import { moneyText } from "../core/cost/money_text.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "./count_text.ts";
import { costLines, moneyFields } from "./cost_text.ts";
import type { RestorePlanRecord } from "./records.ts";
import { waitText } from "./stored_cost_text.ts";
import { tableLines } from "./table.ts";

/** What a restore writes, what it asks for by every class and tier, and the price by the chosen one. */
export function restorePlanLines(plan: RestorePlan): string[] {
  const { job, entries, bytes, quote } = plan;
  return [
    `plan of restore ${job}: ${counted(entries, "entry", "entries")}, ${formatSize(bytes)}`,
    ...objectLines(plan),
    ...askedLines(plan),
    ...downloadLines(plan),
    ...(quote.lines.length === 0 ? [] : costLines(quote, "price")),
  ];
}

function objectLines({ cold, warming, warm, approved }: RestorePlan): string[] {
  return ([
    ["archived and cold", cold],
    ["archived and warming already", warming],
    ["archived and warm already", warm],
    ["approved before, to be asked for", approved],
  ] as const)
    .filter(([, { objects }]) => objects > 0)
    .map(([label, count]) => `${label}: ${objectText(count)}`);
}

function askedLines(plan: RestorePlan): string[] {
  const { asked, tier, days } = plan;
  if (asked.objects === 0) return [];
  return [
    `to be asked for: ${objectText(asked)}, by tier ${tier.toLowerCase()}, copies kept for ` +
    counted(days, "day"),
    "",
    ...tableLines([
      { title: "class", cell: ({ place }) => place },
      { title: "tier", cell: ({ tier }) => tier },
      { title: "price", cell: ({ price }) => price, align: "right" },
      { title: "wait", cell: ({ wait }) => wait },
    ], [...classRows(plan), ...sumRows(plan)]),
    "",
  ];
}

interface TierRow {
  readonly place: string;
  readonly tier: string;
  readonly price: string;
  readonly wait: string;
}

function classRows(plan: RestorePlan): TierRow[] {
  return classQuotes(plan).flatMap(({ place, tiers }) =>
    tiers.map(({ tier, total, wait }) => ({
      ...{ place, tier: tierLabel(plan, tier!), price: moneyText(total), wait: wait!.text },
    }))
  );
}

/** With what is no class's own: downloads, and AWS's own jobs. */
function sumRows(plan: RestorePlan): TierRow[] {
  return plan.choices.map(({ tier, quote }) => ({
    ...{ place: "all", tier: tierLabel(plan, tier), price: moneyText(quote.total) },
    wait: waitText(quote),
  }));
}

function tierLabel(plan: RestorePlan, tier: string): string {
  return tier === plan.tier ? `${tier.toLowerCase()} (chosen)` : tier.toLowerCase();
}

interface ClassQuotes {
  readonly place: string;
  /** By each tier that the class has. */
  readonly tiers: readonly RestoreGroupQuote[];
}

function classQuotes({ choices }: RestorePlan): ClassQuotes[] {
  const quotes = choices.flatMap(({ quote }) => quote.groups)
    .filter(({ tier, isSlower }) => tier !== undefined && !isSlower);
  return [...Map.groupBy(quotes, placeOf)].map(([place, tiers]) => ({ place, tiers }));
}

function placeOf({ group: { storageClass, archive } }: RestoreGroupQuote): string {
  return archive === undefined ? storageClass : `${storageClass} (${archive})`;
}

function downloadLines({ downloads }: RestorePlan): string[] {
  if (downloads === undefined || downloads.lines.length === 0) return [];
  const bytes = downloads.groups.reduce((sum, { group }) => sum + group.fetched, 0);
  const price = moneyText(downloads.total);
  return [`left to download: ${formatSize(bytes)}, ${price}, in the price of the first plan`];
}

function objectText({ objects, bytes }: ObjectCount): string {
  return `${counted(objects, "object")}, ${formatSize(bytes)}`;
}

export function restorePlanRecord(plan: RestorePlan): RestorePlanRecord {
  const { job, tier, days, entries, bytes, cold, warming, warm, asked, approved } = plan;
  const { quote, choices, downloads } = plan;
  return {
    ...{ record: "restore-plan", number: job, resumed: plan.isResumed, tier: tier.toLowerCase() },
    ...{ days, entries, bytes, cold, warming, warm, asked, approved, ...moneyFields(quote.total) },
    tiers: choices.map(({ tier, quote }) => ({
      tier: tier.toLowerCase(),
      wait: quote.wait === undefined ? null : waitText(quote),
      ...moneyFields(quote.total),
    })),
    classes: classQuotes(plan).map(({ tiers }) => {
      const { storageClass, archive = null, objects, bytes } = tiers[0].group;
      return {
        ...{ class: storageClass, archive, objects, bytes },
        tiers: tiers.map(({ tier, wait, total }) => ({
          ...{ tier: tier!.toLowerCase(), wait: wait!.text, ...moneyFields(total) },
        })),
      };
    }),
    downloads: downloads === undefined ? null : moneyFields(downloads.total),
  };
}
