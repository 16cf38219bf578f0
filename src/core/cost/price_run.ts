import { copyRequests } from "../copy_parts.ts";
import type { AnyEvent } from "../event/event.ts";
import { isArchive } from "../mirror/storage_class.ts";
import { addCosts, type Charge, chargeLines, type Cost, type CostLine, costOf } from "./cost.ts";
import { deleteRequests } from "./price_deletion.ts";
import { priceLocks } from "./price_locks.ts";
import type { Pricing } from "./price_storage.ts";
import { countUpload, priceUpload, uploadOf, type UploadTally } from "./price_upload.ts";
import { batchCharges } from "./price_batch.ts";
import { egressCharge } from "./quote_restore.ts";

/** What a run has asked of the store, as far as its events tell. */
export interface RunTally {
  readonly uploads: Map<string, UploadTally>;
  /** Packs that the run has begun: their class, and the parts that were prepared. */
  readonly packs: Map<string, { readonly storageClass: string; parts: number }>;
  /** Uploads in parts that it has begun: bytes of a part by key. */
  readonly partSizes: Map<string, number>;
  /** Requests by class. */
  readonly copies: Map<string, number>;
  /** Objects whose lock was extended, by class. */
  readonly locks: Map<string, number>;
  deleteRequests: number;
  /** Of restores that no quote has. */
  restoredFiles: number;
  restoredBytes: number;
  /**
   * US dollars that were approved for restores from the archive, and spent beyond that, by number of
   * the restore; undefined where some of it is not known.
   */
  readonly quoted: Map<number, number | undefined>;
  /** Checksums that AWS was asked for: jobs, and objects in them. */
  readonly checksums: { jobs: number; objects: number };
}

export function noRun(): RunTally {
  return {
    ...{ uploads: new Map(), packs: new Map(), partSizes: new Map(), copies: new Map() },
    ...{
      locks: new Map(),
      deleteRequests: 0,
      restoredFiles: 0,
      restoredBytes: 0,
      quoted: new Map(),
    },
    checksums: { jobs: 0, objects: 0 },
  };
}

/** What became of a restore with a number. */
export interface RestoreFate {
  /** Position of the plan that holds: one that died while it was planned is planned anew. */
  readonly position: number;
  /** Archived objects that it needs: with none it has no quote. */
  readonly objects: number;
  /** Of what was approved, the part that was asked for: 1, or less where it was cancelled. */
  readonly share: number;
}

/** Undefined where nothing is known of a restore with this number. */
export type FateOf = (job: number) => RestoreFate | undefined;

/** Adds one event of the run. What left no event, such as LIST and HEAD, is not counted. */
export function countEvent(
  tally: RunTally,
  { type, data, position }: AnyEvent,
  fateOf: FateOf,
): void {
  switch (type) {
    case "UploadStarted":
      if (data.partSize !== undefined) tally.partSizes.set(data.key, data.partSize);
      return;
    case "ObjectsStored": {
      if (data.adopted !== undefined) return;
      const upload = uploadOf(tally.uploads, data.class);
      for (const { objects } of data.folders) {
        for (const { size } of objects) {
          countUpload(upload, Number(size ?? 0), requestsOf(tally, data.multipart, Number(size)));
        }
      }
      return;
    }
    case "ObjectCopied":
      for (const { objects } of data.folders) {
        for (const { size } of objects) countCopy(tally, data.class, Number(size ?? 0));
      }
      return;
    case "ObjectDeleted":
      tally.deleteRequests += deleteRequests(data.objects.length);
      return;
    case "PackStarted":
      tally.packs.set(data.pack, { storageClass: data.class, parts: 0 });
      return;
    case "PartPrepared": {
      const pack = tally.packs.get(data.pack);
      if (pack !== undefined) pack.parts++;
      return;
    }
    case "PackStored": {
      const { storageClass = "STANDARD", parts = 1 } = tally.packs.get(data.pack) ?? {};
      tally.packs.delete(data.pack);
      countUpload(uploadOf(tally.uploads, storageClass), Number(data.size), parts + 2);
      // Its index.
      countUpload(uploadOf(tally.uploads, "STANDARD"), 0, 1);
      return;
    }
    case "LogSegmentShipped":
      countUpload(uploadOf(tally.uploads, "STANDARD"), data.bytes ?? 0, 1);
      return;
    case "RenamesShipped":
    case "LogCheckpointed":
      countUpload(uploadOf(tally.uploads, "STANDARD"), 0, 1);
      return;
    case "LockExtended":
      for (const [name, objects] of Object.entries(data.objects)) {
        tally.locks.set(name, (tally.locks.get(name) ?? 0) + objects);
      }
      return;
    case "RestorePlanned": {
      const { job, objects = 0, quote, renames } = data;
      if (job === undefined || objects === 0) return;
      // Those of renames have one number, again and again.
      if (renames || fateOf(job)?.position === position) addQuote(tally, job, quote);
      return;
    }
    case "RestoreApproved": {
      const { job, quote, approved, slower } = data;
      // Without a quote it is a limit alone, or a tier that may be taken.
      if (quote !== undefined || (approved === undefined && slower === undefined)) {
        addQuote(tally, job, quote);
      }
      return;
    }
    case "WarmUpPlanned":
      if (data.cost !== undefined) addQuote(tally, data.job, data.cost);
      return;
    case "WarmUpRequested":
      if (data.unspent !== undefined) addQuote(tally, data.job, `-${data.unspent}`);
      return;
    case "BatchJobPlanned":
      // Those of a restore are in its quote.
      if (data.operation !== "checksum") return;
      tally.checksums.jobs++;
      tally.checksums.objects += data.objects;
      return;
    case "EntriesRestored":
      // A quote has its downloads in it, whenever they happen.
      if (data.job !== undefined && (fateOf(data.job)?.objects ?? 0) > 0) return;
      tally.restoredFiles += Number(data.entries);
      tally.restoredBytes += Number(data.bytes);
      return;
  }
}

