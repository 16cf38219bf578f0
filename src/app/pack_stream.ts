import { FRAME_BYTES, type FrameSize } from "../core/pack/pack_layout.ts";
import type { PackPart } from "../core/pack/part_maker.ts";
import { tarPadding } from "../core/pack/tar_member.ts";
import type { PartStream } from "../ports/part_sealing.ts";

/** A pack's TAR, cut into frames at members' ends, on its way to become parts. */
export interface PackStream {
  /** Bytes of TAR so far. */
  plain(): number;
  /** Bytes as stored, what is not compressed yet at its full size. */
  stored(): number;
  /**
   * Adds a member. Returns where its content begins in the TAR, its header where it has none. Before
   * the next one `ready` is to be awaited.
   */
  add(header: Uint8Array, content?: Uint8Array): number;
  /** Resolves when there is room for more. Rejects where a part could not be dealt with. */
  ready(): Promise<void> | undefined;
  /** Ends the pack; resolves when its last part has been dealt with. */
  end(): Promise<void>;
}

/** Behind a full frame is room for a chunk of a large file; for a larger member it grows. */
const FRAME_ROOM = 6 * FRAME_BYTES;
/** Frames that may be with the other thread: one in work, and the next one. */
const IN_WORK = 2;

export interface PackProgress {
  /** Part by part, in order, each after the one before has been dealt with. */
  readonly onPart: (part: PackPart) => Promise<void>;
  /** A frame that ends at `end` of the TAR is part of the next part. */
  readonly onFrame: (frame: FrameSize, end: number) => void;
}

export function packStream(sealed: PartStream, { onPart, onFrame }: PackProgress): PackStream {
  const spare: Uint8Array<ArrayBuffer>[] = [];
  let frame = new Uint8Array(FRAME_ROOM);
  let [used, plain, stored, inWork, bytesInWork] = [0, 0, 0, 0, 0];
  let failure: unknown;
  let last: Promise<void> = Promise.resolve();

  function put(bytes: Uint8Array): void {
    if (used + bytes.length > frame.length) {
      const larger = new Uint8Array(used + bytes.length + FRAME_BYTES);
      larger.set(frame.subarray(0, used));
      frame = larger;
    }
    frame.set(bytes, used);
    used += bytes.length;
    plain += bytes.length;
  }

  function endFrame(): void {
    const [length, end] = [used, plain];
    const added = sealed.add(frame.subarray(0, length), end);
    // Its turn to be waited for may come after it has failed.
    added.catch(() => {});
    [frame, used] = [spare.pop() ?? new Uint8Array(FRAME_ROOM), 0];
    inWork++;
    bytesInWork += length;
    last = last.then(async () => {
      const { part, frame: made, spare: buffer, stored: now } = await added;
      if (buffer.length === FRAME_ROOM) spare.push(buffer);
      stored = now;
      if (failure !== undefined) return;
      if (part !== undefined) await onPart(part);
      onFrame(made, end);
    }).catch((error) => void (failure ??= error)).finally(() => {
      inWork--;
      bytesInWork -= length;
    });
  }

  async function settled(): Promise<void> {
    await last;
    if (failure !== undefined) throw failure;
  }

  return {
    plain: () => plain,
    stored: () => stored + bytesInWork + used,
    add(header, content) {
      put(header);
      if (content === undefined || content.length === 0) return plain - header.length;
      const at = plain;
      put(content);
      put(ZEROS.subarray(0, tarPadding(content.length)));
      return at;
    },
    ready() {
      if (used >= FRAME_BYTES) endFrame();
      return inWork < IN_WORK && failure === undefined ? undefined : settled();
    },
    async end() {
      if (used > 0) endFrame();
      await settled();
      await onPart(await sealed.end());
    },
  };
}

const ZEROS = new Uint8Array(512);
