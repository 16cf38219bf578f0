import { isKind } from "../core/error.ts";
import type { AnyNewEvent, EventData } from "../core/event/event.ts";
import type { PackPartRow, PackRow } from "../core/index/pack_rows.ts";
import type { ListedPart, StoredObject, UploadedPart } from "../ports/object_store.ts";
import type { ClosedPack } from "./closed_pack.ts";
import { headOrListed } from "./listed_object.ts";
import { openUploads } from "./open_uploads.ts";
import { lostMembers } from "./lost_members.ts";
import type { PackContext } from "./pack_context.ts";
import { hexOfCrc } from "./pack_upload.ts";
import { putIndexFromLog } from "./pack_index_from_log.ts";

/**
 * At the start of a run: closes the packs of an earlier one. Each is completed with the parts that
 * the store has from its first on, and the tail that was sealed for that place; nothing of it is sent
 * again, and no key is needed (DESIGN section 6). What did not get there is to be stored anew. A pack
 * of which nothing is in the store is aborted.
 */
export async function closePacks(context: PackContext): Promise<void> {
  const { log, run, emit } = context;
  const open = log.index.packs.open();
  if (open.length === 0) return;
  const closed: ClosedPack[] = [];
  for (const row of open) {
    const upload = log.index.tables.upload(row.key)?.upload ?? null;
    const parts = log.index.packs.parts(row.id);
    const found = { row, upload, ...await closeOne(context, row, parts, upload) } as ClosedPack;
    if (found.stored !== undefined) await putIndexFromLog(context, found);
    closed.push(found);
  }
  const events = closed.map(closingEvent);
  // Together: at no time does the index count on what no pack has.
  log.append(run, [...events, ...lostMembers(log, closed)], { durable: true });
  for (const pack of closed) emit({ kind: "notice", text: sentenceOf(pack) });
}

function closingEvent({ row, upload, ...found }: ClosedPack): AnyNewEvent {
  const { pack, key } = row;
  if (found.stored === undefined) {
    const data: EventData["PackAborted"] = { pack, key, reason: found.reason };
    return { type: "PackAborted", data: { ...data, ...(upload === null ? {} : { upload }) } };
  }
  const { etag, versionId, checksum } = found.stored;
  return {
    type: "PackStored",
    data: {
      ...{ pack, key, size: found.size.toString(), plain: found.plain.toString(), etag },
      ...(versionId === undefined ? {} : { version: versionId }),
      ...(checksum === undefined ? {} : { checksum }),
    },
  };
}

function sentenceOf({ row, ...found }: ClosedPack): string {
  return found.stored === undefined
    ? `gave up the pack ${row.key} of an interrupted run: ${found.reason}`
    : `closed the pack ${row.key} of an interrupted run: ${found.size} bytes of it are in the store`;
}

type Closing =
  | { readonly stored: StoredObject; readonly size: number; readonly plain: number }
  | { readonly stored: undefined; readonly reason: string };

async function closeOne(
  context: PackContext,
  row: PackRow,
  parts: readonly PackPartRow[],
  upload: string | null,
): Promise<Closing> {
  const { store } = context.options;
  if (row.encryption === "age" && context.packs.sealer === undefined) {
    await abortUnknown(context, row);
    return { stored: undefined, reason: "it is encrypted, and the job has no recipients any more" };
  }
  const done = await findDone(context, row, parts);
  if (done !== undefined) return done;
  if (upload === null) {
    await abortUnknown(context, row);
    return { stored: undefined, reason: "nothing of it was sent" };
  }
  const listed = await listParts(context, row, upload);
  if (listed === undefined) return { stored: undefined, reason: "the store does not have it" };
  const there = leadingParts(parts, listed);
  if (there.length === 0) {
    await store.abortUpload(row.key, upload);
    return { stored: undefined, reason: "no part of it is in the store" };
  }
  return await completeWith(context, row, upload, there);
}

/** Completed, and only the answer was lost: the object's size says with which parts. */
async function findDone(
  { options }: PackContext,
  row: PackRow,
  parts: readonly PackPartRow[],
): Promise<Closing | undefined> {
  const head = await headOrListed(options.store, row.key);
  if (head === undefined) return undefined;
  let sent = 0;
  for (const { size, plain, tail } of parts) {
    sent += size;
    if (head.size !== sent + (tail?.length ?? 0)) continue;
    const { etag, versionId } = head;
    const stored = { etag, ...(versionId === undefined ? {} : { versionId }) };
    return { stored, size: head.size, plain };
  }
  return undefined;
}

/** The answer to its creation was lost, or it was to be one PUT: whatever is open under the key. */
async function abortUnknown({ options }: PackContext, { key }: PackRow): Promise<void> {
  const { store } = options;
  for (const id of await openUploads(store, key)) await store.abortUpload(key, id);
}

async function listParts(
  { options }: PackContext,
  { key }: PackRow,
  upload: string,
): Promise<ListedPart[] | undefined> {
  const { store } = options;
  try {
    return await store.listParts(key, upload);
  } catch (error) {
    // Credentials that may upload need not be allowed to list parts.
    if (!isKind(error, "denied", "refused")) throw error;
    await store.abortUpload(key, upload);
    return undefined;
  }
}

interface SentPart {
  readonly row: PackPartRow;
  readonly part: UploadedPart;
}

/** The longest run of parts from the first on that the store has as they were recorded. */
function leadingParts(
  parts: readonly PackPartRow[],
  listed: readonly ListedPart[],
): SentPart[] {
  const byNumber = new Map(listed.map((part) => [part.part, part]));
  const there: SentPart[] = [];
  for (const row of parts) {
    const found = byNumber.get(row.part);
    const isSame = found !== undefined && found.size === row.size &&
      (found.crc32 === undefined || found.crc32 === row.crc32);
    if (!isSame) break;
    const { part, size, crc32 } = row;
    there.push({ row, part: { part, size, crc32, etag: found.etag } });
  }
  return there;
}

async function completeWith(
  context: PackContext,
  { key }: PackRow,
  upload: string,
  there: readonly SentPart[],
): Promise<Closing> {
  const { store, hashing } = context.options;
  const { plain, tail, whole } = there.at(-1)!.row;
  const parts = there.map(({ part }) => part);
  let crc32 = whole;
  if (tail !== null) {
    const last = there.length + 1;
    parts.push(await store.uploadPart(key, upload, last, tail));
    crc32 = hexOfCrc(hashing.crc32(tail, parseInt(whole, 16)));
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const stored = await store.completeUpload(key, upload, parts, { crc32, size });
  return { stored, size, plain };
}
