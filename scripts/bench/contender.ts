import type { Command } from "./measure.ts";

/** An empty bucket, and an empty folder for the tool's own config, cache and database. */
export interface Place {
  readonly host: string;
  readonly bucket: string;
  readonly scratch: string;
}

/** A tool that takes part: how to prepare it, and the commands that are measured. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  /** Run before the first backup, not measured. */
  readonly prepare: (place: Place, source: string) => Command[];
  readonly first: (place: Place, source: string) => Command;
  /** The same again with nothing changed. */
  readonly unchanged: (place: Place, source: string) => Command;
  /** Keeps an index or packs, so that a million files are bearable. */
  readonly scales: boolean;
}
