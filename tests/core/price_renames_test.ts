import assert from "node:assert/strict";
import { copyPartSize, copyRequests, LARGEST_COPY } from "../../src/core/copy_parts.ts";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { priceRenames, type RenamedGroup } from "../../src/core/cost/price_renames.ts";
import { countUpload, emptyUpload } from "../../src/core/cost/price_upload.ts";

const GB = 2 ** 30;
const OPTIONS = { prices: AWS_PRICES, region: "us-east-1", tier: "Bulk", days: 7 } as const;

function group(storageClass: string, objects: number, bytes: number): RenamedGroup {
  const uploads = emptyUpload(storageClass);
  for (let i = 0; i < objects; i++) countUpload(uploads, bytes, 1);
  const copyParts = objects * (copyRequests(bytes) - 1);
  return { storageClass, objects, bytes: uploads.bytes, uploads, copyParts, early: undefined };
}

function linesOf({ lines }: { lines: readonly { what: string; usd: number | undefined }[] }) {
  return Object.fromEntries(lines.map(({ what, usd }) => [what, Number(usd?.toFixed(6))]));
}

Deno.test("a copy is one request up to 5 GiB, and above it one a part beside two", () => {
  assert.deepEqual([copyRequests(0), copyRequests(LARGEST_COPY)], [1, 1]);
  assert.equal(copyRequests(LARGEST_COPY + 1), 21 + 2);
  assert.equal(copyRequests(50 * GB), 200 + 2);
  // 10,000 parts are the most.
  assert.equal(copyRequests(5000 * GB), 10_000 + 2);
  assert.equal(copyPartSize(50 * GB, 5 * 2 ** 20), Math.ceil(50 * GB / 10_000));
});

Deno.test("the parts of large copies are paid for: at Standard's rate where they go to an archive", () => {
  const plain = priceRenames([group("STANDARD", 1000, 50 * GB)], OPTIONS).copy;
  assert.deepEqual(linesOf(plain), {
    "COPY requests to STANDARD": 0.005,
    "parts of copies to STANDARD": 1.005,
    "DELETE requests": 0,
  });
  const asked = { ...group("DEEP_ARCHIVE", 1000, 50 * GB), isAsked: true as const };
  assert.deepEqual(linesOf(priceRenames([asked], OPTIONS).copy), {
    "COPY requests to DEEP_ARCHIVE": 0.05,
    "parts of copies to DEEP_ARCHIVE": 1.005,
    "DELETE requests": 0,
  });
});

Deno.test("where versions are kept the old ones are in the price: they are paid for until prune", () => {
  const asked = { ...group("DEEP_ARCHIVE", 10, GB), isAsked: true as const };
  const { copy, upload, alias, keepsFormer } = priceRenames([
    { ...asked, keepsFormer: true as const },
  ], OPTIONS);
  assert.equal(keepsFormer, true);
  const name = "old versions in DEEP_ARCHIVE, which stay until prune, for a month";
  const former = copy.lines.filter(({ what }) => what === name);
  assert.deepEqual(former.map(({ usd }) => Number(usd?.toFixed(6))), [0.0099, 0.000002]);
  assert.equal(upload.lines.filter(({ what }) => what === name).length, 2);
  assert.equal(alias.total.usd, 0);
  assert.equal(priceRenames([asked], OPTIONS).keepsFormer, false);
});

Deno.test("what was found in an archive tier is warmed up at the tier's price", () => {
  const tiering = group("INTELLIGENT_TIERING", 1000, GB);
  assert.equal(priceRenames([tiering], OPTIONS).copy.wait, undefined);
  const found = { storageClass: "INTELLIGENT_TIERING", archive: "DEEP_ARCHIVE_ACCESS" } as const;
  const { copy } = priceRenames([{ ...tiering, found }], OPTIONS);
  assert.equal(copy.wait?.text, "up to 48 hours");
  assert.ok(copy.lines.some(({ what }) => what.startsWith("Bulk restore requests in INTELL")));
});
