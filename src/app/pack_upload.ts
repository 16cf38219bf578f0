import { HoldfastError, isKind } from "../core/error.ts";
import type { AnyNewEvent } from "../core/event/event.ts";
import { classFor } from "../core/mirror/storage_class.ts";
import { base64url } from "../core/pack/chunk_list.ts";
import { type FrameSize, packKey } from "../core/pack/pack_layout.ts";
import type { PackPart } from "../core/pack/part_maker.ts";
import type { StoredObject, UploadedPart } from "../ports/object_store.ts";
import { headOrListed } from "./listed_object.ts";
import { checkClass } from "./object_place.ts";
import type { PackContext } from "./pack_context.ts";
import { type PackIndexWriter, packIndexWriter } from "./pack_index_writer.ts";
import { memberEvents, type PendingMember } from "./pack_members.ts";

/** One pack on its way into the store. */
export interface PackUpload {
  /** A frame of the next part; what is in it may be recorded from here on. */
  frame(frame: FrameSize): void;
  /** Records what is in the pack so far, before its part is complete. */
  members(members: readonly PendingMember[]): void;
  /** Deals with a part: what it has is durably in the log before it is sent. Resolves once it is on its way. */
  part(part: PackPart, members: readonly PendingMember[]): Promise<void>;
  /** After the last part was handed over: waits for all, writes the pack index, records the pack. */
  complete(): Promise<void>;
}

/** `header`: bytes of age's, 0 without encryption. `release` is called once a part's body is free again. */
export function packUpload(
  context: PackContext,
  pack: string,
  header: number,
  release: (body: Uint8Array<ArrayBuffer>) => void,
): PackUpload {
  const { log, run, options } = context;
  const { store } = options;
  const isEncrypted = header > 0;
  const encryption = isEncrypted ? "age" as const : "none" as const;
  const geometry = { header, encryption };
  const key = packKey(pack, isEncrypted);
  const index: PackIndexWriter = packIndexWriter(context);
  const running = new Set<Promise<void>>();
  const parts: UploadedPart[] = [];
  let uploadId: string | undefined;
  let [isStarted, framed] = [false, 0];
  let storageClass = "";
  let failure: unknown;
  let single: Promise<StoredObject> | undefined;
  let last: PackPart | undefined;
  let size = 0;

  /** `bytes` where that is all of the pack. */
  function started(bytes?: number): AnyNewEvent {
    const { storageClass: wanted, minArchiveSize } = options;
    storageClass = bytes === undefined ? wanted : classFor(wanted, BigInt(bytes), minArchiveSize);
    return { type: "PackStarted", data: { pack, key, class: storageClass, ...geometry } };
  }

  function record(members: readonly PendingMember[], part?: PackPart): void {
    const { events, placed } = memberEvents(members, pack);
    const isWhole = part?.part === 1 && part.tail === undefined;
    const first = isStarted ? [] : [started(isWhole ? part.body.length : undefined)];
    isStarted = true;
    const prepared: AnyNewEvent[] = part === undefined
      ? []
      : [{ type: "PartPrepared", data: preparedPart(pack, part) }];
    const position = log.head().position + first.length + 1;
    // What is in a part is on the disk before it is sent, also what was recorded before it was full.
    log.append(run, [...first, ...events, ...prepared], { durable: part !== undefined });
    if (part !== undefined) {
      index.frames(part.frames.slice(framed));
      framed = 0;
    }
    for (const { member, event } of placed) index.add(member, position + event);
  }

  function send(part: PackPart): void {
    const sending = store.uploadPart(key, uploadId!, part.part, part.body)
      .then((uploaded) => {
        parts.push(uploaded);
        context.totals.bytes += uploaded.size;
      })
      .catch((error) => void (failure ??= error))
      .finally(() => {
        release(part.body);
        running.delete(sending);
      });
    running.add(sending);
  }

  /** Random ids never collide: what is there already is this very pack, its answer lost. */
  async function put(part: PackPart): Promise<StoredObject> {
    const ifNoneMatch = store.features.conditionalPut.works;
    try {
      const object = await store.put(key, part.body, { storageClass, ifNoneMatch });
      context.totals.bytes += part.body.length;
      return object;
    } catch (error) {
      const head = isKind(error, "conflict") ? await headOrListed(store, key) : undefined;
      if (head?.size !== part.body.length) throw error;
      const { etag, versionId } = head;
      return { etag, ...(versionId === undefined ? {} : { versionId }) };
    } finally {
      release(part.body);
    }
  }

  async function finished(): Promise<StoredObject> {
    if (single !== undefined) return await single;
    await Promise.all(running);
    if (failure !== undefined) throw failure;
    parts.sort((a, b) => a.part - b.part);
    const { whole } = last!;
    return await store.completeUpload(key, uploadId!, parts, { crc32: hexOfCrc(whole), size });
  }

  return {
    frame(frame) {
      index.frames([frame]);
      framed++;
    },
    members: (members) => record(members),
    async part(part, members) {
      if (failure !== undefined) throw failure;
      context.signal.throwIfAborted();
      record(members, part);
      last = part;
      size += part.body.length;
      if (part.part === 1 && part.tail === undefined) {
        single = put(part);
        // Whoever completes the pack hears of it.
        single.catch(() => {});
        return;
      }
      if (uploadId === undefined) {
        refuseWithoutMultipart(context);
        uploadId = await store.createUpload(key, { storageClass });
        const data = { key, upload: uploadId };
        log.append(run, [{ type: "UploadCreated", data }], { durable: true });
      }
      send(part);
    },
    async complete() {
      const object = await finished();
      await checkClass(context, key, storageClass);
      const { plain } = last!;
      const { etag, versionId, checksum } = object;
      const version = versionId === undefined ? {} : { version: versionId };
      await index.put({
        pack,
        key,
        class: storageClass,
        ...geometry,
        size,
        plain,
        etag,
        ...version,
      });
      const data = {
        ...{ pack, key, size: size.toString(), plain: plain.toString(), etag, ...version },
        ...(checksum === undefined ? {} : { checksum }),
      };
      log.append(run, [{ type: "PackStored", data }], { durable: true });
      context.totals.objects++;
    },
  };
}

export function hexOfCrc(crc32: number): string {
  return (crc32 >>> 0).toString(16).padStart(8, "0");
}

function preparedPart(pack: string, { part, body, crc32, whole, plain, frames, tail }: PackPart) {
  return {
    ...{ pack, part, size: body.length, crc32: hexOfCrc(crc32), whole: hexOfCrc(whole) },
    ...{ plain: plain.toString(), frames: frames.map(([a, b]): [number, number] => [a, b]) },
    ...(tail === undefined ? {} : { tail: base64url(tail) }),
  };
}

function refuseWithoutMultipart({ options }: PackContext): void {
  const { multipart } = options.store.features;
  if (multipart.works) return;
  throw new HoldfastError("refused", `a pack is larger than part_size, and ${multipart.reason}`, {
    context: { code: "NotImplemented" },
    hint: "raise part_size to pack_size: a pack up to that size is one PUT, held in memory",
  });
}
