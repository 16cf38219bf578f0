import { jsonOfText, type JsonPath, type PathText } from "../core/path_text.ts";
import type { Tier } from "../core/cold/restore_state.ts";
import type { RecipientKind } from "../core/recipient.ts";
import type { Signal } from "../core/signal.ts";
import type { EntryStat, EntryType } from "../core/stat_record.ts";
import type { ErrorRecord } from "./error_text.ts";
import { isoNanoseconds } from "../core/time_text.ts";

/**
 * What `--json` writes to standard output: one JSON object a line, told apart by `record`. Fields
 * are never renamed, new ones may come. `log --json` writes the events' own lines instead, which
 * have a `type` and no `record` (docs/event_log.md). Sizes and counts are numbers, times RFC 3339 in
 * UTC, paths strings or `{"b64": …}` where they are not UTF-8.
 */
export type OutputRecord =
  | EntryRecord
  | CollatedRecord
  | MemberRecord
  | SnapshotRecord
  | FoundRecord
  | DifferenceRecord
  | HistoryRecord
  | ForgetRecord
  | UploadRecord
  | RestorePlanRecord
  | RestoreRecord
  | ObjectRecord
  | IdentityRecord
  | RecipientRecord
  | FactsRecord
  | ShareRecord
  | DiagnosisRecord
  | RenameRecord
  | PriceRecord
  | StoredCostRecord
  | RunCostRecord
  | StepRecord
  | SummaryRecord
  | PhaseRecord
  | ProgressRecord
  | NoticeRecord
  | EntryErrorRecord
  | ErrorRecord;

/** `ls`: an entry. */
export interface EntryRecord {
  readonly record: "entry";
  readonly path: JsonPath;
  readonly type: EntryType;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: string;
  readonly target: JsonPath | null;
  readonly sha256: string | null;
}

/** `ls --collate`: totals of a folder. */
export interface CollatedRecord {
  readonly record: "collated";
  readonly path: JsonPath;
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
  readonly stored_bytes: number;
}

/** `decrypt --dry-run`: an entry as a pack has it. */
export interface MemberRecord extends Omit<EntryRecord, "record"> {
  readonly record: "member";
  readonly file: string;
  /** Its content is in this pack. */
  readonly here: boolean;
}

/** `ls --remote`: an object of the store. */
export interface ObjectRecord {
  readonly record: "object";
  readonly key: string;
  readonly size: number;
  readonly storage_class: string;
  readonly modified: string;
  readonly etag: string;
}

/** `key generate`: the new identity, which itself is in the file alone. */
export interface IdentityRecord {
  readonly record: "identity";
  readonly file: string;
  readonly recipient: string;
  readonly kind: RecipientKind;
  readonly passphrase: boolean;
}

/** `key recipients`: for whom is encrypted. */
export interface RecipientRecord {
  readonly record: "recipient";
  readonly recipient: string;
  readonly kind: RecipientKind | null;
  readonly config: boolean;
  readonly repository: boolean;
}

/** `snapshots`: a snapshot. */
export interface SnapshotRecord {
  readonly record: "snapshot";
  readonly position: number;
  readonly at: string;
  readonly entries: number;
  readonly bytes: number;
  readonly gaps: number;
  readonly sources: readonly { readonly name: string; readonly digest: string }[];
  readonly content: "complete" | "partial" | "index only";
  readonly lost: number;
  readonly forgotten: number | null;
  readonly description: string | null;
}

/** `find --all`: a path and when it fitted. */
export interface FoundRecord {
  readonly record: "found";
  readonly path: JsonPath;
  readonly type: EntryType;
  readonly ranges: readonly {
    readonly from: number;
    readonly until: number | null;
    readonly snapshots: readonly number[];
  }[];
}

/** `diff`: an entry that differs. */
export interface DifferenceRecord {
  readonly record: "difference";
  readonly kind: "added" | "removed" | "content" | "metadata" | "renamed";
  readonly path: JsonPath;
  readonly from: JsonPath | null;
  readonly type: EntryType;
  readonly changed: readonly string[];
  readonly bytes_before: number;
  readonly bytes_after: number;
}

/** `history`: one thing that happened to an entry. */
export interface HistoryRecord {
  readonly record: "history";
  readonly position: number;
  readonly at: string;
  readonly path: JsonPath;
  readonly run: string;
  readonly command: string | null;
  readonly host: string | null;
  readonly user: string | null;
  readonly what: string;
  readonly details: { readonly [name: string]: FactValue };
}

