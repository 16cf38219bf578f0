import type { ObjectContent, ObservedContent } from "../event/event.ts";
import { hex } from "../hash.ts";
import { type ContentRow, IN_PACKS } from "./rows.ts";

/**
 * A row's content as an event says it; `stored` is negative where it must be read again first. The
 * key is left out of what is in packs.
 */
export function observedContent(
  key: string,
  { sha256, version, etag, storageClass, since, header }: ContentRow,
  stored: number,
): ObservedContent {
  if (etag === IN_PACKS) return { stored, ...(sha256 === null ? {} : { sha256: hex(sha256) }) };
  return objectContent(key, { sha256, version, etag, storageClass, since, header }, stored);
}

/** Not in packs. */
export function isInObject(content: ObservedContent): content is ObjectContent {
  return content.key !== undefined;
}

/** The same of content that an object has. */
export function objectContent(
  key: string,
  { sha256, version, etag, storageClass, since, header }: Omit<ContentRow, "stored" | "key">,
  stored: number,
): ObjectContent {
  return {
    stored,
    key,
    ...(version === null ? {} : { version }),
    ...(etag === null ? {} : { etag }),
    ...(sha256 === null ? {} : { sha256: hex(sha256) }),
    ...(storageClass === null ? {} : { class: storageClass }),
    ...(since === 0 ? {} : { since }),
    ...(header === 0 ? {} : { header }),
  };
}
