import type { EventFilter } from "../app/log_events.ts";
import type { Wanted } from "../app/find_entries.ts";
import type { Tier } from "../core/cold/restore_state.ts";
import type { ExportFormat } from "../core/export_format.ts";
import type { PathText } from "../core/path_text.ts";
import type { KeepRules } from "../core/plan/snapshot_policy.ts";
import type { RecipientsChange } from "./config_recipients.ts";
import type { JobConfig, ShareConfig } from "./job_config.ts";
import type { Output } from "./output.ts";
import type { ChooseEntries } from "./select/select_terminal.ts";
import type { At, SnapshotName } from "./time_argument.ts";

/** The options every command has (DESIGN section 10). */
export interface GlobalOptions {
  readonly config: string | undefined;
  readonly state: string | undefined;
  readonly job: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  /** How much the run's text log holds. */
  readonly logLevel: LogLevel;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly progress: boolean;
}

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What every command gets once its arguments and the terminal are in order. */
export interface ToolInput<Options> {
  readonly globals: GlobalOptions;
  readonly options: Options;
  readonly output: Output;
  /** Fires at the first SIGINT or SIGTERM; the run then ends cleanly, with exit code 130. */
  readonly signal: AbortSignal;
  /** Asks before what cannot be undone (confirm.ts); true with `--yes`. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Asks for a word to be typed, before what nobody can take back; `--yes` is no answer. */
  readonly confirmTyped: (question: string, word: string) => Promise<boolean>;
  /** Asks for a passphrase, unseen (ask_secret.ts). Throws kind "key" where there is no terminal. */
  readonly askSecret: (question: string) => Promise<string>;
  /** Absolute paths of `--identity`, else of HOLDFAST_IDENTITY_FILE: open_keys.ts reads them. */
  readonly identityFiles: readonly string[];
}

/** What a command of a job gets, which is found in the config. */
export interface RunInput<Options> extends ToolInput<Options> {
  readonly job: JobConfig;
  /** Absolute path of the job's database. */
  readonly stateFile: string;
  /** Absolute path of the config: never backed up. */
  readonly configFile: string;
  /** Absolute folder of the run's text logs: never backed up. */
  readonly logFolder: string;
  /** File with the events that were cut from the database, where the command is to see them. */
  readonly past?: string;
}

/**
 * One method a command; each resolves with the exit code, or rejects with a HoldfastError, whose
 * kind decides it. Supplied by the composition root (src/main.ts), which imports the use case and
 * the adapters it needs when it is called and not before.
 */
export interface Runner {
  init(input: RunInput<InitOptions>): Promise<number>;
  printPolicy(input: RunInput<NoOptions>): Promise<number>;
  backup(input: RunInput<BackupOptions>): Promise<number>;
  restore(input: RunInput<RestoreOptions>): Promise<number>;
  restores(input: RunInput<RestoresOptions>): Promise<number>;
  log(input: RunInput<LogOptions>): Promise<number>;
  logVerify(input: RunInput<LogVerifyOptions>): Promise<number>;
  logShip(input: RunInput<NoOptions>): Promise<number>;
  logCheckpoint(input: RunInput<NoOptions>): Promise<number>;
  logCut(input: RunInput<LogCutOptions>): Promise<number>;
  logExport(input: RunInput<LogExportOptions>): Promise<number>;
  rebuild(input: RunInput<NoOptions>): Promise<number>;
  adopt(input: RunInput<AdoptOptions>): Promise<number>;
  reconcile(input: RunInput<ReconcileOptions>): Promise<number>;
  takeover(input: RunInput<NoOptions>): Promise<number>;
  replay(input: RunInput<NoOptions>): Promise<number>;
  snapshots(input: RunInput<SnapshotsOptions>): Promise<number>;
  find(input: RunInput<FindOptions>): Promise<number>;
  diff(input: RunInput<DiffOptions>): Promise<number>;
  history(input: RunInput<HistoryOptions>): Promise<number>;
  forget(input: RunInput<ForgetOptions>): Promise<number>;
  ls(input: RunInput<LsOptions>): Promise<number>;
  lsRemote(input: RunInput<LsRemoteOptions>): Promise<number>;
  status(input: RunInput<NoOptions>): Promise<number>;
  stats(input: RunInput<NoOptions>): Promise<number>;
  cost(input: RunInput<CostOptions>): Promise<number>;
  uploads(input: RunInput<UploadsOptions>): Promise<number>;
  check(input: RunInput<CheckOptions>): Promise<number>;
  heal(input: RunInput<NoOptions>): Promise<number>;
  prune(input: RunInput<PruneOptions>): Promise<number>;
  delete(input: RunInput<DeleteOptions>): Promise<number>;
  undo(input: RunInput<UndoOptions>): Promise<number>;
  decrypt(input: ToolInput<DecryptOptions>): Promise<number>;
  keyGenerate(input: ToolInput<KeyGenerateOptions>): Promise<number>;
  keyRecipients(input: RunInput<KeyRecipientsOptions>): Promise<number>;
  shares(input: ToolInput<SharesOptions>): Promise<number>;
  doctor(input: ToolInput<DoctorOptions>): Promise<number>;
}

