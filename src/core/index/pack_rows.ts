/** A pack, from its PackStarted on: open until it is complete, and gone once it is deleted. */
export interface PackRow {
  /** Position of its PackStarted, by which the other tables name it. */
  readonly id: number;
  /** 32 hex digits. */
  readonly pack: string;
  readonly key: string;
  readonly storageClass: string;
  /** Bytes of age header and nonce; 0 where it is not encrypted. */
  readonly header: number;
  readonly encryption: "age" | "none";
  /** Position of its PackStored, 0 while it is open. */
  readonly stored: number;
  /** Bytes as stored, and of its TAR; 0 while it is open. */
  readonly size: number;
  readonly plain: number;
  readonly version: string | null;
  readonly etag: string | null;
}

/** A part of a pack, prepared to be sent. */
export interface PackPartRow {
  readonly pack: number;
  readonly part: number;
  readonly size: number;
  /** Of the part, and of the pack up to its end; 8 hex digits. */
  readonly crc32: string;
  readonly whole: string;
  /** Bytes of TAR up to its end. */
  readonly plain: number;
  /** zstd frames in it: bytes as stored and of TAR each, u32 little-endian (packFrames). */
  readonly frames: Uint8Array;
  /** What ends the pack after this part; null where the part itself does, or the pack is complete. */
  readonly tail: Uint8Array | null;
}

/** Where a content is: the same one may be in several packs. */
export interface PackedContentRow {
  readonly sha256: Uint8Array;
  readonly pack: number;
  /** Offset in the pack's TAR. */
  readonly at: number;
  readonly size: number;
  /** Of a large file: bytes of the list of its chunks that is at `at`; else 0. */
  readonly list: number;
}

/** The packs' tables that the fold works on. */
export interface PackTables {
  putPack(row: PackRow): void;
  packByName(pack: string): PackRow | undefined;
  packByKey(key: string): PackRow | undefined;
  /** With its parts and contents. */
  removePack(id: number): void;
  putPart(row: PackPartRow): void;
  /** Tails of a complete pack serve nothing but to cut it off. */
  forgetTails(pack: number): void;
  /** Parts that end beyond so many bytes of TAR, and contents that begin there: a member is in one part. */
  cutPack(pack: number, plain: number): void;
  addContent(row: PackedContentRow): void;
  /** Of a pack whose deletion is decided: nothing is believed to be in it any more. */
  dropContents(pack: number): void;
  /** Contents that a pack was found not to have: those with these hashes, or all of them. */
  loseContents(pack: number, hashes: readonly Uint8Array[] | undefined): void;
  /** All that a pack should have was found in it. */
  regainContents(pack: number): void;
  putChunks(sha256: Uint8Array, from: number, chunks: Uint8Array): void;
}

/** Frames as a blob. */
export function packFrames(frames: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = new Uint8Array(frames.length * 8);
  const view = new DataView(bytes.buffer);
  frames.forEach(([stored, plain], i) => {
    view.setUint32(i * 8, stored, true);
    view.setUint32(i * 8 + 4, plain, true);
  });
  return bytes;
}

export function unpackFrames(bytes: Uint8Array): [stored: number, plain: number][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from(
    { length: bytes.length / 8 },
    (_, i) => [view.getUint32(i * 8, true), view.getUint32(i * 8 + 4, true)],
  );
}
