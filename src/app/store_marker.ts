import type { StoredEntry } from "../core/event/event.ts";
import { UNSETTLED } from "../core/index/rows.ts";
import { sidecarKey } from "../core/mirror/object_key.ts";
import {
  encodeMetadata,
  METADATA_NAME,
  objectMetadata,
  type SidecarContent,
  withSidecar,
} from "../core/mirror/object_metadata.ts";
import { jsonOfText, textOfBytes } from "../core/path_text.ts";
import { typeAt, unpackStat } from "../core/stat_record.ts";
import type { StoredObject } from "../ports/object_store.ts";
import { leaveFormer } from "./former_content.ts";
import { placeOf, tagOf } from "./object_place.ts";
import { type KeyCondition, putOver } from "./put_over.ts";
import type { StoreContext, Task } from "./store_context.ts";
import { plainBodies } from "./stored_body.ts";

/** Stores the empty object that stands for a folder, symlink, device or FIFO. */
export async function storeMarker(context: StoreContext, task: Task): Promise<void> {
  const entry = await putMarker(context, task);
  context.batch.stored(task.source, task.folder, "STANDARD", entry);
}

export async function putMarker(context: StoreContext, task: Task): Promise<StoredEntry> {
  const { position, stat, attributes } = task.item.row;
  const { key, own } = placeOf(context, task, position);
  const metadata = await metadataFor(context, task, { position, stat, attributes, own });
  const { store } = context.options;
  const put = (condition: KeyCondition = {}) =>
    store.put(key, new Uint8Array(0), { metadata, ...condition });
  // A folder's key ends in "/": nothing but its marker is there.
  const object = task.item.isFolder || !own
    ? await put()
    : await putOver(context, { key, row: task.item.row }, put);
  const former = task.item.isFolder
    ? {}
    : leaveFormer(context.log.index, task.item.row, { key, object });
  context.totals.objects++;
  return {
    ...storedEntry(task, object, { key, own }, position),
    ...former,
    ...(isUnsettled(task) ? { racy: true as const } : {}),
  };
}

/** Storing settles nothing of a marker: what it says was looked at by the scan. */
function isUnsettled({ item }: Task): boolean {
  return !item.isFolder && (item.row.state & UNSETTLED) !== 0;
}

/** The metadata header of an entry's object; what does not fit goes into a sidecar, written first. */
export async function metadataFor(
  context: StoreContext,
  task: Task,
  place: {
    position: number;
    stat: Uint8Array;
    attributes: string | null;
    own: boolean;
    sha256?: string;
    /** Bytes of age header and nonce, where the content is encrypted. */
    header?: number;
  },
): Promise<Record<string, string>> {
  const { item } = task;
  const { uid, gid } = unpackStat(place.stat);
  const metadata = objectMetadata({
    log: context.log.genesis.log,
    position: Math.max(place.position, lastMove(context, task)),
    stat: place.stat,
    ...context.options.owners(uid, gid),
    ...(place.sha256 === undefined ? {} : { sha256: place.sha256 }),
    ...(place.header === undefined ? {} : { header: place.header }),
    ...(item.isFolder || item.row.target === null ? {} : { target: textOfBytes(item.row.target) }),
    attributes: place.attributes,
  });
  const header = place.own ? encodeMetadata(metadata) : undefined;
  if (header !== undefined) return { [METADATA_NAME]: header };
  const content: SidecarContent = place.own ? metadata : {
    ...metadata,
    path: jsonOfText(task.source === "" ? task.path : `${task.source}/${task.path}`),
  };
  const { store, hashing, coding = plainBodies(hashing) } = context.options;
  const { body, sha256, suffix, contentType } = await coding.pack(
    new TextEncoder().encode(JSON.stringify(content)),
  );
  const tag = tagOf(context, task);
  const key = sidecarKey(context.log.genesis.log, place.position, tag, suffix);
  // So that damage is told from another identity.
  const says = suffix === "" ? {} : { metadata: { sha256 } };
  await store.put(key, body, { contentType, ...says });
  return { [METADATA_NAME]: encodeMetadata(withSidecar(metadata, key))! };
}

/** The key is that of the path after it: what was moved away from that path before is another thing. */
function lastMove({ log }: StoreContext, { item }: Task): number {
  return log.index.keys.lastMove(item.isFolder ? item.row.id : item.row.folder);
}

export function storedEntry(
  task: Task,
  object: StoredObject,
  { key, own }: { key: string; own: boolean },
  prev: number,
): StoredEntry {
  return {
    name: jsonOfText(task.name),
    type: typeAt(task.item.row.stat),
    ...(own ? {} : { key }),
    ...(object.versionId === undefined ? {} : { version: object.versionId }),
    etag: object.etag,
    ...(object.checksum === undefined ? {} : { checksum: object.checksum }),
    prev,
  };
}