/** `forget`: what is decided about a snapshot. */
export interface ForgetRecord {
  readonly record: "forget";
  readonly position: number;
  readonly at: string;
  readonly keep: boolean;
  readonly reasons: readonly string[];
  readonly gaps: number;
  readonly lost: number;
}

/** `uploads`: an unfinished multipart upload. */
export interface UploadRecord {
  readonly record: "upload";
  readonly key: string;
  readonly upload: string;
  readonly path: JsonPath | null;
  readonly known: boolean;
  readonly since: string;
  readonly age_seconds: number;
  readonly parts: number;
  readonly bytes: number;
}

/** `restore`: what it will do and ask for, before it does. */
export interface RestorePlanRecord {
  readonly record: "restore-plan";
  readonly number: number;
  readonly resumed: boolean;
  readonly tier: string;
  readonly days: number;
  readonly entries: number;
  readonly bytes: number;
  /** Archived objects that are needed, and those whose request has to be approved. */
  readonly cold: ObjectCountFact;
  readonly warming: ObjectCountFact;
  readonly warm: ObjectCountFact;
  readonly asked: ObjectCountFact;
  /** Asked for, too: that was approved before. */
  readonly approved: ObjectCountFact;
  readonly usd: number;
  readonly unknown: readonly string[];
  readonly tiers: readonly (MoneyFact & { readonly tier: string; readonly wait: string | null })[];
  /** What has to be approved, by class and by each tier that the class has. */
  readonly classes: readonly {
    readonly class: string;
    readonly archive: string | null;
    readonly objects: number;
    readonly bytes: number;
    readonly tiers: readonly (MoneyFact & { readonly tier: string; readonly wait: string })[];
  }[];
  /** Of a resumed one what is left: its first plan had that in its price. Else null. */
  readonly downloads: MoneyFact | null;
}

export interface MoneyFact {
  readonly usd: number;
  readonly unknown: readonly string[];
}

export interface ObjectCountFact {
  readonly objects: number;
  readonly bytes: number;
}

/** `restores`: a restore. */
export interface RestoreRecord {
  readonly record: "restore";
  readonly number: number;
  readonly state: "planning" | "open" | "settling" | "finished" | "cancelled";
  /** Null while it is open. */
  readonly exit: number | null;
  readonly begun: string;
  readonly ended: string | null;
  readonly to: JsonPath;
  readonly position: number;
  readonly tier: string;
  readonly days: number;
  readonly entries: number;
  readonly bytes: number;
  readonly written: number;
  /** Archived objects that it needs, in all and by what the store says. */
  readonly objects: number;
  readonly object_bytes: number;
  readonly cold: number;
  readonly warming: number;
  readonly warm: number;
  readonly cold_bytes: number;
  readonly warming_bytes: number;
  readonly warm_bytes: number;
  readonly requests: number;
  /** Null where a price is unknown. */
  readonly quoted_usd: number | null;
  readonly approved_usd: number | null;
  readonly warm_at: string | null;
  readonly first_expiry: string | null;
}

/** `status`, `stats`: facts by name. */
export interface FactsRecord {
  readonly record: "status" | "stats";
  readonly [fact: string]: FactValue;
}

/** `shares`: what a server offers. */
export interface ShareRecord {
  readonly record: "share";
  readonly name: string;
  readonly kind: "disk" | "printer" | "other";
  readonly comment: string;
}

/** `doctor`: a step of reaching a share. */
export interface DiagnosisRecord {
  readonly record: "diagnosis";
  readonly step: string;
  readonly ok: boolean;
  readonly text: string;
  readonly hint: string | null;
}

/** `status`: a moved entry whose content is under the key of an old path. */
export interface RenameRecord {
  readonly record: "rename";
  readonly path: JsonPath;
  readonly folder: boolean;
  /** Key of its object, or the prefix of a folder's keys. */
  readonly key: string;
  /** It was decided that it stays so. */
  readonly aliased: boolean;
}

export type FactValue =
  | string
  | number
  | boolean
  | null
  | readonly FactValue[]
  | { readonly [key: string]: FactValue };

/** `--dry-run`, `cost`: what something costs. */
export interface PriceRecord {
  readonly record: "price";
  /** What a plan costs once, what it adds to each month, or what a restore costs. */
  readonly of: "plan" | "month" | "restore";
  /** Of a restore by `cost`: what is restored; left out for everything. */
  readonly paths?: readonly JsonPath[];
  /** Of a restore: the tier that is asked for, and how long the last object takes. */
  readonly tier?: Tier;
  readonly wait?: string | null;
  /** US dollars, of what is known. */
  readonly usd: number;
  /** What has no price; [] where `usd` is all. */
  readonly unknown: readonly string[];
  readonly lines: readonly {
    readonly what: string;
    readonly quantity: number;
    readonly unit: string;
    readonly unit_usd: number | null;
    readonly usd: number | null;
  }[];
}

