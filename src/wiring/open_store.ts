import { refuseUnagreedLock } from "./agree_lock.ts";
import type { JobConfig } from "../cli/job_config.ts";
import { encryptionNotAsked } from "../app/probe_reason.ts";
import { probesOf } from "../app/store_probes.ts";
import { limitStore, type RateAt } from "../app/limited_store.ts";
import { HoldfastError } from "../core/error.ts";
import { isLimited, rateAt, type RateLimit } from "../core/rate_limit.ts";
import type { EventData } from "../core/event/event.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Feature, ObjectStore, StoreFeatures } from "../ports/object_store.ts";

export interface OpenStoreOptions {
  /** Makes a folder store where there is none: for `init` only. */
  readonly create?: boolean;
  /** Nothing is written: what `sse` asks for does not matter. */
  readonly readOnly?: boolean;
  readonly signal: AbortSignal;
  /** Somebody has agreed to lock in compliance mode, or nothing will be stored. */
  readonly lockAgreed?: boolean;
  /** A person should know why a run waits. */
  readonly notice: (text: string) => void;
}

/** Opens the job's store with the features that the last probe found. */
export async function openStore(
  job: JobConfig,
  environment: Environment,
  options: OpenStoreOptions & { readonly log: JobLog },
): Promise<ObjectStore> {
  if (!options.readOnly && !options.lockAgreed) refuseUnagreedLock(job, options.log);
  const open = await storeOpener(job, environment, options);
  const probed = probedFeatures(options.log);
  return open(options.readOnly ? probed : wantedFeatures(job, probed));
}

/** Loads the adapter for the job's URL, and gives the function that opens the store. */
export async function storeOpener(
  job: JobConfig,
  environment: Environment,
  options: OpenStoreOptions,
): Promise<(features?: StoreFeatures) => ObjectStore> {
  const { clock, random, hostname, pid } = environment;
  const limited = limiter(job, environment, options.signal);
  if (job.repository.kind === "folder") {
    const { openFolderStore } = await import("../stores/folder/folder_store.ts");
    const { folder, warmUp } = job.repository;
    const create = options.create === true;
    const simulated = warmUp === undefined ? {} : { warmUp };
    return () =>
      limited(openFolderStore(folder, { clock, random, hostname, pid, create, ...simulated }));
  }
  const { openS3Store } = await import("../stores/s3/s3_store.ts");
  const { bucket, prefix } = job.repository;
  const { endpoint, region, profile, forcePathStyle, sse, sseKmsKey } = job.s3;
  return (features) =>
    limited(openS3Store({
      ...{ bucket, prefix, clock, signal: options.signal },
      version: environment.version.split(" ").at(-1)!,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
      ...(forcePathStyle ? { forcePathStyle } : {}),
      ...(sse === undefined ? {} : { sse }),
      ...(sseKmsKey === undefined ? {} : { sseKmsKey }),
      ...(job.lock === undefined ? {} : { lock: job.lock }),
      ...(features === undefined ? {} : { features }),
      retry: { onRetry: (failure) => tellRetry(options, failure) },
    }));
}

/** Holds the store's bodies back as the job's limits say; the store itself where there are none. */
function limiter(
  { limits }: JobConfig,
  { clock }: Environment,
  signal: AbortSignal,
): (store: ObjectStore) => ObjectStore {
  const upload = localRate(limits.upload);
  const download = localRate(limits.download);
  if (upload === undefined && download === undefined) return (store) => store;
  const rates = {
    ...(upload === undefined ? {} : { upload }),
    ...(download === undefined ? {} : { download }),
  };
  return (store) => limitStore(store, rates, clock, signal);
}

/** By this machine's time of the day. */
function localRate(limit: RateLimit): RateAt | undefined {
  if (!isLimited(limit)) return undefined;
  return (now) => {
    const time = new Date(now);
    return rateAt(limit, time.getHours() * 60 + time.getMinutes());
  };
}

interface RetryNotice {
  readonly operation: string;
  readonly key: string;
  readonly tries: number;
  readonly waitMs: number;
  readonly reason: string;
}

/** The first failures pass unseen: they are everyday. */
const SILENT_TRIES = 2;

function tellRetry({ notice }: OpenStoreOptions, failure: RetryNotice): void {
  const { operation, key, tries, waitMs, reason } = failure;
  if (tries <= SILENT_TRIES) return;
  const seconds = (waitMs / 1000).toFixed(1);
  notice(`${operation} ${key} failed ${tries} times, next try in ${seconds} s: ${reason}`);
}

/** Encryption that the config asks for is asked of the store, or the run stops: never left out. */
function wantedFeatures(
  job: JobConfig,
  probed: StoreFeatures | undefined,
): StoreFeatures | undefined {
  if (job.lock !== undefined && probed?.lock?.works === false) {
    throw new HoldfastError("usage", `\`lock\` is set, and ${probed.lock.reason}`, {
      hint: "run `holdfast init` again once the bucket has Object Lock, or take `lock` out",
    });
  }
  if (probed === undefined || probed.encryption.works || job.s3.sse === undefined) return probed;
  if (probed.encryption.reason === encryptionNotAsked) {
    return { ...probed, encryption: { works: true } };
  }
  throw new HoldfastError(
    "usage",
    `the store cannot do what \`sse\` asks for: ${probed.encryption.reason}`,
    {
      hint: "remove `sse` from the job's section, or use a store that encrypts",
    },
  );
}

/** Features as the last StoreProbed recorded them, or undefined where the store was never probed. */
function probedFeatures(log: JobLog): StoreFeatures | undefined {
  let found: EventData["StoreProbed"]["features"] | undefined;
  for (const event of probesOf(log)) found = event.data.features;
  if (found === undefined) return undefined;
  const features = Object.entries(found).map(([name, text]): [string, Feature] => [
    name,
    text === "yes" ? { works: true } : { works: false, reason: text },
  ]);
  return Object.fromEntries(features) as unknown as StoreFeatures;
}
