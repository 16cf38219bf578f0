import { HoldfastError, isKind } from "../core/error.ts";
import type { AnyNewEvent, Layout } from "../core/event/event.ts";
import { type Genesis } from "../core/event/line.ts";
import { PROBE_FOLDER, REPOSITORY_KEY } from "../core/mirror/object_key.ts";
import { isoTime } from "../core/time_text.ts";
import { sameRecipients } from "../core/recipient.ts";
import { checkLayout, encodeRepository, type RepositoryFile } from "../core/repository_file.ts";
import type { LockSetting } from "../core/lock/object_lock.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Feature, ObjectStore, StoreFeatures } from "../ports/object_store.ts";
import { checkLifecycle } from "./check_lifecycle.ts";
import { probeStore } from "./probe_store.ts";
import { lockOpening } from "./known_locks.ts";
import { findRepository } from "./read_repository.ts";
import { inRun, newId } from "./run.ts";
import type { LogShipper } from "./ship_log.ts";
import { TRIED_FOR_MS } from "./try_lock.ts";

export interface InitDeps {
  readonly environment: Environment;
  /** Opens the store with these features; without any, with all that it may have. */
  readonly openStore: (features?: StoreFeatures) => ObjectStore;
  /** The job's database where it exists already, from an `init` that was cut off. */
  readonly openLog: () => JobLog | undefined;
  readonly createLog: (genesis: Genesis) => JobLog;
  /** Makes, or reads, the key pair beside the database; returns the public key, 64 hex digits. */
  readonly signingKey: () => string;
  /** What sends the log to the repository, once that is there. */
  readonly shipper?: (log: JobLog, store: ObjectStore) => LogShipper;
}

export interface InitOptions {
  readonly job: string;
  /** The job's config section, without secrets. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly configDigest: string;
  readonly layout: Layout;
  /** age recipients that everything is encrypted for; [] for no encryption. */
  readonly recipients: readonly string[];
  readonly storageClass: string;
  /** The store is to encrypt (`sse`). */
  readonly encryption: boolean;
  /** Object Lock of all that will be stored. */
  readonly lock?: LockSetting | undefined;
}

export interface InitReport {
  readonly repository: string;
  readonly key: string;
  readonly features: StoreFeatures;
  /** True where an earlier init had done all of it. */
  readonly existed: boolean;
  readonly notice?: string;
}

/**
 * Draws the ids and commits them, probes the store, then puts repository.json with If-None-Match.
 * Repeated after any interruption, it finishes the same repository.
 */
export async function initRepository(deps: InitDeps, options: InitOptions): Promise<InitReport> {
  const store = deps.openStore();
  try {
    return await initIn(deps, options, store);
  } finally {
    store.close();
  }
}

async function initIn(
  deps: InitDeps,
  options: InitOptions,
  store: ObjectStore,
): Promise<InitReport> {
  const { environment } = deps;
  const found = await findRepository(store);
  if (found !== undefined) checkLayout(found, options.layout, store.url);
  const notice = await checkLifecycle(store);
  const opened = deps.openLog();
  if (opened === undefined && found !== undefined) throw repositoryExists(store.url, found);
  const key = deps.signingKey();
  const log = opened ?? deps.createLog({
    format: 1,
    repository: newId(environment),
    log: newId(environment),
    job: options.job,
    key,
    parent: null,
  });
  try {
    const { repository } = log.genesis;
    if (found !== undefined && found.repository !== repository) {
      throw repositoryExists(store.url, found);
    }
    if (found !== undefined) checkSameRecipients(found, options, store.url);
    // An init that was cut off may have put the repository without recording it.
    const existed = found !== undefined && isRecorded(log);
    const run = { command: "init", config: options.configDigest };
    const report = await inRun(log, environment, run, async (id) => {
      const features = await probeStore(deps.openStore, {
        folder: `${PROBE_FOLDER}${newId(environment)}/`,
        storageClass: options.storageClass,
        encryption: options.encryption,
        ...(options.lock === undefined
          ? {}
          : { lockUntil: Number(environment.clock.now() / 1_000_000n) + TRIED_FOR_MS }),
      });
      const sentences = (Object.entries(features) as [string, Feature][])
        .map(([name, feature]) => [name, feature.works ? "yes" : feature.reason]);
      const probed = { url: store.url, features: Object.fromEntries(sentences) };
      log.append(id, [
        { type: "StoreProbed", data: probed },
        ...(features.lock?.works === true ? lockOpening(log, options.lock) : []),
      ]);
      refuseUnlocked(features);
      if (!existed) {
        if (found === undefined) {
          await putRepository({ environment, store }, options, log, features);
        }
        log.append(id, createdEvents(repository, options, store.url), { durable: true });
      }
      const result = {
        repository,
        key,
        features,
        existed,
        ...(notice === undefined ? {} : { notice }),
      };
      return { result, outcome: 0, totals: {} };
    });
    await shipLog(deps, log, report.features);
    return report;
  } finally {
    log.close();
  }
}

