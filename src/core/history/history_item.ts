import type { DeletionReason, Evidence } from "../event/event.ts";
import type { JsonPath, PathText } from "../path_text.ts";
import type { EntryType } from "../stat_record.ts";

/** One thing that happened to an entry, as an event says it. */
export interface HistoryItem {
  readonly position: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** Id of the run that recorded it. */
  readonly run: string;
  /** "[source/]path" of the entry after it. */
  readonly path: PathText;
  readonly fact: HistoryFact;
}

/** Values are as `--json` writes them. */
export type HistoryFact =
  | { readonly what: "seen"; readonly again: boolean; readonly seen: Appearance }
  | { readonly what: "changed" | "unstable"; readonly fields: FieldChange[] }
  /** Put back as it was by undo; `from` where it had another path in between. */
  | {
    readonly what: "reverted";
    readonly from: JsonPath | null;
    readonly fields: FieldChange[];
  }
  | { readonly what: "unchanged" | "reread" | "removed" | "settled" }
  | {
    readonly what: "renamed";
    readonly from: JsonPath;
    readonly evidence: Evidence | null;
    readonly fields: FieldChange[];
  }
  /** Its file has another name since: what comes after is about another one of the same name. */
  | { readonly what: "left"; readonly to: JsonPath }
  /** Its path is another because a folder above it was moved. */
  | { readonly what: "moved"; readonly folder: JsonPath; readonly to: JsonPath }
  | { readonly what: "linked"; readonly from: JsonPath; readonly seen: Appearance }
  | {
    /** "adopted": it was in the store already, put by another tool. */
    readonly what: "stored" | "copied" | "adopted";
    readonly key: string;
    readonly class: string;
    readonly version: string | null;
    readonly bytes: number | null;
    readonly sha256: string | null;
    /** Of a copy: the key that it was copied from. */
    readonly from: string | null;
    /** Position that stored the content which this replaced for good, where versions are not kept. */
    readonly over: number | null;
  }
  | {
    readonly what: "packed";
    /** Of the pack that has its content or, of what has none, its metadata; null where none has. */
    readonly key: string | null;
    /** The pack got it by this; else the same content was in it already. */
    readonly own: boolean;
    readonly bytes: number | null;
    readonly sha256: string | null;
  }
  /** The pack that should have had it was closed before: it is to be stored again. */
  | { readonly what: "unpacked" }
  | { readonly what: "aliased"; readonly key: string; readonly why: string }
  | {
    readonly what: "deleted";
    readonly key: string;
    readonly version: string | null;
    readonly why: DeletionReason;
  }
  | { readonly what: "verified"; readonly read: boolean }
  | { readonly what: "missing" | "damaged"; readonly key: string; readonly reason: string }
  | { readonly what: "unreadable" | "refused"; readonly reason: string | null }
  | { readonly what: "discovered"; readonly key: string }
  | { readonly what: "not restored"; readonly to: JsonPath | null; readonly reason: string };

/** How an entry looked when it was first seen. */
export interface Appearance {
  readonly type: EntryType | null;
  readonly bytes: number | null;
  /** Permission bits, four octal digits. */
  readonly mode: string | null;
  readonly owner: string | null;
  readonly mtime: string | null;
  readonly target: JsonPath | null;
}

export interface FieldChange {
  readonly field:
    | "type"
    | "size"
    | "mode"
    | "owner"
    | "mtime"
    | "target"
    | "attributes"
    | "DOS attributes"
    | "device"
    | "file id"
    | "ctime";
  readonly before: string;
  readonly after: string;
}
