import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { type BatchNeeds, batchNeeds } from "../../src/core/batch/batch_needs.ts";
import type { Cost } from "../../src/core/cost/cost.ts";
import { packUploads } from "../../src/core/cost/pack_uploads.ts";
import { pricePackPlan } from "../../src/core/cost/price_packs.ts";
import { countEarly, type EarlyTally, priceDeletion } from "../../src/core/cost/price_deletion.ts";
import { priceRenames } from "../../src/core/cost/price_renames.ts";
import { priceStorage } from "../../src/core/cost/price_storage.ts";
import { countUpload, emptyUpload, priceUpload } from "../../src/core/cost/price_upload.ts";
import { quoteRestore, type RestoreGroup } from "../../src/core/cost/quote_restore.ts";
import { countObject, emptyTally, type StorageTally } from "../../src/core/cost/storage_tally.ts";
import { NO_MOVE, planOf } from "../../src/core/plan/pack_plan.ts";
import type { Tier } from "../../src/core/cold/restore_state.ts";

export const KB = 1024;
export const MB = 1024 * KB;
export const GB = 1024 * MB;
const DAY = 86_400_000;
const PRICING = { prices: AWS_PRICES, region: "us-east-1" };

function stored(storageClass: string, objects: number, bytes: number): StorageTally {
  const tally = emptyTally(storageClass);
  for (let i = 0; i < objects; i++) countObject(tally, bytes);
  return tally;
}

function uploaded(storageClass: string, objects: number, bytes: number, requests = 1) {
  const tally = emptyUpload(storageClass);
  for (let i = 0; i < objects; i++) countUpload(tally, bytes, requests);
  return tally;
}

/** All of it cold, and all of it wanted. */
function whole(storageClass: string, objects: number, bytes: number): RestoreGroup {
  return { storageClass, objects, bytes, fetched: bytes, gets: objects };
}

function restored(
  tier: Tier,
  groups: RestoreGroup[],
  more: { days?: number; egress?: boolean; batch?: BatchNeeds } = {},
) {
  return quoteRestore(groups, { ...PRICING, tier, days: 7, egress: true, ...more });
}

function early(storageClass: string, objects: number, bytes: number, age: number): EarlyTally[] {
  const tallies = new Map<string, EarlyTally>();
  for (let i = 0; i < objects; i++) {
    countEarly(tallies, { storageClass, bytes, storedAt: 0 }, age * DAY);
  }
  return [...tallies.values()];
}

/** 10,000 archived files of 10 MB, as issue 6 has them: half a year is not over. */
function renames() {
  return priceRenames([{
    ...{ storageClass: "DEEP_ARCHIVE", objects: 10_000, bytes: 10_000 * 10 * MB },
    uploads: uploaded("DEEP_ARCHIVE", 10_000, 10 * MB),
    early: early("DEEP_ARCHIVE", 10_000, 10 * MB, 60)[0],
  }], { ...PRICING, tier: "Bulk", days: 1 });
}

function repacked(): Cost {
  const pack = {
    ...{ id: 1, key: "packs/a", storageClass: "STANDARD_IA", bytes: 512 * MB, plain: 512 * MB },
    ...{ storedAt: 0, needed: 1, markers: 0, dead: 256 * MB },
  };
  const move = { ...NO_MOVE, fromStore: 256 * MB };
  const steps = Array.from({ length: 100 }, () => ({
    ...{ action: "repack" as const, pack, move, chargedDays: 10 },
  }));
  return pricePackPlan(planOf(steps), {
    ...{ ...PRICING, egress: true, storageClass: "STANDARD_IA", packSize: 512 * MB },
    ...{ partSize: 16 * MB, minArchiveSize: 128 * KB },
  });
}

