import assert from "node:assert/strict";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { addCosts, chargeLines, costOf } from "../../src/core/cost/cost.ts";
import { checkMaxCost } from "../../src/core/cost/max_cost.ts";
import { addMoney, isKnown, knownMoney, NO_COST, unknownMoney } from "../../src/core/cost/money.ts";
import { moneyText, usdText } from "../../src/core/cost/money_text.ts";
import { priceBackup } from "../../src/core/cost/price_backup.ts";
import { countEarly, type EarlyTally, priceDeletion } from "../../src/core/cost/price_deletion.ts";
import { priceRenames } from "../../src/core/cost/price_renames.ts";
import { countUpload, emptyUpload } from "../../src/core/cost/price_upload.ts";
import { type Prices, withPrices } from "../../src/core/cost/price.ts";
import { priceChecksums } from "../../src/core/cost/price_batch.ts";
import { quoteRestore } from "../../src/core/cost/quote_restore.ts";
import { tierFor } from "../../src/core/cost/restore_wait.ts";
import { isKind } from "../../src/core/error.ts";

const GB = 2 ** 30;
const DAY = 86_400_000;
const region = "us-east-1";
const prices = AWS_PRICES;

Deno.test("what is unknown stays unknown in a sum, once, and is never 0", () => {
  const sum = addMoney(knownMoney(1.5), unknownMoney("egress"), unknownMoney("egress"));
  assert.deepEqual(sum, { usd: 1.5, unknown: ["egress"] });
  assert.deepEqual([isKnown(sum), isKnown(addMoney(NO_COST, knownMoney(2)))], [false, true]);
  assert.equal(moneyText(sum), "at least $1.50 + unknown");
  assert.equal(moneyText(unknownMoney("egress")), "unknown");
});

Deno.test("amounts are told to the cent, small ones to three digits", () => {
  const texts = [0, 0.00001, 0.00042, 0.0425, 0.99949, 0.9999, 1.5, 1234.5, 1e6].map(usdText);
  assert.deepEqual(texts, [
    ...["$0", "less than $0.0001", "$0.0004", "$0.0425", "$0.999", "$1.00", "$1.50"],
    ...["$1,234.50", "$1,000,000.00"],
  ]);
});

Deno.test("a charge in another region has a line, and no price", () => {
  const put = { item: "put", storageClass: "STANDARD", amount: 2500, what: "PUTs" } as const;
  const lines = chargeLines(prices, [
    { ...put, region },
    { ...put, region: "eu-central-1" },
    { ...put, region: "eu-central-1", amount: 0 },
  ]);
  assert.deepEqual(lines, [
    { what: "PUTs", quantity: 2.5, unit: "1,000 requests", unitPrice: 0.005, usd: 0.0125 },
    {
      ...{ what: "PUTs", quantity: 2.5, unit: "1,000 requests" },
      ...{ unitPrice: undefined, usd: undefined },
    },
  ]);
  assert.deepEqual(costOf(lines).total, { usd: 0.0125, unknown: ["PUTs"] });
});

Deno.test("a price list that begins above 0 does not know what is below", () => {
  const row = {
    region: "r",
    item: "egress",
    from: 100,
    usd: 1,
    source: "a page",
    date: "2026-11",
  } as const;
  const [line] = chargeLines({ rows: [row] }, [
    { region: "r", item: "egress", amount: 200 * GB, what: "egress" },
  ]);
  assert.deepEqual([line.quantity, line.usd], [200, undefined]);
});

const cold = (storageClass: string) => ({
  ...{ storageClass, objects: 10, bytes: 10 * GB, fetched: 10 * GB, gets: 10 },
});
const quote = { tier: "Bulk", days: 7, prices, region, egress: true } as const;

Deno.test("a class that lacks a tier is asked with the next slower one, and the quote says so", () => {
  const { groups, wait } = quoteRestore([cold("DEEP_ARCHIVE"), cold("GLACIER")], {
    ...quote,
    tier: "Expedited",
  });
  assert.deepEqual(groups.map(({ tier, isSlower }) => [tier, isSlower]), [
    ["Standard", true],
    ["Expedited", false],
  ]);
  assert.deepEqual([groups[0].wait?.text, wait?.text], ["up to 12 hours", "up to 12 hours"]);
  assert.match(groups[1].wait!.text, /^1 to 5 minutes/);
});

Deno.test("waits are AWS's, by class and tier", () => {
  const waits = (storageClass: string) =>
    (["Bulk", "Standard"] as const).map((tier) =>
      tierFor(tier, storageClass)!.wait.atMost / 3_600_000
    );
  assert.deepEqual([waits("DEEP_ARCHIVE"), waits("GLACIER")], [[48, 12], [12, 5]]);
  assert.equal(tierFor("Bulk", "GLACIER_IR"), undefined);
});

