import type { Place } from "./contender.ts";
import type { Command } from "./measure.ts";

/** A tool that makes a store follow a renamed folder without sending its files again. */
export interface Mover {
  readonly name: string;
  readonly way: "copy" | "alias";
  /** Fill the empty store while the folder has its old name; not measured. */
  readonly fill: (place: Place, source: string) => Command[];
  /** Measured as one, once the folder has its new name. */
  readonly follow: (place: Place, source: string) => Command[];
  /** Where the source's files lie below the bucket. */
  readonly prefix: string;
  /** Brings the files back into a folder, where their keys do not show the new name. */
  readonly restore?: (place: Place, to: string) => Command;
}

/** The folder in the source that is renamed, and what it is called then. */
export const FROM = "before";
export const TO = "after";
