import { type Tier, TIERS } from "../core/cold/restore_state.ts";
import type { PriceItem } from "../core/cost/price.ts";
import { isReadCharged } from "../core/cost/quote_restore.ts";
import { isCold, tierFor } from "../core/cost/restore_wait.ts";
import { ARCHIVE_TIERS } from "./config_keys.ts";

/** Why no bill would ever ask for a price, and what to do about it. */
export interface UnusedPrice {
  /** The key that is in the way; undefined where one is missing, or the whole price is. */
  readonly key?: "storage_class" | "tier";
  readonly what: string;
  readonly hint: string;
}

export interface PriceName {
  readonly item: PriceItem | undefined;
  readonly storageClass?: string;
  readonly tier?: Tier;
}

/** Items whose prices are those of a class, and of a class and a tier. */
const BY_CLASS: readonly PriceItem[] = [
  ...["storage", "put", "get", "retrieval", "retrieval-request", "monitoring"] as const,
];
const BY_TIER: readonly PriceItem[] = ["retrieval", "retrieval-request"];

/** [] where some bill may need it, or where nothing can be said yet. */
export function unusedPrice({ item, storageClass, tier }: PriceName): UnusedPrice[] {
  if (item === undefined) return [];
  const isByClass = BY_CLASS.includes(item);
  const isByTier = BY_TIER.includes(item);
  const found: (UnusedPrice | undefined)[] = [];
  if ((storageClass !== undefined) !== isByClass) {
    const fault = isByClass ? "is missing" : "has no meaning";
    const what = `storage_class ${fault} for the item ${item}`;
    found.push({ what, hint: `by class are ${BY_CLASS.join(", ")}` });
  }
  if (!isByTier && tier !== undefined) found.push(meaningless("tier", `for the item ${item}`));
  if (isByClass && storageClass !== undefined) {
    const isOfClass = isByTier ? unusedTier : unusedClass;
    found.push(isOfClass(item, storageClass, tier));
  }
  return found.filter((one) => one !== undefined);
}

function unusedClass(item: PriceItem, storageClass: string): UnusedPrice | undefined {
  const isArchiveTier = (ARCHIVE_TIERS as readonly string[]).includes(storageClass);
  const isWatched = storageClass === "INTELLIGENT_TIERING";
  if (!isArchiveTier && (item !== "monitoring" || isWatched)) return undefined;
  return {
    ...{ key: "storage_class", what: `no ${item} is counted for ${storageClass}` },
    hint: 'write "INTELLIGENT_TIERING", whose objects are counted as one',
  };
}

function unusedTier(
  item: PriceItem,
  storageClass: string,
  tier: Tier | undefined,
): UnusedPrice | undefined {
  if (isCold(storageClass)) {
    const tiers = TIERS.filter((name) => tierFor(name, storageClass)?.tier === name);
    if (tier !== undefined && tiers.includes(tier)) return undefined;
    const hint = `write tier = ${tiers.map((name) => JSON.stringify(name)).join(" or ")}`;
    return tier === undefined
      ? { what: `tier is missing: ${storageClass} has a price for each`, hint }
      : { key: "tier", what: `${storageClass} has no such tier`, hint };
  }
  if (item === "retrieval" && isReadCharged(storageClass)) {
    return tier === undefined ? undefined : meaningless("tier", `for ${storageClass}`);
  }
  const what = `no ${item} is counted for ${storageClass}`;
  return { key: "storage_class", what, hint: "remove this price" };
}

function meaningless(key: "tier", why: string): UnusedPrice {
  return { key, what: `has no meaning ${why}`, hint: "remove this line" };
}