export interface SharesOptions {
  /** A server, without a share. */
  readonly share: ShareConfig;
}

export interface DoctorOptions {
  /** A share, or a server alone. */
  readonly share: ShareConfig;
}

export type NoOptions = Readonly<Record<never, never>>;

/** All that `init` was told is in the job; its section is written after the run has succeeded. */
export type InitOptions = NoOptions;

export interface BackupOptions {
  readonly acceptDeletions: boolean;
  /** What the person calls the run and its snapshot. */
  readonly description: string | undefined;
  /** `--to`, `sync`: the repository is made where there is none and the prefix is empty. */
  readonly makeRepository: boolean;
}

export interface AdoptOptions {
  /** Objects of which no checksum tells what they hold are read. */
  readonly read: boolean;
}

export interface RestoreOptions {
  /** [] for everything. */
  readonly paths: readonly PathText[];
  /** Absolute, or the URL of a share. */
  readonly to: string;
  /** Of the share; undefined for the job's own login, or to be asked. */
  readonly passwordFile?: string;
  /** The state to restore; undefined: the newest snapshot, else the head. */
  readonly state: StateName | undefined;
  /** gitignore patterns: where there are any, only what one of them matches is restored. */
  readonly include: readonly string[];
  /** gitignore patterns: what one of them matches is left out. */
  readonly exclude: readonly string[];
  readonly overwrite: Overwrite;
  /** `--select`: asks for the paths, which are [] then. */
  readonly choose: ChooseEntries | undefined;
  readonly warmUp: WarmUpWishes;
}

/** How what is archived is warmed up. */
export interface WarmUpWishes {
  /** undefined: the job's, or that of the restore that goes on. */
  readonly tier: Tier | undefined;
  readonly days: number | undefined;
  /** US dollars that may be spent in all: `--max-cost`. */
  readonly budget: number | undefined;
  /** A slower tier will do where the service refuses the wanted one. */
  readonly slower: boolean;
  /** Until everything is there. */
  readonly wait: boolean;
  /** Nothing is downloaded. */
  readonly requestOnly: boolean;
  /** `--via batch-operations`: AWS's own jobs ask for what is cold. */
  readonly viaBatch: boolean;
}

export type RestoresOptions =
  | { readonly kind: "list" }
  | { readonly kind: "show" | "cancel"; readonly job: number }
  | {
    readonly kind: "resume";
    /** undefined: all that are open, of which nobody is asked anything. */
    readonly job: number | undefined;
    /** Absolute; of the shares that are restored into. */
    readonly passwordFile?: string;
    readonly warmUp: WarmUpWishes;
  };

export const OVERWRITE = ["never", "if-changed", "always"] as const;
export type Overwrite = (typeof OVERWRITE)[number];

export type StateName =
  | { readonly kind: "snapshot"; readonly snapshot: SnapshotName }
  | At;

export interface DecryptOptions {
  /** Absolute: of folders with packs, and of packs. */
  readonly paths: readonly string[];
  /** Absolute. */
  readonly to: string;
  readonly overwrite: Overwrite;
}

