/** What docs/cold_storage.md shows of a plan is what the program prints. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../scripts/project_root.ts";
import type { RestorePlan } from "../../src/core/cold/restore_plan.ts";
import { TIERS } from "../../src/core/cold/restore_state.ts";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { quoteRestore } from "../../src/core/cost/quote_restore.ts";
import { restorePlanLines } from "../../src/report/restore_plan_text.ts";
import { codeBlocks, readPage } from "./markdown.ts";

const GIB = 2 ** 30;
const none = { objects: 0, bytes: 0 };
const archived = { objects: 2000, bytes: 41 * GIB };

/** 2,000 films in DEEP_ARCHIVE, and 104 small files that are not archived. */
function plan(): RestorePlan {
  const groups = [
    { storageClass: "DEEP_ARCHIVE", ...archived, fetched: archived.bytes, gets: 2000 },
    { storageClass: "STANDARD", ...none, fetched: 1.2 * 2 ** 20, gets: 104 },
  ];
  const setting = { prices: AWS_PRICES, region: "us-east-1", egress: true, days: 7 };
  const choices = TIERS.map((tier) => ({
    tier,
    quote: quoteRestore(groups, { ...setting, tier }),
  }));
  return {
    ...{ job: 3, isResumed: false, tier: "Bulk", days: 7, entries: 2104, bytes: 41 * GIB },
    ...{ cold: archived, warming: none, warm: none, asked: archived, approved: none },
    ...{ quote: choices[0].quote, choices, downloads: undefined },
  };
}

Deno.test("the plan in docs/cold_storage.md is what the program prints", () => {
  const page = readPage(join(projectRoot, "docs", "cold_storage.md"));
  const [shown] = codeBlocks(page).filter(({ info }) => info === "console");
  const lines = shown.code.split("\n");
  const from = lines.findIndex((line) => line.startsWith("plan of restore"));
  const to = lines.findIndex((line) => line.startsWith("price: "));
  assert.equal(lines.slice(from, to + 1).join("\n"), restorePlanLines(plan()).join("\n"));
});
