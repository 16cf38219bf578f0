import type { EntryRow } from "../core/index/rows.ts";
import { rowName } from "./departed_files.ts";
import type { RenameOptions } from "./open_renames.ts";
import type { MovingFolder, WarmOptions } from "./rename_work.ts";
import type { StoreContext } from "./store_context.ts";

export interface SettleOptions extends RenameOptions, WarmOptions {
  /** Nothing more will be stored in this run: what cannot be settled now stays an alias. */
  readonly last: boolean;
  /** Sends the log: before and after copies that are paid for. */
  readonly ship: () => Promise<void>;
}

/** One settling of all renames. */
export interface Settling {
  readonly context: StoreContext;
  readonly options: SettleOptions;
  readonly folders: readonly MovingFolder[];
  readonly left: LeftRows;
  /** Folders whose intent is in the log. */
  readonly planned: Set<MovingFolder>;
}

/** Rows that were tried, and are left for the next run: failures, of which there are few. */
export interface LeftRows {
  add(row: EntryRow): void;
  has(row: EntryRow): boolean;
}

export function settling(
  context: StoreContext,
  options: SettleOptions,
  folders: readonly MovingFolder[],
): Settling {
  const names = new Set<string>();
  const left = {
    add: (row: EntryRow) => void names.add(rowName(row)),
    has: (row: EntryRow) => names.has(rowName(row)),
  };
  return { context, options, folders, left, planned: new Set() };
}
