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
  readonly early: readonly EarlyDeletion[];
}

/** Deleted before its class's minimum storage duration: the rest of it is charged. */
export interface EarlyDeletion {
  readonly storageClass: string;
  readonly days: number;
  readonly objects: number;
  readonly bytes: number;
}

/** Days for which storage is charged at least (AWS: Amazon S3 pricing, storage classes). */
export const MINIMUM_DAYS: Readonly<Record<string, number>> = {
  STANDARD_IA: 30,
  ONEZONE_IA: 30,
  GLACIER_IR: 90,
  GLACIER: 90,
  DEEP_ARCHIVE: 180,
};

/** Steps kept for printing; the totals count all. */
const LISTED = 10_000;
const PER_REQUEST = 1000;
const DAY_MS = 86_400_000;

/** `now` is in milliseconds since 1970. */
export function planPrune(items: Iterable<PruneItem>, now: number): PrunePlan {
  const steps: PruneItem[] = [];
  let [objects, bytes, deletes, markers] = [0, 0, 0, 0];
  const early = new Map<string, { objects: number; bytes: number }>();
  for (const item of items) {
    objects++;
    bytes += item.bytes;
    if (item.isThere) deletes++;
    if (item.hidesOlder) markers++;
    if (steps.length < LISTED) steps.push(item);
    const days = MINIMUM_DAYS[item.storageClass] ?? 0;
    if (item.storedAt + days * DAY_MS <= now) continue;
    const sum = early.get(item.storageClass) ?? { objects: 0, bytes: 0 };
    early.set(item.storageClass, { objects: sum.objects + 1, bytes: sum.bytes + item.bytes });
  }
  return {
    ...{ steps, further: objects - steps.length, objects, bytes },
    requests: Math.ceil(deletes / PER_REQUEST) + Math.ceil(markers / PER_REQUEST),
    early: [...early].map(([storageClass, sum]) => ({
      ...{ storageClass, days: MINIMUM_DAYS[storageClass] },
      ...sum,
    })),
  };
}
