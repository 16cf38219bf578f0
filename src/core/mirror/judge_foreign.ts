import { type ForeignTime, isNotedTime } from "./foreign_metadata.ts";
import { partsOfEtag, usualPartSizes } from "./foreign_parts.ts";

/** Checksums of whole objects that can be computed here, the one that says most first. */
export const CHECKSUMS = ["sha256", "sha1", "crc64nvme", "crc32"] as const;
export type ChecksumName = (typeof CHECKSUMS)[number];

/** How it is known that an object which another tool has made holds an entry's content. */
export type AdoptedBy =
  | "etag" // the MD5 of the content
  | ChecksumName // the store's own, of the whole object
  | "md5" // as the tool has noted it
  | "part-etag" // MD5s of parts of a usual size
  | "read" // the object was read
  | "mtime"; // nothing but size and time, as the tool has noted it

/** What the store says of an object that has a file's size. */
export interface ForeignFacts {
  readonly etag: string;
  /** Whether an ETag of 32 hex digits is the content's MD5; undefined where that was not asked. */
  readonly isEtagMd5: boolean | undefined;
  readonly checksums: Readonly<Partial<Record<ChecksumName, string>>>;
  readonly md5?: string;
  readonly mtime?: ForeignTime;
}

/** What has to be computed of the file to be compared. */
export interface WantedDigests {
  readonly md5: boolean;
  readonly checksum?: Exclude<ChecksumName, "sha256">;
  /** Bytes. */
  readonly partSizes: readonly number[];
}

/** Lower-case hex. */
export interface FileDigests {
  readonly sha256: string;
  readonly md5?: string;
  readonly checksum?: string;
  /** ETags that uploads in parts of the wanted sizes have. */
  readonly partEtags: readonly string[];
}

const PLAIN = /^[0-9a-f]{32}$/;

/** The ETag alone may decide: nothing else has to be asked of the store. */
export function hasPlainEtag({ etag }: Pick<ForeignFacts, "etag">): boolean {
  return PLAIN.test(etag);
}

/** Only what may decide, the surest first: a file is read once. */
export function digestsWanted(facts: ForeignFacts, size: number): WantedDigests {
  const none = { md5: false, partSizes: [] };
  if (hasPlainEtag(facts) && facts.isEtagMd5 !== false) return { ...none, md5: true };
  const checksum = checksumOf(facts);
  if (checksum !== undefined) return checksum === "sha256" ? none : { ...none, checksum };
  if (facts.md5 !== undefined) return { ...none, md5: true };
  const parts = partsOfEtag(facts.etag);
  return { ...none, partSizes: parts === undefined ? [] : usualPartSizes(size, parts) };
}

function checksumOf({ checksums }: ForeignFacts): ChecksumName | undefined {
  return CHECKSUMS.find((name) => checksums[name] !== undefined);
}

export type ForeignVerdict =
  | { readonly kind: "same"; readonly by: AdoptedBy }
  /** Another content. */
  | { readonly kind: "other" }
  /** No checksum tells; `by` where size and time agree. */
  | { readonly kind: "unproven"; readonly by?: "mtime" }
  /** The store has to be asked for more. */
  | { readonly kind: "unasked" };

/** Of a file with these digests and this mtime (ns), which has the object's size. */
export function judgeForeign(
  facts: ForeignFacts,
  file: FileDigests,
  mtime: bigint,
): ForeignVerdict {
  if (hasPlainEtag(facts) && file.md5 === facts.etag) return { kind: "same", by: "etag" };
  if (facts.isEtagMd5 === undefined) return { kind: "unasked" };
  if (hasPlainEtag(facts) && facts.isEtagMd5) return { kind: "other" };
  const checksum = checksumOf(facts);
  if (checksum !== undefined) {
    const own = checksum === "sha256" ? file.sha256 : file.checksum;
    return own === facts.checksums[checksum] ? { kind: "same", by: checksum } : { kind: "other" };
  }
  if (facts.md5 !== undefined) {
    return facts.md5 === file.md5 ? { kind: "same", by: "md5" } : { kind: "other" };
  }
  if (file.partEtags.includes(facts.etag)) return { kind: "same", by: "part-etag" };
  if (facts.mtime === undefined) return { kind: "unproven" };
  // A file of this size with another time has been written since.
  return isNotedTime(mtime, facts.mtime) ? { kind: "unproven", by: "mtime" } : { kind: "other" };
}
