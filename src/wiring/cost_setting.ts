import type { JobConfig } from "../cli/job_config.ts";
import { AWS_PRICES } from "../core/cost/aws_prices.ts";
import { withPrices } from "../core/cost/price.ts";
import { priceRegion } from "../core/cost/price_region.ts";
import type { Pricing } from "../core/cost/price_storage.ts";

/** The prices of a job's store: the config's own go before the program's. */
export interface CostSetting extends Pricing {
  /** Whether downloads are charged as traffic to the internet. */
  readonly egress: boolean;
  /** US dollars; undefined: no limit. */
  readonly maxCost: number | undefined;
}

/** `env` reads a variable: the SDK takes region and endpoint from the environment, too. */
export function costSetting(
  { repository, s3, prices, egress, maxCost }: JobConfig,
  env: (name: string) => string | undefined = Deno.env.get,
): CostSetting {
  const set = (...names: string[]) =>
    names.map(env).find((value) => value !== undefined && value !== "");
  return {
    prices: withPrices(AWS_PRICES, prices),
    region: priceRegion({
      kind: repository.kind,
      endpoint: s3.endpoint ?? set("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
      region: s3.region ?? set("AWS_REGION", "AWS_DEFAULT_REGION"),
    }),
    egress: egress === "internet",
    maxCost,
  };
}