Deno.test("what is warm already costs its download alone", () => {
  const warm = { ...cold("DEEP_ARCHIVE"), objects: 0, bytes: 0, fetched: 200 * GB };
  const { groups, wait, total, lines } = quoteRestore([warm], quote);
  assert.deepEqual([groups[0].tier, wait], [undefined, undefined]);
  assert.deepEqual(lines.map(({ what }) => what), [
    "GET requests to DEEP_ARCHIVE",
    "egress to the internet",
  ]);
  assert.equal(Math.round(total.usd * 100), 1800);
});

Deno.test("egress is not charged to a machine in the region; its steps are those of all groups", () => {
  const groups = [cold("STANDARD"), cold("STANDARD")].map((group) => ({
    ...group,
    fetched: 6 * 1024 * GB,
  }));
  const usd = (egress: boolean) => quoteRestore(groups, { ...quote, egress }).total.usd;
  assert.ok(Math.abs(usd(true) - usd(false) - (10_240 * 0.09 + 2048 * 0.085)) < 1e-9);
});

Deno.test("a free allowance is taken off where the config has it as a step, and else is not", () => {
  const step = { region, item: "egress", source: "the account", date: "2026-11" } as const;
  const own = withPrices(prices, [{ ...step, usd: 0 }, { ...step, from: 100, usd: 0.09 }]);
  const warm = { ...cold("DEEP_ARCHIVE"), objects: 0, bytes: 0, fetched: 150 * GB, gets: 0 };
  const usd = (list: Prices) => quoteRestore([warm], { ...quote, prices: list }).total.usd;
  assert.deepEqual([usd(prices), usd(own)], [13.5, 4.5]);
});

Deno.test("restored copies are paid for to the midnight after their days: a day more at most", () => {
  const copies = (days: number) =>
    quoteRestore([cold("GLACIER")], { ...quote, days, egress: false }).lines
      .find(({ what }) => what.startsWith("restored copies"))!;
  assert.ok(Math.abs(copies(7).usd! - 10 * 8 / 30 * 0.023) < 1e-9);
  assert.ok(Math.abs(copies(1).usd! - 10 * 2 / 30 * 0.023) < 1e-9);
  assert.match(copies(1).what, / for a day and to the midnight after$/);
});

Deno.test("steps are of GB-months: what is kept for a week fills a quarter of them", () => {
  const group = { ...cold("GLACIER"), bytes: 100 * 1024 * GB };
  const copies = quoteRestore([group], { ...quote, days: 6, egress: false }).lines
    .filter(({ what }) => what.startsWith("restored copies"));
  assert.deepEqual(copies.map(({ unitPrice }) => unitPrice), [0.023]);
  assert.ok(Math.abs(copies[0].quantity - 102_400 * 7 / 30) < 1e-6);
});

Deno.test("jobs of Batch Operations and their objects are in the quote, and unknown elsewhere", () => {
  const batch = { jobs: 2, objects: 100 };
  const more = (at: string) => quoteRestore([cold("GLACIER")], { ...quote, region: at, batch });
  const { lines, total } = more(region);
  assert.deepEqual(lines.slice(-3).map(({ usd }) => usd?.toFixed(6)), [
    "0.500000",
    "0.000100",
    "0.900000",
  ]);
  assert.deepEqual(total.unknown, []);
  const elsewhere = more("eu-central-1").total.unknown;
  assert.ok(elsewhere.includes("Batch Operations jobs"));
  assert.ok(elsewhere.includes("objects in Batch Operations jobs"));
  const sums = priceChecksums({ jobs: 1, objects: 1_000_000, bytes: 2000 * GB }, {
    prices,
    region,
  });
  // AWS's own example: $1.25 and $8.00.
  assert.equal(sums.total.usd, 9.25);
});

Deno.test("objects in an archive tier of Intelligent-Tiering come back without a copy", () => {
  const group = { ...cold("INTELLIGENT_TIERING"), archive: "DEEP_ARCHIVE_ACCESS" } as const;
  const { lines, wait, total } = quoteRestore([group], quote);
  assert.equal(wait?.text, "up to 48 hours");
  assert.ok(lines.every(({ what }) => !what.startsWith("restored copies")));
  assert.deepEqual(total.unknown, []);
  const fast = quoteRestore([{ ...group, archive: "ARCHIVE_ACCESS" }], {
    ...quote,
    tier: "Expedited",
  });
  assert.equal(fast.total.unknown.length, 2, "its Expedited has a price that nobody has found");
});

Deno.test("a limit stops what costs more, and what may", () => {
  checkMaxCost(knownMoney(5), 5);
  checkMaxCost(unknownMoney("egress"), undefined);
  assert.throws(
    () => checkMaxCost(knownMoney(5.01), 5),
    (error) => isKind(error, "cost") && error.message === "it costs $5.01, above $5.00",
  );
  assert.throws(
    () => checkMaxCost(addMoney(knownMoney(1), unknownMoney("egress")), 5),
    (error) => isKind(error, "cost") && error.message.includes("no price is known for egress"),
  );
  assert.throws(() => checkMaxCost(unknownMoney("egress"), 0), (error) => isKind(error, "cost"));
});

