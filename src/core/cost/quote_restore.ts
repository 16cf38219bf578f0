import type { BatchNeeds } from "../batch/batch_needs.ts";
import type { Tier } from "../cold/restore_state.ts";
import { type Charge, chargeLines, type Cost, costOf } from "./cost.ts";
import { MONTH_DAYS } from "./price.ts";
import { batchCharges } from "./price_batch.ts";
import type { Pricing } from "./price_storage.ts";
import { type ArchiveStatus, type RestoreWait, tierFor } from "./restore_wait.ts";

/** Objects of one class of which a restore needs something. */
export interface RestoreGroup {
  readonly storageClass: string;
  /** Of objects in INTELLIGENT_TIERING that its archive tiers hold; else left out. */
  readonly archive?: ArchiveStatus;
  /** Cold objects to be requested; 0 for what is warm, warming, or of a class that is never cold. */
  readonly objects: number;
  /** Of these objects, whole, as they are stored. */
  readonly bytes: number;
  /** To be downloaded: of cold objects, and of those that are warm already. */
  readonly fetched: number;
  /** GET requests for it. */
  readonly gets: number;
}

export interface RestoreQuoteOptions extends Pricing {
  readonly tier: Tier;
  /** For which restored copies are kept; AWS keeps them until the midnight (UTC) after. */
  readonly days: number;
  /** Whether what is downloaded leaves AWS for the internet. */
  readonly egress: boolean;
  /** Where S3 Batch Operations makes the requests. */
  readonly batch?: BatchNeeds;
}

export interface RestoreGroupQuote extends Cost {
  readonly group: RestoreGroup;
  /**
   * The tier that is requested: the wanted one or, where the class lacks it, the next slower one (no
   * Expedited in DEEP_ARCHIVE: Standard). Undefined where nothing has to be warmed up.
   */
  readonly tier: Tier | undefined;
  readonly isSlower: boolean;
  readonly wait: RestoreWait | undefined;
}

export interface RestoreQuote extends Cost {
  readonly groups: readonly RestoreGroupQuote[];
  /** Until the last object is warm; undefined where nothing has to be warmed up. */
  readonly wait: RestoreWait | undefined;
}

/**
 * What a restore costs: requests and retrieval by class and tier, restored copies at the rate of
 * Standard for `days` and one more, GETs, the jobs of Batch Operations, egress. Prices that are
 * unknown make lines without `usd`. AWS: Amazon S3 pricing, Requests & data retrievals; Working with
 * restored objects.
 */
export function quoteRestore(
  groups: readonly RestoreGroup[],
  options: RestoreQuoteOptions,
): RestoreQuote {
  const { prices, region, egress, batch } = options;
  const quotes = groups.map((group) => quoteGroup(group, options));
  const fetched = groups.reduce((sum, group) => sum + group.fetched, 0);
  const shared = chargeLines(prices, [
    ...(batch === undefined ? [] : batchCharges(batch, region)),
    ...(egress ? [egressCharge(region, fetched)] : []),
  ]);
  const waits = quotes.flatMap(({ wait }) => wait ?? []);
  const wait = waits.reduce<RestoreWait | undefined>(
    (longest, one) => longest !== undefined && longest.atMost >= one.atMost ? longest : one,
    undefined,
  );
  return { groups: quotes, wait, ...costOf([...quotes.flatMap(({ lines }) => lines), ...shared]) };
}

/** Steps are those of a month in which nothing else leaves the account. */
export function egressCharge(region: string, bytes: number): Charge {
  return { region, item: "egress", amount: bytes, what: "egress to the internet" };
}

function quoteGroup(group: RestoreGroup, options: RestoreQuoteOptions): RestoreGroupQuote {
  const { storageClass, archive, objects } = group;
  const cold = objects > 0 ? tierFor(options.tier, storageClass, archive) : undefined;
  const charges = [
    ...(cold === undefined ? [] : warmUpCharges(group, cold.tier, options)),
    ...readCharges(group, options),
  ];
  return {
    ...{ group, tier: cold?.tier, wait: cold?.wait },
    isSlower: cold !== undefined && cold.tier !== options.tier,
    ...costOf(chargeLines(options.prices, charges)),
  };
}

function warmUpCharges(
  { storageClass, archive, objects, bytes }: RestoreGroup,
  tier: Tier,
  { region, days }: RestoreQuoteOptions,
): Charge[] {
  const place = placeText(storageClass, archive);
  const price = { region, storageClass: archive ?? storageClass, tier };
  const what = `${tier} restore requests in ${place}`;
  const charges: Charge[] = [
    { ...price, item: "retrieval-request", amount: objects, what },
    { ...price, item: "retrieval", amount: bytes, what: `${tier} retrieval from ${place}` },
  ];
  // Intelligent-Tiering moves the object itself back: no copy beside it.
  if (archive !== undefined) return charges;
  const time = `${days === 1 ? "a day" : `${days} days`} and to the midnight after`;
  return [...charges, {
    ...{ region, item: "storage", storageClass: "STANDARD", amount: bytes },
    // At most: a copy of one minute past midnight is kept for a whole day more.
    ...{ months: (days + 1) / MONTH_DAYS, what: `restored copies from ${place} for ${time}` },
  }];
}

const READ_CHARGED = new Set(["STANDARD_IA", "ONEZONE_IA", "GLACIER_IR"]);

/** AWS: classes that charge for each byte that is read, without a warm-up. */
export function isReadCharged(storageClass: string): boolean {
  return READ_CHARGED.has(storageClass);
}

function readCharges(
  { storageClass, fetched, gets }: RestoreGroup,
  { region }: RestoreQuoteOptions,
): Charge[] {
  const what = `retrieval from ${storageClass}`;
  return [
    ...(isReadCharged(storageClass)
      ? [{ region, item: "retrieval", storageClass, amount: fetched, what } as const]
      : []),
    { region, item: "get", storageClass, amount: gets, what: `GET requests to ${storageClass}` },
  ];
}

function placeText(storageClass: string, archive: ArchiveStatus | undefined): string {
  return archive === undefined ? storageClass : `${storageClass} (${archive})`;
}
