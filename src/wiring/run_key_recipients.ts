import { changeRecipients, type RecipientsReport } from "../app/change_recipients.ts";
import { readRepository } from "../app/read_repository.ts";
import type { RecipientsChange } from "../cli/config_recipients.ts";
import type { JobConfig } from "../cli/job_config.ts";
import type { KeyRecipientsOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { recipientKind, sameRecipients, shortRecipient } from "../core/recipient.ts";
import { counted } from "../report/count_text.ts";
import { configDigest } from "./config_digest.ts";
import { systemEnvironment } from "./environment.ts";
import { sealerOf } from "./open_keys.ts";
import { openForWriting } from "./open_log.ts";
import { openStore, storeOpener } from "./open_store.ts";
import { runShipper } from "./run_shipper.ts";

type RecipientsInput = RunInput<KeyRecipientsOptions>;

/** `holdfast key recipients`. */
export async function runKeyRecipients(input: RecipientsInput): Promise<number> {
  const { options, configFile, job } = input;
  const change = options.plan?.(configFile, job);
  if (change === undefined) return await list(input);
  // Proves that they are public keys, before anything is changed.
  await sealerOf(change.job);
  return input.globals.dryRun ? plan(input, change) : await apply(input, change);
}

async function list({ job, output, signal }: RecipientsInput): Promise<number> {
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const open = await storeOpener(job, systemEnvironment(), { readOnly: true, signal, notice });
  const store = open();
  try {
    const { recipients: known = [] } = await readRepository(store);
    const all = [...job.recipients, ...known.filter((each) => !job.recipients.includes(each))];
    for (const recipient of all) show(output, recipient, job, known);
    if (all.length === 0) notice("nothing is encrypted: there are no recipients");
    if (!sameRecipients(job.recipients, known)) {
      notice(
        "config and repository differ, so runs that write stop: where the config is right, run " +
          "holdfast key recipients --confirm",
      );
    }
    return EXIT.done;
  } finally {
    store.close();
  }
}

function show(
  output: RecipientsInput["output"],
  recipient: string,
  job: JobConfig,
  known: readonly string[],
): void {
  const [config, repository] = [job.recipients.includes(recipient), known.includes(recipient)];
  output.record({ record: "recipient", recipient, kind: kindOf(recipient), config, repository });
  const only = config ? "only in the config" : "only in the repository";
  output.text(config && repository ? recipient : `${recipient}  ${only}`);
}

/** The repository may name what this program does not know. */
function kindOf(recipient: string): "x25519" | "post-quantum" | null {
  try {
    return recipientKind(recipient);
  } catch {
    return null;
  }
}

function plan({ output, configFile }: RecipientsInput, { job, stage }: RecipientsChange): number {
  output.text(
    ...(stage === undefined ? [] : [`plan: change the recipients of the job in ${configFile}`]),
    `plan: ${newData(job)}`,
  );
  return EXIT.done;
}

async function apply(input: RecipientsInput, change: RecipientsChange): Promise<number> {
  const { output, signal } = input;
  const { job } = change;
  const asChanged = { ...input, job };
  const started = performance.now();
  const environment = systemEnvironment();
  const { log, close } = openForWriting(input, environment);
  const staged = change.stage?.();
  try {
    const notice = (text: string) => output.signal({ kind: "notice", text });
    const store = await openStore(job, environment, { log, signal, notice });
    try {
      const report = await changeRecipients({
        ...{ log, store, environment },
        shipper: runShipper(asChanged, { log, store, environment }),
        ...(staged === undefined ? {} : { writeConfig: () => staged.commit() }),
      }, {
        ...{ recipients: job.recipients, layout: job.layout },
        ...{ config: JSON.parse(job.text), configDigest: configDigest(job) },
      });
      tell(input, job, report, performance.now() - started);
      return EXIT.done;
    } finally {
      store.close();
    }
  } finally {
    staged?.drop();
    close();
  }
}

function tell(
  { output, configFile }: RecipientsInput,
  job: JobConfig,
  { before, changed }: RecipientsReport,
  ms: number,
): void {
  const { recipients } = job;
  const added = recipients.filter((recipient) => !before.includes(recipient));
  const removed = before.filter((recipient) => !recipients.includes(recipient));
  output.summary({
    ...{ record: "summary", command: "key recipients", job: job.name, exit: EXIT.done },
    seconds: Math.round(ms) / 1000,
    totals: { changed, added, removed, recipients: [...recipients] },
  }, [
    ...(changed ? [] : [`${configFile}, the repository and the log say so already`]),
    ...added.map((recipient) => `added ${shortRecipient(recipient)}`),
    ...removed.map((recipient) => `removed ${shortRecipient(recipient)}`),
    newData(job),
    ...(changed ? [storedData(removed.length > 0)] : []),
  ]);
}

function storedData(isRemoved: boolean): string {
  const also = isRemoved ? ", also those of the removed recipients" : "";
  return "what is stored already stays as it is, and opens with the identities of the recipients " +
    `that it was encrypted for${also}`;
}

function newData({ name, recipients }: JobConfig): string {
  return recipients.length === 0
    ? `what the job ${name} stores from now on is not encrypted`
    : `what the job ${name} stores from now on is encrypted for ${
      counted(recipients.length, "recipient")
    }`;
}
