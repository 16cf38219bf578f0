/** Why a store lacks a feature and what follows from it: the sentences that every run shows. */
import type { HoldfastError } from "../core/error.ts";
import type { StoreFeatures } from "../ports/object_store.ts";

const without = {
  conditions: "two machines that write at once are noticed before the next write, not prevented",
  checksums: "uploads are protected by their signatures and by the SHA-256 in the log only",
  metadata: "the index can be rebuilt from the log only, not from the objects",
  encryption: "objects are stored as they are sent",
  multipart: "objects above 5 GiB are refused",
  lock: "whoever may delete objects can delete the backup",
} as const;

export const checksumsNotConfirmed =
  `the store takes CRC32 checksums but confirms none: ${without.checksums}`;

export const noVersions =
  "the store keeps no versions of objects: only the newest content of a file can be restored";

export const metadataLost = `the store does not keep metadata: ${without.metadata}`;

export const conditionIgnored = `the store ignores If-None-Match: ${without.conditions}`;

export const encryptionNotAsked = "not tried: the job does not set `sse`";

export const classNotAsked = "not tried: the job stores in STANDARD";

export function conditionRefused(refusal: HoldfastError): string {
  return `the store refuses If-None-Match (${codeOf(refusal)}): ${without.conditions}`;
}

export function putRefused(name: keyof StoreFeatures, refusal: HoldfastError): string {
  if (name === "checksums") {
    return `the store refuses CRC32 checksums (${codeOf(refusal)}): ${without.checksums}`;
  }
  if (name === "encryption") {
    return `the store refuses the encryption of \`sse\` or does not confirm it ` +
      `(${codeOf(refusal)}): ${without.encryption}`;
  }
  return `the store refuses metadata (${codeOf(refusal)}): ${without.metadata}`;
}

export function partChecksumsRefused(refusal: HoldfastError): string {
  return `the store refuses CRC32 checksums of multipart uploads (${codeOf(refusal)}): ` +
    without.checksums;
}

export function multipartRefused(refusal: HoldfastError): string {
  return `the store refuses multipart uploads (${codeOf(refusal)}): ${without.multipart}`;
}

export function classRefused(storageClass: string, refusal: HoldfastError): string {
  return `the store refuses storage class ${storageClass} (${codeOf(refusal)}): ` +
    "set `storage_class` to one that it has";
}

export function classChanged(storageClass: string, found: string): string {
  return `the store takes storage class ${storageClass} and stores ${found}: ` +
    "set `storage_class` to one that it has";
}

export function lockRefused(refusal: HoldfastError): string {
  return `the store locks no object (${codeOf(refusal)}): ${without.lock}; turn versioning and ` +
    "Object Lock on for the bucket, and give these credentials s3:PutObjectRetention and " +
    "s3:GetObjectRetention";
}

export const lockIgnored = `the store takes locks and keeps none: ${without.lock}`;

export const lockNeedsChecksums =
  `the store takes no CRC32 checksums, and locked objects need them: ${without.lock}`;

/** `NotImplemented 501` */
function codeOf({ context }: HoldfastError): string {
  return [context.code, context.status].filter((part) => part !== undefined).join(" ");
}

/** Nothing that the store lacks: the job does not ask for it. */
export function isNotTried(reason: string): boolean {
  return reason === encryptionNotAsked || reason === classNotAsked;
}
