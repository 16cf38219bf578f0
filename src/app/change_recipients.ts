import { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { REPOSITORY_KEY } from "../core/mirror/object_key.ts";
import { sameRecipients } from "../core/recipient.ts";
import {
  checkLayout,
  encodeRepository,
  type RepositoryFile,
  withRecipients,
} from "../core/repository_file.ts";
import type { Layout } from "../core/event/event.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog, LogReader } from "../ports/event_log.ts";
import type { ObjectHead, ObjectStore } from "../ports/object_store.ts";
import { readRepositoryOf } from "./read_repository.ts";
import { inRun } from "./run.ts";
import { type LogShipper, noShipping } from "./ship_log.ts";

export interface RecipientsDeps {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly environment: Environment;
  /** Seals for the new recipients: the log is shipped when the repository names them. */
  readonly shipper?: LogShipper;
  /** Makes the config say so; called last. Nothing where it does already. */
  readonly writeConfig?: () => void;
}

export interface WantedRecipients {
  /** [] to encrypt nothing from now on. */
  readonly recipients: readonly string[];
  readonly layout: Layout;
  /** The job's config section as it is to be, without secrets. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly configDigest: string;
}

export interface RecipientsReport {
  /** What the repository named until now. */
  readonly before: readonly string[];
  /** False where repository, log and config said so already. */
  readonly changed: boolean;
}

/**
 * Changes for whom is encrypted from now on: first in repository.json, then in the log, then in the
 * config. Wherever it is cut off, either nothing has changed or config and repository differ, so that
 * every run stops until the command is repeated.
 */
export async function changeRecipients(
  deps: RecipientsDeps,
  wanted: WantedRecipients,
): Promise<RecipientsReport> {
  const { log, store, environment, shipper = noShipping, writeConfig } = deps;
  const head = await store.head(REPOSITORY_KEY);
  const file = await readRepositoryOf(store, log);
  checkLayout(file, wanted.layout, store.url);
  const before = file.recipients ?? [];
  const { recipients } = wanted;
  const isNamed = sameRecipients(before, recipients);
  if (isNamed && sameRecipients(loggedRecipients(log), recipients) && writeConfig === undefined) {
    return { before, changed: false };
  }
  let isSafe = isNamed;
  const run = {
    ...{ command: "key recipients", config: wanted.configDigest },
    shipper: heldBack(shipper, () => isSafe),
  };
  return await inRun(log, environment, run, async (id) => {
    if (!isNamed) {
      await replaceRepository(store, head, withRecipients(file, log.genesis.job, wanted));
    }
    isSafe = true;
    const data = { recipients: [...recipients] };
    log.append(id, [{ type: "RecipientsChanged", data }], { durable: true });
    writeConfig?.();
    const totals = { recipients: String(recipients.length) };
    return { result: { before, changed: true }, outcome: EXIT.done, totals };
  });
}

/** As the log knows them; [] where it never named any. */
function loggedRecipients(log: LogReader): readonly string[] {
  let found: readonly string[] = [];
  for (const event of log.events({ type: "RecipientsChanged" })) {
    if (event.type === "RecipientsChanged") found = event.data.recipients;
  }
  return found;
}

/** Nothing is encrypted for recipients that the repository does not name. */
function heldBack(shipper: LogShipper, isSafe: () => boolean): LogShipper {
  return {
    ...noShipping,
    begin: (run) => shipper.begin(run),
    end: async (run) => {
      if (isSafe()) await shipper.end(run);
    },
  };
}

/** The port has no If-Match for a PUT: the job's lock and a last look are what there is. */
async function replaceRepository(
  store: ObjectStore,
  seen: ObjectHead | undefined,
  file: RepositoryFile,
): Promise<void> {
  const now = await store.head(REPOSITORY_KEY);
  if (now?.etag !== seen?.etag || now?.versionId !== seen?.versionId) {
    throw new HoldfastError("conflict", `repository.json of ${store.url} has just been changed`, {
      context: { url: store.url },
      hint: "it was left as it is: repeat the command",
    });
  }
  await store.put(REPOSITORY_KEY, encodeRepository(file), { contentType: "application/json" });
}
