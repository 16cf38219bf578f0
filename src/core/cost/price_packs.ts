import type { PackPlan, PackStep } from "../plan/pack_plan.ts";
import { addCosts, type Cost } from "./cost.ts";
import { type PackUploadOptions, packUploads } from "./pack_uploads.ts";
import { earlyByClass, type EarlyTally, priceDeletion } from "./price_deletion.ts";
import type { Pricing } from "./price_storage.ts";
import { priceUpload } from "./price_upload.ts";
import { quoteRestore } from "./quote_restore.ts";
import { billedBytes } from "./storage_tally.ts";

export interface PackCostOptions extends Pricing, PackUploadOptions {
  /** Whether what is read from the store leaves AWS. */
  readonly egress: boolean;
}

/** What a GET of packed contents fetches at most (app/plan_extents.ts). */
const GET_BYTES = 8 * 2 ** 20;

/** GETs that read so many bytes of packs, about. */
export function packedGets(bytes: number): number {
  return Math.ceil(bytes / GET_BYTES);
}

/**
 * What it costs to carry out a plan for packs: DELETE requests, early deletion, reading what only the
 * store has, and new packs. An upper bound for what is packed again: nothing is taken off for
 * compression.
 */
export function pricePackPlan(
  { steps, fromSource, fromStore, requests }: Omit<PackPlan, "left">,
  options: PackCostOptions,
): Cost {
  const early = steps.flatMap(earlyOf);
  const reads = [...Map.groupBy(steps, ({ pack }) => pack.storageClass)]
    .map(([storageClass, group]) => {
      const fetched = group.reduce((sum, { move }) => sum + move.fromStore, 0);
      return { storageClass, objects: 0, bytes: 0, fetched, gets: packedGets(fetched) };
    });
  return addCosts(
    priceDeletion({ requests, early: earlyByClass(early) }, options),
    quoteRestore(reads, { ...options, tier: "Bulk", days: 0 }),
    priceUpload(packUploads(fromSource + fromStore, options), options),
  );
}

/** What the early deletion of one pack is charged with. */
export function priceEarlyPack(step: PackStep, pricing: Pricing): Cost {
  return priceDeletion({ requests: 0, early: earlyOf(step) }, pricing);
}

function earlyOf({ pack: { storageClass, bytes }, chargedDays }: PackStep): EarlyTally[] {
  if (chargedDays === 0) return [];
  const byteDays = chargedDays === undefined
    ? undefined
    : billedBytes(storageClass, bytes) * chargedDays;
  return [{ storageClass, objects: 1, bytes, byteDays }];
}
