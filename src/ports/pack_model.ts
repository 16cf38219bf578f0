import type { PackedContentRow, PackPartRow, PackRow } from "../core/index/pack_rows.ts";

export type PackedContent = PackedContentRow;

export interface KnownContent extends PackedContent {
  /** A check has found that the pack does not have it. */
  readonly lost: boolean;
}

/** What is in the packs, as commands ask for it. Hashes are SHA-256, 32 bytes. */
export interface PackModel {
  /** True where a pack has the content, or will have it once it is complete. Not so where it was lost. */
  has(sha256: Uint8Array): boolean;
  /** Where the content is in a complete pack: the oldest that has it, one that has lost it only at last. */
  locate(sha256: Uint8Array): KnownContent | undefined;
  /** All places that it has in complete packs, oldest first. */
  places(sha256: Uint8Array): KnownContent[];
  /** Hashes of the chunks that a large file's content is made of, in order; [] where it is no such. */
  chunks(sha256: Uint8Array): Uint8Array[];
  pack(id: number): PackRow | undefined;
  /** Packs that were begun and not completed, oldest first. */
  open(): PackRow[];
  all(): Iterable<PackRow>;
  /** Everything that is in complete packs, by hash and pack. */
  contents(): Iterable<KnownContent>;
  /** A pack's parts in order: their frames are all of the pack's. */
  parts(pack: number): PackPartRow[];
  /** What a pack has, by place. */
  contentsIn(pack: number): PackedContent[];
}
