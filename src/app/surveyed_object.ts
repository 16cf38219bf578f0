import type { Look } from "../core/cold/look_due.ts";
import type { SeenObject, Warmth } from "../core/cold/warmth.ts";
import type { ColdObject } from "../ports/waiting_files.ts";

/** An object, and what is believed of it. */
export interface SurveyedObject extends ColdObject {
  readonly warmth: Warmth;
  /** LIST knows the current version under a key only: whether that is this one, as far as is known. */
  readonly isCurrent: boolean;
  /** "listed": no HEAD is spent on it. */
  readonly look: Exclude<Look, "not">;
}

/** Told at most once an object, in any order. `seen` is undefined where it is gone. */
export type TellSeen = (object: SurveyedObject, seen: SeenObject | undefined) => void;
