import type { Tier } from "../cold/restore_state.ts";
import { isArchive } from "../mirror/storage_class.ts";
import { addCosts, type Charge, chargeLines, type Cost, costOf } from "./cost.ts";
import { deleteRequests, type EarlyTally, priceDeletion } from "./price_deletion.ts";
import { type Pricing } from "./price_storage.ts";
import { priceUpload, type UploadTally } from "./price_upload.ts";
import { quoteRestore } from "./quote_restore.ts";
import { type ArchiveStatus, isCold, type RestoreWait } from "./restore_wait.ts";

/** Moved objects of one class. */
export interface RenamedGroup {
  readonly storageClass: string;
  readonly objects: number;
  readonly bytes: number;
  /** PUTs in all where they are uploaded again: one each, and the parts of large ones. */
  readonly uploads: UploadTally;
  /** Requests of copies beyond one each: S3 copies what is above 5 GiB in parts. */
  readonly copyParts?: number;
  /** What goes early where the old objects are deleted; undefined where none does. */
  readonly early: EarlyTally | undefined;
  /** Archived objects that are warm or warming: nothing more is asked for. */
  readonly isAsked?: true;
  /** Where the store has them by now, if elsewhere than in the class that they go on with. */
  readonly found?: FoundPlace;
  /** Versions are kept: the old ones are stored, and paid for, until prune removes them. */
  readonly keepsFormer?: true;
}

export interface FoundPlace {
  readonly storageClass: string;
  readonly archive?: ArchiveStatus;
}

export interface RenameOptions extends Pricing {
  readonly tier: Tier;
  /** For which restored copies are kept, where archived objects are copied. */
  readonly days: number;
}

/** What each way to settle renames costs. */
export interface RenamePrices {
  /** The content stays under its old key: no request. */
  readonly alias: Cost;
  /** Archived objects are warmed up first; then a copy each, and the old ones are deleted. */
  readonly copy: Cost & { readonly wait: RestoreWait | undefined };
  /** The source is sent again, and the old objects are deleted. */
  readonly upload: Cost;
  /** Some old objects stay as versions: a month of them is in the prices of copy and upload. */
  readonly keepsFormer: boolean;
}

/**
 * The price of all three ways. A copy reads what it copies: retrieval of IA and Instant Retrieval is
 * paid as for a download, and nothing leaves AWS. AWS: CopyObject; S3 pricing.
 */
export function priceRenames(
  groups: readonly RenamedGroup[],
  options: RenameOptions,
): RenamePrices {
  const { prices } = options;
  const objects = groups.reduce((sum, group) => sum + group.objects, 0);
  const early = groups.flatMap((group) => group.early ?? []);
  const requests = deleteRequests(objects);
  const deletion = priceDeletion({ requests, early }, options);
  const reads = quoteRestore(groups.map(readOf), { ...options, egress: false });
  const former = chargeLines(prices, groups.flatMap((group) => formerCharges(group, options)));
  const left = addCosts(deletion, costOf(former));
  const copies = chargeLines(prices, groups.flatMap((group) => copyCharges(group, options)));
  return {
    alias: costOf([]),
    copy: { ...addCosts(reads, costOf(copies), left), wait: reads.wait },
    upload: addCosts(priceUpload(groups.map(({ uploads }) => uploads), options), left),
    keepsFormer: groups.some((group) => group.keepsFormer),
  };
}

/** No GET: CopyObject is one request, counted as such. */
function readOf({ storageClass: own, objects, bytes, isAsked, found }: RenamedGroup) {
  const { storageClass, archive } = found ?? { storageClass: own };
  const isToBeAsked = isCold(storageClass, archive) && !isAsked;
  const cold = isToBeAsked ? { objects, bytes } : { objects: 0, bytes: 0 };
  return { storageClass, ...(archive && { archive }), ...cold, fetched: bytes, gets: 0 };
}

/** AWS, Multipart upload and pricing: only what completes it is at the rate of an archive. */
function copyCharges(
  { storageClass, objects, copyParts = 0 }: RenamedGroup,
  { region }: Pricing,
): Charge[] {
  const copy = { region, item: "put" } as const;
  const partClass = isArchive(storageClass) ? "STANDARD" : storageClass;
  return [
    { ...copy, storageClass, amount: objects, what: `COPY requests to ${storageClass}` },
    {
      ...{ ...copy, storageClass: partClass, amount: copyParts },
      what: `parts of copies to ${storageClass}`,
    },
  ];
}

/** A month of the old objects, where they stay as versions. */
function formerCharges({ storageClass, uploads, keepsFormer }: RenamedGroup, { region }: Pricing) {
  if (!keepsFormer) return [];
  const what = `old versions in ${storageClass}, which stay until prune, for a month`;
  const storage = { region, item: "storage", what } as const;
  return [
    { ...storage, storageClass, amount: uploads.billed },
    { ...storage, storageClass: "STANDARD", amount: uploads.standard },
  ];
}