/** Half of each class is named with a version: a job has names of one kind, and one class family. */
function batched(): Cost {
  const each = { objects: 1_000_000, versioned: 500_000 };
  const moved = { storageClass: "INTELLIGENT_TIERING", archive: "DEEP_ARCHIVE_ACCESS" } as const;
  const batch = batchNeeds(
    [{ storageClass: "DEEP_ARCHIVE", ...each }, { ...moved, ...each }],
    "Bulk",
  );
  const groups = [
    whole("DEEP_ARCHIVE", 1_000_000, 1_000_000 * 100 * KB),
    { ...whole("", 1_000_000, 1_000_000 * 100 * KB), ...moved },
  ];
  return restored("Bulk", groups, { egress: false, batch });
}

const PACKS = {
  ...{ storageClass: "DEEP_ARCHIVE", packSize: 512 * MB, partSize: 16 * MB },
  minArchiveSize: 128 * KB,
};

/** The scenarios of golden/cost_scenarios.txt, by name. */
export const SCENARIOS: Readonly<Record<string, () => Cost>> = {
  "store 1 TB in Standard": () => priceStorage([stored("STANDARD", 1024, GB)], PRICING),
  "store 100 TB in Standard": () => priceStorage([stored("STANDARD", 1024, 100 * GB)], PRICING),
  "store 1 TB in Deep Archive as 2,048 packs": () =>
    priceStorage([stored("DEEP_ARCHIVE", 2048, 512 * MB)], PRICING),
  "store 1,000,000 files of 100 KB in Deep Archive": () =>
    priceStorage([stored("DEEP_ARCHIVE", 1_000_000, 100 * KB)], PRICING),
  "store 1,000,000 files of 10 KB in Standard-IA": () =>
    priceStorage([stored("STANDARD_IA", 1_000_000, 10 * KB)], PRICING),
  "store 500 GB in Glacier Instant Retrieval and 10 GB in Standard": () =>
    priceStorage([stored("GLACIER_IR", 500, GB), stored("STANDARD", 10, GB)], PRICING),
  "store 100,000 files of 1 MB in Intelligent-Tiering": () =>
    priceStorage([stored("INTELLIGENT_TIERING", 100_000, MB)], PRICING),
  "upload 1,000,000 files to Deep Archive": () =>
    priceUpload([uploaded("DEEP_ARCHIVE", 1_000_000, 100 * KB)], PRICING),
  "upload 100 GB as packs of 512 MB to Deep Archive": () =>
    priceUpload(packUploads(100 * GB, PACKS), PRICING),
  "upload 1,000 films of 1 GB to Glacier in parts of 16 MB": () =>
    priceUpload([uploaded("GLACIER", 1000, GB, 66)], PRICING),
  "restore 1 TB of packs from Deep Archive by Bulk": () =>
    restored("Bulk", [whole("DEEP_ARCHIVE", 2048, 1024 * GB)]),
  "restore 1,000,000 files of 100 KB from Deep Archive by Bulk inside AWS": () =>
    restored("Bulk", [whole("DEEP_ARCHIVE", 1_000_000, 1_000_000 * 100 * KB)], { egress: false }),
  "restore 500 GB from Glacier by Standard for 3 days": () =>
    restored("Standard", [whole("GLACIER", 1000, 500 * GB)], { days: 3 }),
  "restore 20 GB from Glacier by Expedited": () =>
    restored("Expedited", [whole("GLACIER", 200, 20 * GB)]),
  "restore 15 TB from Standard over the internet": () =>
    restored("Bulk", [{ ...whole("STANDARD", 0, 15 * 1024 * GB), bytes: 0, gets: 1_000_000 }]),
  "restore 1 TB from Standard-IA inside AWS": () =>
    restored("Bulk", [{ ...whole("STANDARD_IA", 0, 1024 * GB), bytes: 0, gets: 100_000 }], {
      egress: false,
    }),
  "delete 1 TB of packs from Deep Archive after 60 days": () =>
    priceDeletion({ requests: 5, early: early("DEEP_ARCHIVE", 2048, 512 * MB, 60) }, PRICING),
  "rename 10,000 archived files of 10 MB by copies": () => renames().copy,
  "pack 100 half-dead packs in Standard-IA again": repacked,
  "restore 2,000,000 objects of 100 KB by 4 Batch Operations jobs inside AWS": () => batched(),
};
