import type { HeldSpace } from "../lock/held_space.ts";
import type { PathText } from "../path_text.ts";
import type { LeftPack, PackPlan } from "./pack_plan.ts";

/** An entry that loses its content. */
export interface LosingEntry {
  /** "[source/]path", as it was in the last state that has it. */
  readonly place: PathText;
  /** Whether the present state has that content. */
  readonly isCurrent: boolean;
  /** Positions of the kept snapshots that have it. */
  readonly snapshots: readonly number[];
}

/** A chosen content that stays, because something else has the same. */
export interface StayingEntry {
  readonly place: PathText;
  /** One that has it, too; with the position of a kept snapshot where none does at present. */
  readonly sameAs: { readonly place: PathText; readonly snapshot?: number };
}

/** What `delete` will do, as data (DESIGN section 2: plan, step). */
export interface DeletePlan extends Omit<PackPlan, "left"> {
  /** The first of them, and how many there are in the present state. */
  readonly losing: readonly LosingEntry[];
  readonly current: number;
  /** Kept snapshots in which something loses its content, with how many entries. */
  readonly snapshots: readonly { readonly position: number; readonly entries: number }[];
  readonly staying: readonly StayingEntry[];
  /** Packs that hold what is to go, and cannot be packed again without it. */
  readonly hindered: readonly LeftPack[];
  /** Packs whose lock has not ended: until then they can be read. */
  readonly held: HeldSpace | undefined;
}

/** Entries that are named one by one; the counts count all. */
export const NAMED_LOSERS = 10_000;
