export interface StorePlace {
  readonly kind: "folder" | "s3";
  /** Undefined for AWS's own. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
}

/** `https://s3.eu-west-1.amazonaws.com` and the like are AWS: with their region, or us-east-1. */
const AWS_HOST =
  /^https?:\/\/s3(?:[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com$/;

/**
 * Under which name the prices of a store are listed: AWS's region, the endpoint of another server,
 * "file" for a folder. Where it is not known, "unknown region", which has no price.
 */
export function priceRegion({ kind, endpoint, region }: StorePlace): string {
  if (kind === "folder") return "file";
  if (endpoint === undefined) return region ?? "unknown region";
  const host = AWS_HOST.exec(endpoint);
  return host === null ? endpoint : host[1] ?? region ?? "us-east-1";
}
