import type { PriceRow, Prices } from "./price.ts";

/**
 * Amazon S3 in us-east-1, list prices without free tier and discounts. A row is a figure that somebody
 * has read at its source on its date; what is not here is unknown, and the config can add it
 * (docs/costs.md). Regions differ by up to a half, so there is no row for "the others".
 */

interface Source {
  readonly source: string;
  readonly date: string;
}

/** The table of an article that names the AWS page and its day. */
const USAGE_AI: Source = {
  source: "usage.ai/blogs/aws/storage-cost/glacier-deep-archive-pricing (US East table)",
  date: "2026-06-05",
};
/** What AWS's own Price List API says, as a test of that repository quotes it. */
const PRICE_LIST_TEXTS: Source = {
  source: "AWS Price List descriptions, quoted in scttfrdmn/objectfs awsrates test",
  date: "2026-11-21",
};
/** Made from AWS's Price List API; requests to be restored are older there and not taken from it. */
const INFRACOST: Source = {
  source: "infracost 068dadf s3_bucket_test.golden (from the AWS Price List API)",
  date: "2026-11-21",
};
const GIST: Source = {
  source: "gist casouri/56e1e634e50d1ae023f3bb8ea4d053de",
  date: "2023-03-24",
};
const REPOST: Source = {
  source: "repost.aws/knowledge-center/s3-manage-data-retrieval",
  date: "2026-11-21",
};
const RETRIEVAL_OPTIONS: Source = {
  source: "AWS S3 user guide, restoring-objects-retrieval-options",
  date: "2026-11-21",
};
const EGRESS: Source = {
  source: "wring.co/blog/aws-data-transfer-pricing-guide; egresscost.com/aws",
  date: "2026-11-21",
};

/** A stored copy of AWS's own page, which has examples by hand for N. Virginia. */
const S3_PRICING: Source = {
  source: "aws.amazon.com/s3/pricing: S3 Batch Operations, compute checksum, US East (N. Virginia)",
  date: "2026-11-22",
};

const region = "us-east-1";

export const AWS_PRICES: Prices = {
  rows: [
    ...storage("STANDARD", [[0, 0.023], [51_200, 0.022], [512_000, 0.021]], GIST),
    ...storage("STANDARD_IA", [[0, 0.0125]], USAGE_AI),
    ...storage("ONEZONE_IA", [[0, 0.01]], USAGE_AI),
    // Of its frequent access tier, where objects begin: what the others save is not known here.
    ...storage("INTELLIGENT_TIERING", [[0, 0.023]], INFRACOST),
    ...storage("GLACIER_IR", [[0, 0.004]], USAGE_AI),
    ...storage("GLACIER", [[0, 0.0036]], USAGE_AI),
    ...storage("DEEP_ARCHIVE", [[0, 0.00099]], USAGE_AI),
    { region, item: "monitoring", storageClass: "INTELLIGENT_TIERING", usd: 0.0025, ...INFRACOST },

    ...requests("STANDARD", { put: 0.005, get: 0.0004 }, PRICE_LIST_TEXTS),
    ...requests("STANDARD_IA", { put: 0.01, get: 0.001 }, PRICE_LIST_TEXTS),
    ...requests("ONEZONE_IA", { put: 0.01, get: 0.001 }, PRICE_LIST_TEXTS),
    ...requests("INTELLIGENT_TIERING", { put: 0.005, get: 0.0004 }, PRICE_LIST_TEXTS),
    ...requests("GLACIER_IR", { put: 0.02, get: 0.01 }, PRICE_LIST_TEXTS),
    ...requests("GLACIER", { put: 0.03, get: 0.0004 }, INFRACOST),
    ...requests("DEEP_ARCHIVE", { put: 0.05, get: 0.0004 }, INFRACOST),
    {
      ...{ region, item: "delete", usd: 0 },
      source: "aws.amazon.com/s3/faqs: DELETE requests, no charge",
      date: "2026-11-21",
    },

    { region, item: "retrieval", storageClass: "STANDARD_IA", usd: 0.01, ...USAGE_AI },
    { region, item: "retrieval", storageClass: "ONEZONE_IA", usd: 0.01, ...USAGE_AI },
    { region, item: "retrieval", storageClass: "GLACIER_IR", usd: 0.03, ...USAGE_AI },
    ...warmUp("GLACIER", "Expedited", { gb: 0.03, request: 10 }, REPOST),
    ...warmUp("GLACIER", "Standard", { gb: 0.01, request: 0.05 }, REPOST),
    ...warmUp("GLACIER", "Bulk", { gb: 0, request: 0 }, RETRIEVAL_OPTIONS),
    ...warmUp("DEEP_ARCHIVE", "Standard", { gb: 0.02, request: 0.1 }, GIST),
    ...warmUp("DEEP_ARCHIVE", "Bulk", { gb: 0.0025, request: 0.025 }, GIST),
    // Expedited from Intelligent-Tiering has a price, which nobody has found: it is unknown.
    ...warmUp("ARCHIVE_ACCESS", "Standard", { gb: 0, request: 0 }, RETRIEVAL_OPTIONS),
    ...warmUp("ARCHIVE_ACCESS", "Bulk", { gb: 0, request: 0 }, RETRIEVAL_OPTIONS),
    ...warmUp("DEEP_ARCHIVE_ACCESS", "Standard", { gb: 0, request: 0 }, RETRIEVAL_OPTIONS),
    ...warmUp("DEEP_ARCHIVE_ACCESS", "Bulk", { gb: 0, request: 0 }, RETRIEVAL_OPTIONS),

    // Without the 100 GB a month that are free to an account: whoever has them left says so.
    ...([[0, 0.09], [10_240, 0.085], [51_200, 0.07], [153_600, 0.05]] as const)
      .map(([from, usd]): PriceRow => ({ region, item: "egress", from, usd, ...EGRESS })),

    { region, item: "batch-job", usd: 0.25, ...S3_PRICING },
    { region, item: "batch-object", usd: 1, ...S3_PRICING },
    { region, item: "checksum", usd: 0.004, ...S3_PRICING },
  ],
};

function storage(
  storageClass: string,
  steps: readonly (readonly [from: number, usd: number])[],
  read: Source,
): PriceRow[] {
  return steps.map(([from, usd]) => ({
    ...{ region, item: "storage", storageClass, usd, ...read },
    ...(from === 0 ? {} : { from }),
  }));
}

function requests(
  storageClass: string,
  { put, get }: { readonly put: number; readonly get: number },
  read: Source,
): PriceRow[] {
  return [
    { region, item: "put", storageClass, usd: put, ...read },
    { region, item: "get", storageClass, usd: get, ...read },
  ];
}

function warmUp(
  storageClass: string,
  tier: NonNullable<PriceRow["tier"]>,
  { gb, request }: { readonly gb: number; readonly request: number },
  read: Source,
): PriceRow[] {
  return [
    { region, item: "retrieval", storageClass, tier, usd: gb, ...read },
    { region, item: "retrieval-request", storageClass, tier, usd: request, ...read },
  ];
}