export interface KeyGenerateOptions {
  readonly postQuantum: boolean;
  /** The file is sealed with a passphrase that is asked for. */
  readonly passphrase: boolean;
  /** Absolute. */
  readonly to: string;
}

export interface KeyRecipientsOptions {
  /** Plans the change of a job's recipients in its config; undefined to list them. */
  readonly plan: ((configFile: string, job: JobConfig) => RecipientsChange) | undefined;
}

export interface CheckOptions {
  /** Percent of the bytes to be read; undefined for none. */
  readonly readData: number | undefined;
  /** What only kept snapshots need, too. */
  readonly snapshots: boolean;
  /** Writes pack indexes that are missing or damaged again. */
  readonly repair: boolean;
  /** Every object's lock, as the store says it. */
  readonly lock: boolean;
  /** Archived objects by their checksums. */
  readonly archived: boolean;
  /** Absolute: a completion report to go by; undefined where AWS is asked for one. */
  readonly report: string | undefined;
}

export interface ReconcileOptions {
  /** Stores again what is lost, and adopts what is unknown and says what it is. */
  readonly fix: boolean;
  /** Deletes other unknown objects, after a question. */
  readonly deleteUnknown: boolean;
  /** manifest.json of a report of S3 Inventory, an absolute path or s3://; undefined: by LIST. */
  readonly inventory: string | undefined;
}

export interface CostOptions {
  /** As `ls` prints them: what restoring these would cost is told, too. */
  readonly paths: readonly PathText[];
  /** Levels of folders that are told one by one, 0 or more. */
  readonly depth: number;
  /** Days for which restored copies would be kept; undefined: as the job says. */
  readonly days: number | undefined;
  /** The last so many runs. */
  readonly runs: number;
}

export interface PruneOptions {
  /** Share of a pack, from 0 to 1, that may be dead; undefined for the default. */
  readonly maxDead: number | undefined;
}

export interface DeleteOptions {
  /** Entries as `ls` prints them, or ids or keys of packs. */
  readonly paths: readonly PathText[];
  /** Although kept snapshots need it. */
  readonly force: boolean;
}

export interface UndoOptions {
  /** The first digits of a run's id, or "last". */
  readonly run: string;
}

export interface UploadsOptions {
  readonly abort: boolean;
  /** Milliseconds. */
  readonly olderThan: number | undefined;
}

export interface LogOptions {
  /** Milliseconds since 1970, inclusive. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly path: PathText | undefined;
  /** The first digits of a run's id, at least four. */
  readonly run: string | undefined;
  readonly type: string | undefined;
  readonly follow: boolean;
}

export interface SnapshotsOptions {
  /** Also those that were forgotten. */
  readonly all: boolean;
}

export interface FindOptions {
  readonly wanted: Wanted;
  readonly state: StateName | undefined;
  /** Every state there ever was. */
  readonly all: boolean;
  readonly long: boolean;
}

export interface DiffOptions {
  readonly a: StateName | { readonly kind: "head" };
  readonly b: StateName | { readonly kind: "head" };
}

export interface HistoryOptions {
  readonly path: PathText;
  /** undefined: all that is known. */
  readonly state: StateName | undefined;
}

export interface ForgetOptions {
  /** [] to go by rules. */
  readonly snapshots: readonly SnapshotName[];
  /** undefined: those of the job. */
  readonly rules: KeepRules | undefined;
}

export interface LogExportOptions extends Omit<EventFilter, "path"> {
  readonly format: ExportFormat;
  /** Absolute path. */
  readonly file: string;
}

export interface LogCutOptions {
  /** Milliseconds since 1970: nothing later is dropped. */
  readonly before: number | undefined;
}

export interface LogVerifyOptions {
  /** The hash chain only, without knowledge of event types. */
  readonly chain: boolean;
  /** Not the segments in the repository. */
  readonly local: boolean;
}

export interface LsOptions {
  /** "" for the root. */
  readonly path: PathText;
  readonly state: StateName | undefined;
  readonly recursive: boolean;
  readonly long: boolean;
  /** Totals of each folder down to this depth below `path`, 1 or more; undefined to list entries. */
  readonly collate: number | undefined;
}

export interface LsRemoteOptions {
  /** Keys that begin with it; "" for all. */
  readonly prefix: string;
}
