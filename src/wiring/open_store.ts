import type { JobConfig } from "../cli/job_config.ts";
import type { EventData } from "../core/event/event.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Feature, ObjectStore, StoreFeatures } from "../ports/object_store.ts";

export interface OpenStoreOptions {
  /** What the last probe found. */
  readonly features?: StoreFeatures;
  /** Makes a folder store where there is none: for `init` only. */
  readonly create?: boolean;
  readonly signal: AbortSignal;
  /** A person should know why a run waits. */
  readonly notice: (text: string) => void;
}

/** Opens the job's store with the adapter for its URL, which is loaded only now. */
export async function openStore(
  job: JobConfig,
  environment: Environment,
  options: OpenStoreOptions,
): Promise<ObjectStore> {
  const { clock, random, hostname, pid } = environment;
  if (job.repository.kind === "folder") {
    const { openFolderStore } = await import("../stores/folder/folder_store.ts");
    const create = options.create === true;
    return openFolderStore(job.repository.folder, { clock, random, hostname, pid, create });
  }
  const { openS3Store } = await import("../stores/s3/s3_store.ts");
  const { bucket, prefix } = job.repository;
  const { endpoint, region, profile, forcePathStyle, sse, sseKmsKey } = job.s3;
  return openS3Store({
    ...{ bucket, prefix, clock, signal: options.signal },
    version: environment.version.split(" ").at(-1)!,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(forcePathStyle ? { forcePathStyle } : {}),
    ...(sse === undefined ? {} : { sse }),
    ...(sseKmsKey === undefined ? {} : { sseKmsKey }),
    ...(options.features === undefined ? {} : { features: options.features }),
    retry: {
      onRetry({ operation, key, tries, waitMs, reason }) {
        if (tries < 3) return;
        const seconds = (waitMs / 1000).toFixed(1);
        options.notice(
          `${operation} ${key} failed ${tries} times, next try in ${seconds} s: ${reason}`,
        );
      },
    },
  });
}

/** Features as the last StoreProbed recorded them, or undefined where the store was never probed. */
export function probedFeatures(log: JobLog): StoreFeatures | undefined {
  let found: EventData["StoreProbed"]["features"] | undefined;
  for (const event of log.events({ type: "StoreProbed" })) {
    if (event.type === "StoreProbed") found = event.data.features;
  }
  if (found === undefined) return undefined;
  const features = Object.entries(found).map(([name, text]): [string, Feature] => [
    name,
    text === "yes" ? { works: true } : { works: false, reason: text },
  ]);
  return Object.fromEntries(features) as unknown as StoreFeatures;
}
