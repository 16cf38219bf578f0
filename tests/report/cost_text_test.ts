import assert from "node:assert/strict";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { chargeLines, costOf } from "../../src/core/cost/cost.ts";
import { emptyTally } from "../../src/core/cost/storage_tally.ts";
import { quoteRestore } from "../../src/core/cost/quote_restore.ts";
import { planPrune } from "../../src/core/plan/prune_plan.ts";
import { planOf } from "../../src/core/plan/pack_plan.ts";
import { costLines, priceRecord, uploadCostLines } from "../../src/report/cost_text.ts";
import { workLines } from "../../src/report/pack_plan_text.ts";
import { prunePlanLines } from "../../src/report/prune_text.ts";
import { restoreCostLines, STORED_HEAD, storedLine } from "../../src/report/stored_cost_text.ts";

const GB = 2 ** 30;
const DAY = 86_400_000;
const region = "us-east-1";
const pricing = { prices: AWS_PRICES, region };

const puts = { region, item: "put", storageClass: "GLACIER", amount: 2500, what: "PUTs" } as const;
const storage = { ...puts, item: "storage", amount: 3 * GB, what: "storage" } as const;

Deno.test("a bill has a line for each item, and its sum last", () => {
  const cost = costOf(
    chargeLines(AWS_PRICES, [puts, { ...storage, region: "elsewhere" }, storage]),
  );
  assert.deepEqual(costLines(cost, "price"), [
    "  PUTs: 2,500 at $0.03 per 1,000 requests = $0.075",
    "  storage: 3 GB-month, no price is known",
    "  storage: 3 GB-month at $0.0036 per GB-month = $0.0108",
    "price: at least $0.0858 + unknown",
  ]);
});

Deno.test("what is paid once and what each month are told apart", () => {
  const [once, monthly] = [puts, storage].map((charge) =>
    costOf(chargeLines(AWS_PRICES, [charge]))
  );
  assert.equal(
    uploadCostLines({ once, monthly }).at(-1),
    "price: $0.075, and $0.0108 more a month",
  );
  assert.equal(uploadCostLines({ once, monthly: costOf([]) }).at(-1), "price: $0.075");
});

Deno.test("as JSON an unknown price is null, and in the list of what is unknown", () => {
  const cost = costOf(chargeLines(AWS_PRICES, [{ ...puts, region: "elsewhere" }]));
  assert.deepEqual(priceRecord("plan", cost), {
    ...{ record: "price", of: "plan", usd: 0, unknown: ["PUTs"] },
    lines: [{ what: "PUTs", quantity: 2.5, unit: "1,000 requests", unit_usd: null, usd: null }],
  });
});

Deno.test("prune tells the fee of each class, and what it does not know", () => {
  const item = {
    ...{ key: "a", version: "v", path: "a", bytes: 100 * GB, storageClass: "DEEP_ARCHIVE" },
    ...{ storedAt: 0, hidesOlder: false, isThere: true },
  };
  const plan = planPrune([item, { ...item, storageClass: "COLDEST" }], 60 * DAY);
  assert.deepEqual(prunePlanLines(plan, pricing).slice(1), [
    "cost: 1 DELETE request (free on AWS), and early deletion:",
    // 100 GB × 0.00099 × 120 ÷ 30
    "  1 object, 100 GiB, in DEEP_ARCHIVE for less than 180 days: the rest of these days is charged, $0.396",
    "  1 object, 100 GiB, in COLDEST: whether the class has a minimum duration is not known",
  ]);
});

Deno.test("a pack's fee is told with its days", () => {
  const pack = {
    ...{ id: 1, key: "packs/a", storageClass: "DEEP_ARCHIVE", bytes: 100 * GB, plain: 1 },
    ...{ storedAt: 0, needed: 0, markers: 0, dead: 1 },
  };
  const move = { fromSource: 0, fromStore: 0, hindrance: undefined };
  const plan = planOf([{ action: "delete", pack, move, chargedDays: 120 }]);
  assert.deepEqual(workLines(plan, pricing), [
    "cost: 1 DELETE request (free on AWS)",
    "  early deletion of packs/a, 100 GiB in DEEP_ARCHIVE: " +
    "120 days of its minimum duration are still charged, $0.396",
  ]);
  assert.match(workLines(plan, { ...pricing, region: "elsewhere" })[1], /charged, unknown$/);
});

Deno.test("storage stands in columns, restores by tier with their wait", () => {
  const tally = { ...emptyTally("STANDARD"), objects: 1200, bytes: 3 * GB };
  const cost = costOf(chargeLines(AWS_PRICES, [storage]));
  assert.deepEqual([STORED_HEAD, storedLine({ ...tally, cost }, "films/")], [
    "    objects       size       a month",
    "      1,200      3 GiB       $0.0108  films/",
  ]);
  const group = { storageClass: "DEEP_ARCHIVE", objects: 1, bytes: GB, fetched: GB, gets: 1 };
  const options = { ...pricing, days: 1, egress: false };
  const quotes = (["Bulk", "Expedited"] as const).map((tier) => ({
    tier,
    quote: quoteRestore([group], { ...options, tier }),
  }));
  assert.deepEqual(restoreCostLines(quotes), [
    "tier          price  wait",
    "Bulk       $0.00406  up to 48 hours",
    "Expedited   $0.0216  up to 12 hours: DEEP_ARCHIVE by Standard",
  ]);
});
