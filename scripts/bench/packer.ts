import type { Place } from "./contender.ts";
import type { Command } from "./measure.ts";

/** A tool that puts many files into one object, compressed with zstd and encrypted. */
export interface Packer {
  readonly name: string;
  readonly version: string;
  /** Run before the first backup, not measured. */
  readonly prepare: (place: Place, source: string) => Command[];
  /** The first backup, and every one after it. */
  readonly backup: (place: Place, source: string) => Command;
  /** Of holdfast only, which is what is to be judged here. */
  readonly own?: OwnPacker;
}

export interface OwnPacker {
  /** Brings everything back, to prove that what was measured was a whole backup. */
  readonly restore: (place: Place, to: string) => Command;
  /** Folders in the bucket that hold what is known about files, other than their contents. */
  readonly knowledge: readonly string[];
}
