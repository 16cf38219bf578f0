import type { FrameSize } from "../core/pack/pack_layout.ts";
import type { PackPart } from "../core/pack/part_maker.ts";

/** Compresses and encrypts packs, here or in another thread. */
export interface PartSealing {
  /** Begins a pack with a new key. */
  begin(partSize: number): Promise<PartStream>;
  close(): void;
}

/** One pack: frames in, parts out, in order. */
export interface PartStream {
  /** Bytes before the payload: age's header and nonce; 0 where it is not encrypted. */
  readonly header: number;
  /**
   * The next frame's plaintext, which ends at `end` of the TAR. It is the stream's until it is given
   * back. With the part before it where that is full.
   */
  add(plain: Uint8Array<ArrayBuffer>, end: number): Promise<AddedFrame>;
  /** The last part, with the pack's end. */
  end(): Promise<PackPart>;
  /** The body of a part that is not needed any more. */
  reuse(body: Uint8Array<ArrayBuffer>): void;
}

export interface AddedFrame {
  readonly part: PackPart | undefined;
  readonly frame: FrameSize;
  /** The buffer of the frame, for another one. */
  readonly spare: Uint8Array<ArrayBuffer>;
  /** Bytes as stored so far. */
  readonly stored: number;
}
