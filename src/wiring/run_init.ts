import { dirname } from "node:path";
import { isNotTried } from "../app/probe_reason.ts";
import { initRepository } from "../app/init_repository.ts";
import { findRepository } from "../app/read_repository.ts";
import type { JobConfig } from "../cli/job_config.ts";
import type { InitOptions, RunInput } from "../cli/runner.ts";
import { makePrivateFolder } from "../cli/state_file.ts";
import { isKind } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { isArchive } from "../core/mirror/storage_class.ts";
import { platformHashing } from "../crypto/hashing.ts";
import type { Feature, ObjectStore, StoreFeatures } from "../ports/object_store.ts";
import { counted } from "../report/count_text.ts";
import { lockSettingText } from "../report/lock_text.ts";
import { createJobLog, openJobLog } from "../sqlite/job_log.ts";
import { agreeToLock } from "./agree_lock.ts";
import { systemEnvironment } from "./environment.ts";
import { isFile, openLogAlone, takeJobLock } from "./open_log.ts";
import { sealerOf } from "./open_keys.ts";
import { storeOpener } from "./open_store.ts";
import { keyFile } from "./own_paths.ts";
import { refuseNested } from "./refuse_nested.ts";
import { runShipper } from "./run_shipper.ts";
import { refuseNetworkFolder } from "./state_place.ts";
import { signingKey } from "./signing_key.ts";
import { configDigest } from "./config_digest.ts";

/** `holdfast init`. */
export async function runInit(input: RunInput<InitOptions>): Promise<number> {
  const { job, stateFile, output, signal, globals } = input;
  const environment = systemEnvironment();
  const { sha256 } = platformHashing;
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const create = !globals.dryRun;
  const open = await storeOpener(job, environment, { create, signal, notice });
  // Proves that the recipients are public keys, before anything is made.
  await sealerOf(job);
  if (!isFile(stateFile)) await refuseNested(input, environment, open);
  if (globals.dryRun) return await planInit(input, open);
  makePrivateFolder(dirname(stateFile));
  refuseNetworkFolder(dirname(stateFile));
  const lock = takeJobLock(input, environment);
  try {
    await agree(input);
    output.signal({ kind: "phase", name: "probe" });
    const tools = { clock: environment.clock, sha256 };
    const report = await initRepository({
      environment,
      openStore: open,
      openLog: () =>
        isFile(stateFile) ? openJobLog(stateFile, tools, { mode: "write" }) : undefined,
      createLog: (genesis) => createJobLog(stateFile, genesis, tools),
      signingKey: () => signingKey(keyFile(stateFile)).key,
      shipper: (log, store) => runShipper(input, { log, store, environment }),
    }, {
      job: job.name,
      config: JSON.parse(job.text),
      configDigest: configDigest(job),
      layout: job.layout,
      recipients: job.recipients,
      storageClass: job.storageClass,
      encryption: job.s3.sse !== undefined,
      lock: job.lock,
    });
    const { repository, key, existed, features, notice: unread } = report;
    if (unread !== undefined) notice(unread);
    const words = existed ? "found" : "made";
    const totals = { repository, key, url: job.repository.url, existed };
    output.summary({
      ...{ record: "summary", command: "init", job: job.name, exit: EXIT.done },
      ...{ seconds: 0, totals },
    }, [
      `${words} the repository ${repository} at ${job.repository.url}`,
      `its log's heads are signed by the Ed25519 key ${key}`,
      ...encryptionText(job),
      ...(job.lock === undefined ? [] : [`what is stored is locked ${lockSettingText(job.lock)}`]),
      ...lacking(features, job),
      ...versioningAdvice(job, features),
      ...layoutAdvice(job),
    ]);
    return EXIT.done;
  } finally {
    lock.release();
  }
}

/** An init that is repeated need not be agreed to again. */
async function agree(input: RunInput<InitOptions>): Promise<void> {
  const log = isFile(input.stateFile) ? openLogAlone(input) : undefined;
  try {
    await agreeToLock(input, log);
  } finally {
    log?.close();
  }
}

/** Looks, and changes nothing: the probe writes, so it is left to the real run. */
async function planInit(
  { job, output, stateFile }: RunInput<InitOptions>,
  open: () => ObjectStore,
): Promise<number> {
  const found = await present(open);
  output.text(
    found === undefined
      ? `plan: make a repository at ${job.repository.url}, layout ${job.layout}`
      : `plan: go on with the repository ${found} at ${job.repository.url}, if it is this job's`,
    `plan: make the database ${stateFile} and its key, unless they are there`,
    ...encryptionText(job),
    ...layoutAdvice(job),
  );
  return EXIT.done;
}

async function present(open: () => ObjectStore): Promise<string | undefined> {
  let store: ObjectStore;
  try {
    store = open();
  } catch (error) {
    if (isKind(error, "no-repository")) return undefined;
    throw error;
  }
  try {
    return (await findRepository(store))?.repository;
  } finally {
    store.close();
  }
}

/** Packs are never overwritten: where they are, versions are not missed. */
function lacking(features: StoreFeatures, { s3, layout }: JobConfig): string[] {
  const { encryption, versions, ...others } = features;
  const asked: Feature[] = [
    ...(s3.sse === undefined ? [] : [encryption]),
    ...(layout === "pack" ? [] : [versions]),
    ...Object.values(others),
  ];
  return asked.flatMap((feature) =>
    feature.works || isNotTried(feature.reason) ? [] : [`note: ${feature.reason}`]
  );
}

/** Said once, when it can still be followed before anything is stored. */
function versioningAdvice(
  { repository: place, layout }: JobConfig,
  { versions }: StoreFeatures,
): string[] {
  if (versions.works || place.kind !== "s3" || layout === "pack") return [];
  return [
    `recommended: turn versioning on for the bucket ${place.bucket}, and run init again; then ` +
    "older snapshots keep their contents when files change",
  ];
}

function encryptionText({ layout, recipients }: JobConfig): string[] {
  if (recipients.length > 0) {
    const who = counted(recipients.length, "recipient");
    return [`everything is encrypted for ${who}: without one of their identities it is lost`];
  }
  if (layout === "mirror") return [];
  return ['nothing is encrypted, as encryption = "none" says: who can read the store reads all'];
}

function layoutAdvice({ layout, storageClass }: JobConfig): string[] {
  if (layout === "pack" || !isArchive(storageClass)) return [];
  return [
    `recommended for ${storageClass}: the pack layout, for each archived object costs a request and ` +
    "about 40 KB more than its size; a repository keeps its layout, so run init for another prefix " +
    "with --layout pack --recipient R, as key generate prints it",
  ];
}
