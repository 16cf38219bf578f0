import type { ObservedContent } from "../event/event.ts";
import { hex } from "../hash.ts";
import type { ContentRow } from "./rows.ts";

/** A row's content as an event says it; `stored` is negative where it must be read again first. */
export function observedContent(
  key: string,
  { sha256, version, etag, storageClass, since }: ContentRow,
  stored: number,
): ObservedContent {
  return {
    stored,
    key,
    ...(version === null ? {} : { version }),
    ...(etag === null ? {} : { etag }),
    ...(sha256 === null ? {} : { sha256: hex(sha256) }),
    ...(storageClass === null ? {} : { class: storageClass }),
    ...(since === 0 ? {} : { since }),
  };
}
