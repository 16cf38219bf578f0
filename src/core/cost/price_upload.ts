import { isArchive } from "../mirror/storage_class.ts";
import { addTally, countObject, emptyTally, type StorageTally } from "./storage_tally.ts";
import { type Charge, chargeLines, type Cost, costOf } from "./cost.ts";
import { priceStorage, type Pricing } from "./price_storage.ts";

/** Objects that are uploaded to one class. */
export interface UploadTally extends StorageTally {
  /** Requests that an object is not made by: those that begin an upload in parts, and its parts. */
  parts: number;
}

export function emptyUpload(storageClass: string): UploadTally {
  return { ...emptyTally(storageClass), parts: 0 };
}

/** `requests`: PUTs of it, of one part or several, with those that begin and end an upload. */
export function countUpload(tally: UploadTally, bytes: number, requests: number): void {
  countObject(tally, bytes);
  tally.parts += requests - 1;
}

export function addUpload(sum: UploadTally, part: Readonly<UploadTally>): void {
  addTally(sum, part);
  sum.parts += part.parts;
}

/** The tally of a class among those by class, made where there is none yet. */
export function uploadOf(tallies: Map<string, UploadTally>, storageClass: string): UploadTally {
  const found = tallies.get(storageClass);
  if (found !== undefined) return found;
  const tally = emptyUpload(storageClass);
  tallies.set(storageClass, tally);
  return tally;
}

/** Requests of an upload; bytes sent to S3 are free. */
export function priceUpload(
  tallies: Iterable<Readonly<UploadTally>>,
  { prices, region }: Pricing,
): Cost {
  const charges = [...tallies].flatMap(({ storageClass, objects, parts }): Charge[] => [
    {
      ...{ region, item: "put", storageClass, amount: objects },
      what: `PUT requests to ${storageClass}`,
    },
    {
      ...{ region, item: "put", amount: parts },
      // AWS, Multipart upload and pricing: only what completes it is at the rate of an archive.
      storageClass: isArchive(storageClass) ? "STANDARD" : storageClass,
      what: `parts of uploads to ${storageClass}`,
    },
  ]);
  return costOf(chargeLines(prices, charges));
}

/** What a plan to upload costs once, and what it adds to the cost of each month. */
export interface UploadCost {
  readonly once: Cost;
  readonly monthly: Cost;
}

export function priceUploadPlan(
  tallies: readonly Readonly<UploadTally>[],
  pricing: Pricing,
): UploadCost {
  return { once: priceUpload(tallies, pricing), monthly: priceStorage(tallies, pricing) };
}
