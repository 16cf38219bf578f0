import { Option } from "@commander-js/extra-typings";
import { HoldfastError } from "../core/error.ts";
import { parseRateLimit, type RateLimit } from "../core/rate_limit.ts";
import { type Extensible, valueOf } from "./command_context.ts";
import { RENAME_MODES, type RenameMode } from "../core/plan/rename_plan.ts";
import type { JobConfig } from "./job_config.ts";
import type { BackupOptions } from "./runner.ts";

export interface BackupArguments {
  readonly acceptDeletions?: true;
  readonly description?: string;
  readonly delete?: true;
  readonly renames?: RenameMode;
  readonly limitUpload?: RateLimit;
  readonly limitDownload?: RateLimit;
  readonly maxCost?: number;
}

/** What `backup` and `sync` have in common; read with `opts()`. */
export function addBackupOptions(command: Extensible): void {
  const options = [
    new Option(
      "--accept-deletions",
      "confirm that entries are really gone where the delete guard has refused",
    ),
    new Option("--delete", "delete objects of entries that are gone; without it they stay"),
    new Option("--description <text>", "what to call the run and its snapshot"),
    new Option("--renames <way>", "how moved entries are settled in the store")
      .choices(RENAME_MODES),
    new Option(
      "--limit-upload <rate>",
      'bytes a second sent to the store: "2 MiB", also by time: "08:00-18:00 2 MiB,none"',
    ).argParser(valueOf("--limit-upload", parseRate)),
  ];
  for (const option of options) command.addOption(option);
  addDownloadLimit(command);
  addMaxCost(command);
}

/** Whoever asks the store for something that is paid for can be held to a price. */
export function addMaxCost(command: Extensible): void {
  command.addOption(
    new Option("--max-cost <usd>", "stop, with exit code 6, before it may cost more US dollars")
      .argParser(valueOf("--max-cost", parseUsd)),
  );
}

function parseUsd(text: string): number {
  const usd = /^\$?\s*([0-9]+(?:\.[0-9]+)?)$/.exec(text.trim())?.[1];
  if (usd !== undefined) return Number(usd);
  throw new HoldfastError("usage", `${JSON.stringify(text)} is no amount of US dollars`, {
    hint: "write a number such as 2.50",
  });
}

/** What whoever reads from the store can limit. */
export function addDownloadLimit(command: Extensible): void {
  command.addOption(
    new Option("--limit-download <rate>", "bytes a second read from the store")
      .argParser(valueOf("--limit-download", parseRate)),
  );
}

function parseRate(text: string): RateLimit {
  return parseRateLimit(text.split(","));
}

export function backupOptions(
  { acceptDeletions, description }: BackupArguments,
  makeRepository: boolean,
): BackupOptions {
  return { acceptDeletions: acceptDeletions ?? false, description, makeRepository };
}

/** Options go before what the job's section says. */
export function overridden(options: object): (job: JobConfig) => JobConfig {
  const { delete: deletes, renames, limitUpload, limitDownload, maxCost }: BackupArguments =
    options;
  return (job) => {
    if (job.layout === "pack") refuseMirrorOptions(options);
    return {
      ...job,
      delete: deletes ?? job.delete,
      renames: renames ?? job.renames,
      maxCost: maxCost ?? job.maxCost,
      limits: {
        upload: limitUpload ?? job.limits.upload,
        download: limitDownload ?? job.limits.download,
      },
    };
  };
}

/** As their keys are refused in the section of such a job. */
function refuseMirrorOptions({ delete: deletes, renames }: BackupArguments): void {
  const [option, hint] = deletes !== undefined
    ? ["--delete", "objects are deleted by holdfast forget and holdfast prune"]
    : ["--renames", "a rename changes only the index: leave it out"];
  if (deletes === undefined && renames === undefined) return;
  throw new HoldfastError("usage", `${option} has no meaning in the pack layout`, { hint });
}