/** Of an archive only what completes a copy in parts is at its rate. */
function countCopy({ copies }: RunTally, storageClass: string, size: number): void {
  const add = (to: string, more: number) => copies.set(to, (copies.get(to) ?? 0) + more);
  add(storageClass, 1);
  const parts = copyRequests(size) - 1;
  if (parts > 0) add(isArchive(storageClass) ? "STANDARD" : storageClass, parts);
}

/** Decimal digits; undefined: not known. */
function addQuote({ quoted }: RunTally, job: number, quote: string | undefined): void {
  const sum = quoted.has(job) ? quoted.get(job) : 0;
  quoted.set(job, quote === undefined || sum === undefined ? undefined : sum + Number(quote));
}

/** An upload in parts: its parts, and the requests that begin and end it. */
function requestsOf(tally: RunTally, multipart: string | undefined, size: number): number {
  if (multipart === undefined) return 1;
  const partSize = tally.partSizes.get(multipart);
  tally.partSizes.delete(multipart);
  // Encrypted uploads do not say how large their parts are; most have this size.
  return Math.ceil(size / (partSize ?? PART_SIZE)) + 2;
}

const PART_SIZE = 16 * 2 ** 20;

/** What a run has cost, without what is paid by the month. An estimate. */
export function priceRun(
  tally: RunTally,
  pricing: Pricing & { readonly egress: boolean },
  fateOf: FateOf,
): Cost {
  const { prices, region, egress } = pricing;
  const { copies, deleteRequests, restoredBytes, restoredFiles, quoted, checksums } = tally;
  const charges: Charge[] = [
    ...[...copies].map(([storageClass, amount]): Charge => ({
      ...{ region, item: "put", storageClass, amount },
      what: `COPY requests to ${storageClass}`,
    })),
    { region, item: "delete", amount: deleteRequests, what: "DELETE requests" },
    {
      ...{ region, item: "get", storageClass: "STANDARD", amount: restoredFiles },
      what: "GET requests, as of Standard",
    },
    ...(egress ? [egressCharge(region, restoredBytes)] : []),
    ...batchCharges(checksums, region),
  ];
  const quotes = [...quoted].map(([job, usd]) => quoteLine(usd, fateOf(job)?.share ?? 1));
  return addCosts(
    priceUpload(tally.uploads.values(), pricing),
    priceLocks({ extended: tally.locks }, pricing),
    costOf([...chargeLines(prices, charges), ...quotes]),
    checksums.jobs === 0 ? costOf([]) : costOf([READ_FOR_CHECKSUMS]),
  );
}

/** No event says how many bytes they were. */
const READ_FOR_CHECKSUMS: CostLine = {
  ...{ what: "checksums that AWS computes", quantity: 1, unit: "job" },
  ...{ unitPrice: undefined, usd: undefined },
};

function quoteLine(usd: number | undefined, share: number): CostLine {
  const paid = share === 0 ? 0 : usd === undefined ? undefined : usd * share;
  return { what: "warm-up as quoted", quantity: share, unit: "quote", unitPrice: usd, usd: paid };
}

/** Requests that are counted: PUTs with their parts, copies, extended locks, deletes. */
export function requestsIn({ uploads, copies, locks, deleteRequests }: RunTally): number {
  const puts = [...uploads.values()].reduce((sum, { objects, parts }) => sum + objects + parts, 0);
  const others = [...copies.values(), ...locks.values()];
  return puts + others.reduce((sum, count) => sum + count, 0) + deleteRequests;
}
