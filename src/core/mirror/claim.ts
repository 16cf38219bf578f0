import type { PathText } from "../path_text.ts";
import type { RecordedEntry } from "./renames_record.ts";

/** What an object or a record says: such an entry was at this path at this position. */
export interface Claim {
  readonly position: number;
  /** With the source's name in front, as it was then. */
  readonly path: PathText;
  readonly isFolder: boolean;
  /** What became of the path since. */
  readonly now: PathText;
  readonly entry: RecordedEntry;
  readonly from: "object" | "record";
}

/** The claim that is in force for a path. */
export interface Contest {
  readonly claim: Claim;
  readonly placed: boolean;
}

/** Claims by the path that they are for: there may be more than fit into the memory. */
export interface ClaimTable {
  /** False: nothing has to be looked for. */
  hasAny(): boolean;
  find(now: PathText, isFolder: boolean): Contest | undefined;
  /** In place of the one for the same path. */
  set(contest: Contest): void;
  drop(claim: Pick<Claim, "now" | "isFolder">): void;
  /** What is to be placed where it was then, beside those that are in force. */
  carry(claim: Claim): void;
  /**
   * All that are at another path now than then, files and what records say of folders, with those that
   * were carried; by position, and folders before what is in them. They count as placed.
   */
  carried(): Iterable<Claim>;
  /** In the order of their paths (bytes), a folder before what is in it. */
  notPlaced(): Iterable<Claim>;
  /** Those of records that name content. */
  withContent(): Iterable<Claim>;
  /** Whether one of these names this key. */
  isContent(key: string): boolean;
}
