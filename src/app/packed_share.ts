import { packedHash } from "../core/index/packed_hash.ts";
import type { StorageTally } from "../core/cost/storage_tally.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { ListedRow } from "./list_entries.ts";

/** What an entry's content takes up in packs, of one class. */
export interface PackedShare {
  readonly storageClass: string;
  /** As stored: its part of a pack, as if all of the pack were compressed alike. */
  readonly bytes: number;
}

/** Of what is in several packs the oldest one counts; of a large file each of its chunks. */
export function* packedShares({ packs }: IndexModel, row: ListedRow): Generator<PackedShare> {
  const sha256 = packedHash(row);
  if (sha256 === undefined) return;
  const chunks = packs.chunks(sha256);
  for (const hash of chunks.length > 0 ? chunks : [sha256]) {
    const content = packs.locate(hash);
    const pack = content === undefined ? undefined : packs.pack(content.pack);
    if (content === undefined || pack === undefined || pack.plain === 0) continue;
    yield { storageClass: pack.storageClass, bytes: content.size * pack.size / pack.plain };
  }
}

/** A share has no overhead of its own: that is the pack's. */
export function countShare(tally: StorageTally, bytes: number): void {
  tally.bytes += bytes;
  tally.billed += bytes;
}
