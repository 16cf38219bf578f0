import type {
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  RestoreStatus,
} from "@aws-sdk/client-s3";
import { readRestoreHeader } from "../../core/cold/restore_header.ts";
import type { ListedObject, ObjectHead } from "../../ports/object_store.ts";

/** `x-amz-restore` and, of HEAD, `x-amz-archive-status`. */
export function headRestore(
  answer: HeadObjectCommandOutput | GetObjectCommandOutput,
): Pick<ObjectHead, "restore" | "archiveTier"> {
  const restore = readRestoreHeader(answer.Restore);
  const tier = "ArchiveStatus" in answer ? answer.ArchiveStatus : undefined;
  return {
    ...(restore === undefined ? {} : { restore }),
    ...(tier === undefined ? {} : { archiveTier: tier }),
  };
}

/**
 * `RestoreStatus` of the objects of a page that it was asked for. Those without one have null, where
 * the store is known to tell it: AWS does, and so does one that tells it of another object of the page.
 */
export function listedRestores(
  statuses: readonly (RestoreStatus | undefined)[],
  isAws: boolean,
): Pick<ListedObject, "restore">[] {
  const isTold = isAws || statuses.some((status) => status?.IsRestoreInProgress !== undefined);
  return statuses.map((status) => {
    const { IsRestoreInProgress: isOngoing, RestoreExpiryDate: expiry } = status ?? {};
    // No request was made, or its copy has expired.
    if (isOngoing === undefined) return isTold ? { restore: null } : {};
    if (isOngoing) return { restore: { kind: "warming" } };
    // AWS names the date with each copy: what is without one HEAD has to explain.
    return expiry === undefined ? {} : { restore: { kind: "warm", expiry: expiry.getTime() } };
  });
}
