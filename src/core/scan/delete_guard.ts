import type { GuardName } from "../event/event.ts";

/** What a scan found missing, and what it was allowed to lose (DESIGN section 8, delete guard). */
export interface GuardInput {
  /** Entries that the index knew before the scan. */
  readonly known: number;
  readonly missing: number;
  /** Of the missing, those in folders that lie on another file system than before, or on none. */
  readonly foreign: number;
  /** The source, or a mount below it that had entries, has no entry at all now. */
  readonly empty: boolean;
  readonly maxDelete: MaxDelete;
}

/** Both hold; the smaller one decides, but never less than 20 entries. */
export interface MaxDelete {
  readonly percent: number;
  readonly entries: number;
}

export const DEFAULT_MAX_DELETE: MaxDelete = { percent: 5, entries: 1000 };

/** Losing so few is never an accident worth stopping for, unless the source is empty or foreign. */
const ALWAYS_ALLOWED = 20;

export type GuardVerdict =
  | { readonly accept: true }
  | { readonly accept: false; readonly guard: GuardName; readonly limit: number };

export function guardDeletions(input: GuardInput): GuardVerdict {
  const limit = deleteLimit(input.known, input.maxDelete);
  if (input.missing === 0) return { accept: true };
  if (input.foreign > 0) return { accept: false, guard: "foreign", limit };
  if (input.empty) return { accept: false, guard: "empty", limit };
  if (input.missing > limit) return { accept: false, guard: "max_delete", limit };
  return { accept: true };
}

export function deleteLimit(known: number, { percent, entries }: MaxDelete): number {
  return Math.max(ALWAYS_ALLOWED, Math.min(Math.floor(known * percent / 100), entries));
}