function early(storageClass: string, bytes: number, storedAt: number | undefined, now: number) {
  const tallies = new Map<string, EarlyTally>();
  countEarly(tallies, { storageClass, bytes, storedAt }, now);
  return [...tallies.values()];
}

Deno.test("early deletion is charged in proportion to the days that are left", () => {
  const usd = (storageClass: string, age: number) => {
    const deletion = { requests: 1, early: early(storageClass, GB, 0, age * DAY) };
    return Number(priceDeletion(deletion, { prices, region }).total.usd.toFixed(5));
  };
  assert.deepEqual([usd("DEEP_ARCHIVE", 0), usd("DEEP_ARCHIVE", 90)], [0.00594, 0.00297]);
  assert.deepEqual([usd("DEEP_ARCHIVE", 180), usd("STANDARD", 0)], [0, 0]);
  assert.deepEqual([usd("GLACIER", 60), usd("STANDARD_IA", 15)], [0.0036, 0.00625]);
  assert.equal(usd("GLACIER_IR", 89.5), Number((0.004 / 30).toFixed(5)), "a day begun is a day");
});

Deno.test("a fee is unknown where the class, or the age of one object, is", () => {
  for (const tallies of [early("OTHER", GB, 0, 0), early("GLACIER", GB, undefined, 0)]) {
    const { total } = priceDeletion({ requests: 1, early: tallies }, { prices, region });
    assert.equal(total.unknown.length, 1);
  }
  assert.deepEqual(early("STANDARD", GB, undefined, 0), []);
  const both = new Map<string, EarlyTally>();
  countEarly(both, { storageClass: "GLACIER", bytes: 1, storedAt: 0 }, 0);
  countEarly(both, { storageClass: "GLACIER", bytes: 1, storedAt: undefined }, 0);
  countEarly(both, { storageClass: "GLACIER", bytes: 1, storedAt: 0 }, 0);
  assert.deepEqual([...both.values()].map(({ objects, byteDays }) => [objects, byteDays]), [
    [3, undefined],
  ]);
});

Deno.test("an alias costs nothing; a copy of archived objects waits and costs, an upload less", () => {
  const uploads = emptyUpload("DEEP_ARCHIVE");
  for (let i = 0; i < 10_000; i++) countUpload(uploads, 10 * 2 ** 20, 1);
  const group = { storageClass: "DEEP_ARCHIVE", objects: 10_000, bytes: 10_000 * 10 * 2 ** 20 };
  const { alias, copy, upload } = priceRenames([{ ...group, uploads, early: undefined }], {
    ...{ prices, region, tier: "Bulk", days: 1 },
  });
  assert.deepEqual(alias, { lines: [], total: NO_COST });
  assert.deepEqual([copy.wait?.text, upload.total.usd], ["up to 48 hours", 0.5]);
  assert.ok(copy.total.usd > 1 && copy.total.usd < 1.2, `${copy.total.usd}`);
  assert.ok(!copy.lines.some(({ what }) => what.startsWith("egress")));
});

Deno.test("a backup's price has its renames by the way that was decided, and their fees once", () => {
  const uploads = emptyUpload("DEEP_ARCHIVE");
  for (let i = 0; i < 1000; i++) countUpload(uploads, GB / 10, 1);
  const [fee] = early("DEEP_ARCHIVE", 100 * GB, 0, 0);
  const group = {
    storageClass: "DEEP_ARCHIVE",
    objects: 1000,
    bytes: 100 * GB,
    uploads,
    early: fee,
  };
  const plan = { uploads: [], deletions: [], early: [] };
  const options = { prices, region, tier: "Bulk", days: 1 } as const;
  const once = (way: "alias" | "upload" | "warm-up") =>
    priceBackup({ ...plan, renamed: [{ ...group, way }] }, options).once;
  const log = 4 * 0.005 / 1000;
  // 100 GB × 0.00099 × 6 months.
  const paid = 0.594;
  assert.ok(Math.abs(once("alias").total.usd - log) < 1e-9);
  assert.ok(Math.abs(once("upload").total.usd - (log + 0.05 + paid)) < 1e-5);
  const warmUp = 0.025 + 0.25 + 100 * 2 / 30 * 0.023;
  assert.ok(Math.abs(once("warm-up").total.usd - (log + warmUp + 0.05 + paid)) < 1e-5);
});

Deno.test("the cost of several is the sum of their lines", () => {
  const one = quoteRestore([cold("GLACIER")], quote);
  const sum = addCosts(one, one);
  assert.equal(sum.lines.length, 2 * one.lines.length);
  assert.ok(Math.abs(sum.total.usd - 2 * one.total.usd) < 1e-9);
});
