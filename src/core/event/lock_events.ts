import type { LockMode } from "../lock/object_lock.ts";
import type { JsonPath } from "../path_text.ts";

/** Object Lock, in the log. */
export interface LockEventData {
  /** What is stored from here on is kept for so long; 0 seconds where it is not locked any more. */
  LockSet: { seconds: number; mode: LockMode };
  /**
   * What the job needs, and what was stored up to `through`, is kept until then at least. A pass over
   * very many objects is recorded in pieces.
   */
  LockExtended: {
    until: string;
    mode: LockMode;
    through: number;
    /** Objects whose lock this piece has extended, by class. */
    objects: Record<string, number>;
    /** Objects of it whose lock could not be extended. */
    failed?: number;
    /** More pieces follow: folders up to this id, or entries up to this one, are done. */
    more?: { folder: number; name?: JsonPath };
  };
}
