import type { PackRow } from "../core/index/pack_rows.ts";
import type { StoredObject } from "../ports/object_store.ts";

/** What became of a pack that an interrupted run has left open. */
export type ClosedPack =
  & { readonly row: PackRow; readonly upload: string | null }
  & (
    | { readonly stored: StoredObject; readonly size: number; readonly plain: number }
    | { readonly stored: undefined; readonly reason: string }
  );
