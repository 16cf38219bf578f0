import assert from "node:assert/strict";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { unusedPrice } from "../../src/cli/unused_price.ts";
import { PRICE_UNITS, type PriceRow, priceSteps, withPrices } from "../../src/core/cost/price.ts";
import { priceRegion } from "../../src/core/cost/price_region.ts";

/** What is wrong with a row of a price list. */
function faults({ region, item, usd, source, date, from }: PriceRow): string[] {
  return [
    ...(source.trim().length < 8 || /memory|not confirmed|unverified/i.test(source)
      ? ["no source"]
      : []),
    ...(/^20\d\d-[01]\d(-[0-3]\d)?$/.test(date) ? [] : ["no date"]),
    ...(Number.isFinite(usd) && usd >= 0 ? [] : ["no price"]),
    ...(region === "" || !(item in PRICE_UNITS) ? ["no place or item"] : []),
    ...(from === undefined || from >= 0 ? [] : ["no step"]),
  ];
}

Deno.test("every price says where and when it was read", () => {
  for (const row of AWS_PRICES.rows) assert.deepEqual(faults(row), [], JSON.stringify(row));
  const [row] = AWS_PRICES.rows;
  for (const source of ["", "a page", "from memory: not confirmed by a page"]) {
    assert.deepEqual(faults({ ...row, source }), ["no source"]);
  }
  assert.deepEqual(faults({ ...row, date: "" }), ["no date"]);
  assert.deepEqual(faults({ ...row, usd: NaN }), ["no price"]);
});

Deno.test("every price is one that some bill asks for", () => {
  for (const row of AWS_PRICES.rows) assert.deepEqual(unusedPrice(row), [], JSON.stringify(row));
});

Deno.test("no price is listed twice", () => {
  const names = AWS_PRICES.rows.map(({ region, item, storageClass, tier, from = 0 }) =>
    [region, item, storageClass, tier, from].join(" ")
  );
  assert.equal(new Set(names).size, names.length);
});

Deno.test("each class has a price for storage, PUT and GET, each archive for its tiers", () => {
  const region = "us-east-1";
  const known = (query: Omit<PriceRow, "region" | "usd" | "source" | "date">) =>
    priceSteps(AWS_PRICES, { region, ...query }).length > 0;
  const classes = ["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"];
  for (const storageClass of [...classes, "GLACIER", "DEEP_ARCHIVE"]) {
    for (const item of ["storage", "put", "get"] as const) {
      assert.ok(known({ item, storageClass }), `${item} ${storageClass}`);
    }
  }
  for (const item of ["retrieval", "retrieval-request"] as const) {
    for (const tier of ["Bulk", "Standard", "Expedited"] as const) {
      assert.ok(known({ item, storageClass: "GLACIER", tier }));
      const isThere = known({ item, storageClass: "DEEP_ARCHIVE", tier });
      assert.equal(isThere, tier !== "Expedited", "Deep Archive has no Expedited");
    }
  }
});

Deno.test("a price of one's own replaces all steps of the same price, and nothing else", () => {
  const own: PriceRow = {
    ...{ region: "us-east-1", item: "egress", usd: 0.02, source: "a contract", date: "2026-11-21" },
  };
  const prices = withPrices(AWS_PRICES, [own]);
  const { region } = own;
  assert.deepEqual(priceSteps(prices, { region, item: "egress" }), [own]);
  const [put] = priceSteps(prices, { region, item: "put", storageClass: "STANDARD" });
  assert.equal(put.usd, 0.005);
});

Deno.test("prices are asked for by AWS's region, by another server's endpoint, or for a folder", () => {
  const s3 = (endpoint: string | undefined, region?: string) =>
    priceRegion({ kind: "s3", endpoint, region });
  assert.equal(s3(undefined, "eu-central-1"), "eu-central-1");
  assert.equal(s3(undefined), "unknown region");
  assert.equal(s3("https://s3.eu-west-1.amazonaws.com", "eu-central-1"), "eu-west-1");
  assert.equal(s3("https://s3.dualstack.us-west-2.amazonaws.com"), "us-west-2");
  assert.equal(s3("https://s3.amazonaws.com"), "us-east-1");
  assert.equal(
    s3("https://s3.amazonaws.com.example.com", "us-east-1"),
    "https://s3.amazonaws.com.example.com",
  );
  assert.equal(s3("http://127.0.0.1:9000", "us-east-1"), "http://127.0.0.1:9000");
  assert.equal(priceRegion({ kind: "folder", endpoint: undefined, region: "us-east-1" }), "file");
});
