import type { WarmUpSetting } from "../../src/app/warm_up_renames.ts";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { priceRenames } from "../../src/core/cost/price_renames.ts";
import { quoteRestore } from "../../src/core/cost/quote_restore.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import type { World } from "./app_world.ts";

const PRICING = { prices: AWS_PRICES, region: "us-east-1", days: 7 };

/** Moved archived objects are warmed up at AWS's prices; all of it is approved. */
export function renameSetting(
  { folder }: World,
  more: Partial<WarmUpSetting> = {},
): WarmUpSetting {
  return {
    work: sqliteWorkTables(folder),
    ...{ tier: "Bulk", days: PRICING.days, rate: 1e9 },
    price: (groups, tier) => quoteRestore(groups, { ...PRICING, egress: false, tier }),
    priceCopies: (groups) => priceRenames(groups, { ...PRICING, tier: "Bulk" }).copy,
    approve: () => Promise.resolve(true),
    mayCopy: () => true,
    ...more,
  };
}
