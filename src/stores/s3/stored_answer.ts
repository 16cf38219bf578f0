import type { StoredObject } from "../../ports/object_store.ts";
import { confirmedChecksum } from "./checksum.ts";
import type { ServerSideEncryption } from "./options.ts";
import { checkEncryption } from "./put_fields.ts";

/** What the answers to PutObject and CompleteMultipartUpload have in common. */
export interface StoredAnswer {
  readonly ETag?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly ChecksumCRC32?: string | undefined;
  readonly ChecksumType?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
}

/** Throws "damage" for another checksum than ours, "refused" for encryption that is not confirmed. */
export function readStored(
  key: string,
  asked: ServerSideEncryption | undefined,
  crc: string | undefined,
  answer: StoredAnswer,
): StoredObject {
  checkEncryption(asked, answer.ServerSideEncryption, key);
  return {
    etag: withoutQuotes(answer.ETag),
    ...versionOf(answer.VersionId),
    ...confirmedChecksum(answer.ChecksumCRC32, answer.ChecksumType, crc, key),
  };
}

export function withoutQuotes(etag: string | undefined): string {
  return etag === undefined ? "" : etag.replace(/^"|"$/g, "");
}

/** A store without versioning says nothing or "null". */
export function versionOf(versionId: string | undefined): { readonly versionId?: string } {
  return versionId === undefined || versionId === "" || versionId === "null" ? {} : { versionId };
}
