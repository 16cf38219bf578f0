import { countEarly, deleteRequests, type EarlyTally } from "../cost/price_deletion.ts";
import type { HeldSpace } from "../lock/held_space.ts";
import type { PathText } from "../path_text.ts";

/** An object, or a version of one, that no kept snapshot and no current entry needs. */
export interface PruneItem {
  readonly key: string;
  /** Undefined where the object under the key is meant. */
  readonly version: string | undefined;
  /** "[source/]path" of the entry that it was stored for; "" for a sidecar. */
  readonly path: PathText;
  readonly bytes: number;
  readonly storageClass: string;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  /** A delete marker goes first, so that no older version becomes the current one. */
  readonly hidesOlder: boolean;
  readonly isThere: boolean;
}

/** What a prune will delete, as data (DESIGN section 2: plan, step). */
export interface PrunePlan {
  readonly steps: readonly PruneItem[];
  /** More steps than are listed. */
  readonly further: number;
  readonly objects: number;
  readonly bytes: number;
  /** DELETE requests, of up to 1,000 objects each. */
  readonly requests: number;
  /** Deleted before its class's minimum storage duration: the rest of it is charged. */
  readonly early: readonly Readonly<EarlyTally>[];
  /** What nothing needs, and locks keep: it is no step. */
  readonly held?: HeldSpace | undefined;
}

/** Steps kept for printing; the totals count all. */
const LISTED = 10_000;

/** `now` is in milliseconds since 1970. */
export function planPrune(items: Iterable<PruneItem>, now: number): PrunePlan {
  const steps: PruneItem[] = [];
  let [objects, bytes, deletes, markers] = [0, 0, 0, 0];
  const early = new Map<string, EarlyTally>();
  for (const item of items) {
    objects++;
    bytes += item.bytes;
    if (item.isThere) deletes++;
    if (item.hidesOlder) markers++;
    if (steps.length < LISTED) steps.push(item);
    countEarly(early, item, now);
  }
  return {
    ...{ steps, further: objects - steps.length, objects, bytes },
    requests: deleteRequests(deletes) + deleteRequests(markers),
    early: [...early.values()],
  };
}
