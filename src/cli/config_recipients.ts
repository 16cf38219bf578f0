import { HoldfastError, isKind } from "../core/error.ts";
import { checkRecipientList, sameRecipients, shortRecipient } from "../core/recipient.ts";
import { configPlace } from "./config_file.ts";
import { parseConfig } from "./config.ts";
import type { JobConfig } from "./job_config.ts";
import { replaceFile, type StagedFile } from "./replace_file.ts";
import type { System } from "./system.ts";
import { tomlLines, tomlValueSpan } from "./toml_lines.ts";

/** What `key recipients` was told to do. */
export interface RecipientsWish {
  readonly add: readonly string[];
  /** Recipients, or how they begin. */
  readonly remove: readonly string[];
}

/** The job as it is to be, and its config, which changes when `stage` is committed. */
export interface RecipientsChange {
  readonly job: JobConfig;
  /** undefined where the config says it already. */
  readonly stage: (() => StagedFile) | undefined;
}

/**
 * Plans the change of a job's recipients in its config, writing nothing: only the list of
 * `recipients` in the job's section is another one, all else stays byte for byte. Throws kind "usage"
 * with the line to write by hand where there is no plain list.
 */
export function planRecipients(
  system: System,
  file: string,
  job: JobConfig,
  wish: RecipientsWish,
): RecipientsChange {
  const recipients = wantedRecipients(job.recipients, wish);
  if (sameRecipients(recipients, job.recipients)) return { job, stage: undefined };
  // With its byte order mark, where it has one.
  const before = Deno.readFileSync(file);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(before);
  const edited = editedText(text, ["job", job.name, "recipients"], recipients);
  const after = edited === undefined ? undefined : jobOf(system, file, edited, job.name);
  if (edited === undefined || after === undefined || !isOnlyChange(job, after, recipients)) {
    throw byHand(file, text, job, recipients);
  }
  return { job: after, stage: () => replaceFile(file, before, new TextEncoder().encode(edited)) };
}

/** Throws kind "usage" where the wish makes no sense, or removes the last one. */
export function wantedRecipients(
  present: readonly string[],
  { add, remove }: RecipientsWish,
): readonly string[] {
  const gone = remove.map((beginning) => foundRecipient(present, beginning));
  const added = add.filter((recipient) => !present.includes(recipient));
  const wanted = [...present.filter((recipient) => !gone.includes(recipient)), ...added];
  checkRecipientList(wanted);
  if (wanted.length > 0 || gone.length === 0) return wanted;
  throw new HoldfastError("usage", "the last recipient cannot be removed", {
    hint: "add another one in the same command; to store everything readable from now on, write " +
      'encryption = "none" in place of `recipients`, then holdfast key recipients --confirm',
  });
}

/** As much of a recipient as tells it from others: a post-quantum one has 1,959 characters. */
const LEAST = 12;

function foundRecipient(present: readonly string[], beginning: string): string {
  const found = present.filter((recipient) =>
    recipient === beginning || (beginning.length >= LEAST && recipient.startsWith(beginning))
  );
  if (found.length === 1) return found[0];
  const what = found.length === 0 ? "names no recipient of the job" : "names several recipients";
  // What is no recipient may be a secret.
  const shown = /^age1[a-z0-9]*$/.test(beginning) ? ` ${shortRecipient(beginning)}` : "";
  throw new HoldfastError("usage", `--remove${shown} ${what}`, {
    hint: `holdfast key recipients lists them; the first ${LEAST} characters or more will do`,
  });
}

/** Texts in quotes, commas and blanks: what can be written anew and nothing is lost. */
const PLAIN_LIST = /^\[(?:[\s,]|"[a-z0-9]*"|'[a-z0-9]*')*\]$/;

function editedText(
  text: string,
  path: readonly string[],
  recipients: readonly string[],
): string | undefined {
  const span = tomlValueSpan(text, path);
  if (span === undefined) return undefined;
  const list = text.slice(span.start, span.end);
  if (!PLAIN_LIST.test(list)) return undefined;
  return text.slice(0, span.start) + listText(recipients, list) + text.slice(span.end);
}

/** On one line, or one to a line, as the list was before. */
function listText(recipients: readonly string[], before: string): string {
  const quoted = recipients.map((recipient) => `"${recipient}"`);
  const [, newline, indent] = /^\[\s*?(\r?\n)([ \t]*)/.exec(before) ?? [];
  if (newline === undefined) return `[${quoted.join(", ")}]`;
  const end = /(\r?\n[ \t]*)\]$/.exec(before)?.[1] ?? newline;
  return `[${quoted.map((each) => `${newline}${indent}${each},`).join("")}${end}]`;
}

function jobOf(system: System, file: string, text: string, name: string): JobConfig | undefined {
  try {
    return parseConfig(text.replace(/^\ufeff/, ""), configPlace(system, file)).jobs.get(name);
  } catch (error) {
    if (isKind(error, "usage")) return undefined;
    throw error;
  }
}

function isOnlyChange(before: JobConfig, after: JobConfig, recipients: readonly string[]): boolean {
  const others = (job: JobConfig) => {
    const { recipients: _, ...section } = JSON.parse(job.text);
    return JSON.stringify(section);
  };
  return sameRecipients(after.recipients, recipients) && others(before) === others(after);
}

function byHand(
  file: string,
  text: string,
  { name, ...job }: JobConfig,
  recipients: readonly string[],
): HoldfastError {
  const line = tomlLines(text)(["job", name, "recipients"]);
  const section: Readonly<Record<string, unknown>> = JSON.parse(job.text);
  const key = ["recipients", "encryption"].find((each) => section[each] !== undefined);
  const place = key === undefined ? "" : `, in place of \`${key}\``;
  return new HoldfastError(
    "usage",
    `${file}:${line}: job ${name} has no plain list of recipients that could be changed; nothing ` +
      "was written",
    {
      hint: `write into the job's section${place}:\nrecipients = ${listText(recipients, "[]")}\n` +
        "then run holdfast key recipients --confirm",
    },
  );
}