/** `cost`: what is stored in one class, of all or below one folder, costs a month. */
export interface StoredCostRecord {
  readonly record: "stored-cost";
  /** Null for all that is stored. */
  readonly path: JsonPath | null;
  readonly storage_class: string;
  readonly objects: number;
  readonly bytes: number;
  readonly usd: number;
  readonly unknown: readonly string[];
}

/** `cost`: what a run has cost, estimated from its events. */
export interface RunCostRecord {
  readonly record: "run-cost";
  readonly run: string;
  readonly command: string;
  readonly at: string;
  readonly objects: number;
  readonly bytes: number;
  readonly requests: number;
  readonly usd: number;
  readonly unknown: readonly string[];
}

/** `--dry-run`: a step of the plan. */
export interface StepRecord {
  readonly record: "step";
  readonly action: string;
  readonly path: JsonPath;
  /** Renames and deletions: key of the object, or the prefix of a folder's keys. */
  readonly key?: string;
  /** `prune`: the version that is deleted. */
  readonly version?: string;
  /** It stands for a folder and all below it. */
  readonly folder?: true;
  readonly size: number;
  readonly reason: string;
  /** Packs: days of the minimum storage duration that are still charged; null where it is not known. */
  readonly charged_days?: number | null;
}

/** The end of a run: what it did. */
export interface SummaryRecord {
  readonly record: "summary";
  readonly command: string;
  /** Null where the command has none. */
  readonly job: string | null;
  readonly exit: number;
  readonly seconds: number;
  readonly totals: { readonly [total: string]: FactValue };
}

export interface PhaseRecord {
  readonly record: "phase";
  readonly name: string;
  readonly subject: string | null;
}

/** At most one a second; fields that a phase does not count are null. */
export interface ProgressRecord {
  readonly record: "progress";
  readonly phase: string;
  readonly done: number;
  readonly total: number | null;
  readonly bytes: number | null;
  readonly total_bytes: number | null;
  readonly path: JsonPath | null;
}

export interface NoticeRecord {
  readonly record: "notice";
  readonly text: string;
}

export interface EntryErrorRecord {
  readonly record: "entry-error";
  readonly path: JsonPath;
  readonly reason: string;
}

export function entryRecord(
  path: PathText,
  stat: EntryStat,
  content: { readonly target?: PathText; readonly sha256?: string } = {},
): EntryRecord {
  return {
    record: "entry",
    path: jsonOfText(path),
    type: stat.type,
    mode: stat.mode.toString(8).padStart(4, "0"),
    uid: stat.uid,
    gid: stat.gid,
    size: Number(stat.size),
    mtime: isoNanoseconds(stat.mtime),
    target: content.target === undefined ? null : jsonOfText(content.target),
    sha256: content.sha256 ?? null,
  };
}

export function memberRecord(
  path: PathText,
  stat: EntryStat,
  { file, here, ...content }: {
    readonly file: string;
    readonly here: boolean;
    readonly target?: PathText;
    readonly sha256?: string;
  },
): MemberRecord {
  return { ...entryRecord(path, stat, content), record: "member", file, here };
}

export function signalRecord(
  signal: Signal,
): PhaseRecord | ProgressRecord | NoticeRecord | EntryErrorRecord {
  switch (signal.kind) {
    case "phase":
      return { record: "phase", name: signal.name, subject: signal.subject ?? null };
    case "notice":
      return { record: "notice", text: signal.text };
    case "entry-error":
      return { record: "entry-error", path: jsonOfText(signal.path), reason: signal.reason };
    case "scan":
      return progress("scan", signal.entries, {
        bytes: signal.bytes,
        path: jsonOfText(signal.path),
      });
    case "replay":
      return progress("replay", signal.done, { total: signal.total });
    case "rebuild":
      return progress("rebuild", signal.done, { total: signal.total });
    case "upload":
    case "restore":
    case "check":
    case "prune":
    case "undo":
    case "read":
      return progress(signal.kind, signal.done, {
        total: signal.total,
        bytes: signal.bytes,
        total_bytes: signal.totalBytes,
        path: jsonOfText(signal.current),
      });
  }
}

function progress(
  phase: string,
  done: number,
  rest: Partial<ProgressRecord>,
): ProgressRecord {
  const { total = null, bytes = null, total_bytes = null, path = null } = rest;
  return { record: "progress", phase, done, total, bytes, total_bytes, path };
}

export function recordLine(record: OutputRecord): string {
  return JSON.stringify(record);
}
