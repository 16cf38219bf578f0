import type { ColdDeps } from "../../src/app/restore_deps.ts";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { quoteRestore } from "../../src/core/cost/quote_restore.ts";

/** AWS's prices, no question, and requests as fast as they go. */
export function coldDeps(more: Partial<ColdDeps> = {}): ColdDeps {
  const setting = { prices: AWS_PRICES, region: "us-east-1", egress: false };
  return {
    quote: (groups, as) => quoteRestore(groups, { ...setting, ...as }),
    show: () => {},
    approve: () => Promise.resolve(true),
    ...{ rate: 1_000_000, simulatedWait: 1000 },
    ...more,
  };
}
