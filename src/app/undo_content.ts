import { objectContent, observedContent } from "../core/index/observed_content.ts";
import type { ObjectContent, ObservedContent } from "../core/event/event.ts";
import { type ContentRow, type EntryRow, IN_PACKS, UNSTABLE } from "../core/index/rows.ts";
import { sizeAsStored } from "../core/mirror/sealed_size.ts";
import { compareBytes } from "../core/path_text.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { CopiedContent } from "./copied_content.ts";

export interface ContentSearch {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly before: IndexModel;
  /** Since the run that is undone began. */
  readonly copies: CopiedContent;
}

/**
 * Where the content that an entry had is now: under the entry's present key, where that has the same
 * hash, under its former key, or where it was copied to from there. Undefined where it is lost.
 */
export async function findContent(
  search: ContentSearch,
  former: EntryRow,
  now: EntryRow,
): Promise<ObservedContent | undefined> {
  if (former.content.etag === IN_PACKS) return packedContent(search, former);
  for await (const place of places(search, former, now)) {
    const { key, version, etag, header = 0 } = place;
    const head = await search.store.head(key, version === undefined ? {} : { versionId: version });
    const size = sizeAsStored(Number(unpackStat(former.stat).size), header);
    const hasSize = (former.state & UNSTABLE) !== 0 || head?.size === size;
    if (head !== undefined && head.etag === etag && hasSize) return place;
  }
  return undefined;
}

/** By its hash; of what has no content, or an empty one, no pack need have anything. */
function packedContent(
  { log }: ContentSearch,
  { content, stat }: EntryRow,
): ObservedContent | undefined {
  const { sha256, stored } = content;
  const isThere = sha256 === null || unpackStat(stat).size === 0n || log.index.packs.has(sha256);
  return isThere ? observedContent("", content, Math.abs(stored)) : undefined;
}

async function* places(
  { log, before, copies }: ContentSearch,
  former: EntryRow,
  now: EntryRow,
): AsyncGenerator<ObjectContent> {
  const { sha256 } = former.content;
  const current = now.content;
  const isSame = sha256 !== null && current.sha256 !== null && current.etag !== null &&
    compareBytes(sha256, current.sha256) === 0;
  if (isSame) yield contentAt(log.index.keys.ofEntry(now), current);
  const key = before.keys.ofEntry(former);
  yield contentAt(key, former.content);
  if (sha256 === null) return;
  yield* await copies.of(key, former.content.stored);
}

function contentAt(key: string, content: ContentRow): ObjectContent {
  return objectContent(key, content, Math.abs(content.stored));
}