function refuseUnlocked({ lock }: StoreFeatures): void {
  if (lock === undefined || lock.works) return;
  throw new HoldfastError("refused", `\`lock\` is set, and ${lock.reason}`, {
    hint:
      "`holdfast init --print-policy` prints the bucket's setup; then run init again, or leave " +
      "`lock` out; no repository was made",
  });
}

function createdEvents(
  repository: string,
  { layout, recipients }: InitOptions,
  url: string,
): AnyNewEvent[] {
  const created: AnyNewEvent = { type: "RepositoryCreated", data: { repository, layout, url } };
  if (recipients.length === 0) return [created];
  return [created, { type: "RecipientsChanged", data: { recipients: [...recipients] } }];
}

/** Not within the run: before it there was no repository to ship to. */
async function shipLog(deps: InitDeps, log: JobLog, features: StoreFeatures): Promise<void> {
  if (deps.shipper === undefined) return;
  const store = deps.openStore(features);
  try {
    await deps.shipper(log, store).end(newId(deps.environment));
  } finally {
    store.close();
  }
}

function isRecorded(log: JobLog): boolean {
  if (log.base !== undefined) return true;
  for (const _ of log.lines({ type: "RepositoryCreated" })) return true;
  return false;
}

async function putRepository(
  { environment, store }: { environment: Environment; store: ObjectStore },
  { job, config, layout, recipients }: InitOptions,
  log: JobLog,
  features: StoreFeatures,
): Promise<void> {
  const { repository, log: id, key } = log.genesis;
  const file: RepositoryFile = {
    format: 1,
    repository,
    layout,
    created: isoTime(Number(environment.clock.now() / 1_000_000n)),
    ...(recipients.length === 0 ? {} : { recipients }),
    jobs: { [job]: config },
    logs: [{ log: id, job, key, host: environment.hostname }],
  };
  try {
    await store.put(REPOSITORY_KEY, encodeRepository(file), {
      contentType: "application/json",
      ifNoneMatch: features.conditionalPut.works,
    });
  } catch (error) {
    if (!isKind(error, "conflict")) throw error;
    // The answer to our own PUT may have been lost; anyone else's repository stays as it is.
    const there = await findRepository(store);
    if (there?.repository !== repository) throw repositoryExists(store.url, there);
  }
}

/** An init that was cut off is finished as it was begun. */
function checkSameRecipients(
  { recipients = [] }: RepositoryFile,
  options: InitOptions,
  url: string,
): void {
  if (sameRecipients(recipients, options.recipients)) return;
  throw new HoldfastError("key", `${url} was made for other recipients than the given ones`, {
    context: { url },
    hint: "repeat init with the same recipients, then change them with `holdfast key recipients`",
  });
}

function repositoryExists(url: string, found: RepositoryFile | undefined): HoldfastError {
  const id = found === undefined ? "" : ` (${found.repository})`;
  return new HoldfastError("no-repository", `${url} holds another repository already${id}`, {
    context: { url },
    hint:
      "nothing was written; where it is this job's, `holdfast rebuild` brings its database back, " +
      "else choose another prefix",
  });
}
