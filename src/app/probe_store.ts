/**
 * Finds out what a store can do, by doing it: init records the result (StoreProbed), and every run
 * opens the store with it. Each feature that is missing has a sentence why and what follows.
 */
import { HoldfastError, isKind } from "../core/error.ts";
import { EVERY_FEATURE } from "../core/every_feature.ts";
import type { ObjectStore, StoredObject, StoreFeatures } from "../ports/object_store.ts";
import * as reason from "./probe_reason.ts";

export interface ProbeRequest {
  /** Where the probe's objects go, ending in "/". They stay, since nothing is ever deleted. */
  readonly folder: string;
  /** The class that the job asks for, which is tried with an object of a few bytes. */
  readonly storageClass?: string;
  /** Whether the job asks the store to encrypt. */
  readonly encryption: boolean;
  /** Milliseconds since 1970, soon: how long an object is locked to try it; undefined for no try. */
  readonly lockUntil?: number;
}

/**
 * Opens the same store with other features: what is false there is then not asked of it. The probe
 * closes what it has opened. Its result is for a store opened with that result.
 */
export type OpenWithFeatures = (features: StoreFeatures) => ObjectStore | Promise<ObjectStore>;

type Name = Exclude<keyof StoreFeatures, "lock">;

const body = new TextEncoder().encode("written by holdfast to find out what this store can do\n");
const metadata = { holdfast: "cHJvYmU" };

/** A name that stores which change keys would change. */
const keyName = "e\u0301 +%2B~";

/** What a PUT may be refused for, apart from the object itself. */
const suspects: readonly Name[] = ["checksums", "encryption", "metadata"];

/** Throws what the store throws where it cannot even hold an object ("denied", "gone", "refused"). */
export async function probeStore(
  open: OpenWithFeatures,
  asked: ProbeRequest,
): Promise<StoreFeatures> {
  const key = asked.folder + keyName;
  // What is put here carries no lock but the one that is tried.
  const tried = asked.lockUntil === undefined
    ? EVERY_FEATURE
    : { ...EVERY_FEATURE, lock: unlocked };
  const declared = await withStore(open, tried, (store) => store.features);
  const first = await firstPut(open, declared, key);
  let features = first.features;
  const look = <T>(work: (store: ObjectStore) => Promise<T>) => withStore(open, features, work);
  const lacks = (name: Name, why: string) => (features = without(features, name, why));

  await look((store) => checkKey(store, asked.folder, key));
  if (features.checksums.works && !first.stored.checksum?.startsWith("crc32:")) {
    lacks("checksums", reason.checksumsNotConfirmed);
  }
  if (features.versions.works && first.stored.versionId === undefined) {
    lacks("versions", reason.noVersions);
  }
  if (features.metadata.works && !await look((store) => keepsMetadata(store, key))) {
    lacks("metadata", reason.metadataLost);
  }
  const condition = await look((store) => conditionFailure(store, key));
  if (condition !== undefined) lacks("conditionalPut", condition);
  features = await probeMultipart(open, features, `${asked.folder}multipart`);
  const storageClass = await look((store) => classFailure(store, asked));
  if (features.storageClass.works && storageClass !== undefined) {
    lacks("storageClass", storageClass);
  }
  if (features.encryption.works && !asked.encryption) {
    lacks("encryption", reason.encryptionNotAsked);
  }
  const { lockUntil } = asked;
  if (lockUntil === undefined) {
    const { lock: _, ...others } = features;
    return others;
  }
  const lock = await look((store) => lockFailure(store, `${asked.folder}lock`, lockUntil));
  return {
    ...features,
    lock: lock === undefined ? { works: true } : { works: false, reason: lock },
  };
}

const unlocked = { works: false, reason: "" } as const;

async function withStore<T>(
  open: OpenWithFeatures,
  features: StoreFeatures,
  work: (store: ObjectStore) => T | Promise<T>,
): Promise<T> {
  const store = await open(features);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

/** The first object, with as many features as it takes to be accepted. */
async function firstPut(
  open: OpenWithFeatures,
  features: StoreFeatures,
  key: string,
): Promise<{ features: StoreFeatures; stored: StoredObject }> {
  const attempt = async (tried: StoreFeatures) => ({
    features: tried,
    stored: await withStore(open, tried, (store) => store.put(key, body, { metadata })),
  });
  let refusal: HoldfastError;
  try {
    return await attempt(features);
  } catch (error) {
    if (!isKind(error, "refused")) throw error;
    refusal = error;
  }
  const usable = suspects.filter((name) => features[name].works);
  const withoutOne = usable.map((name) => [name]);
  for (const names of [...withoutOne, usable]) {
    const tried = names.reduce(
      (left, name) => without(left, name, reason.putRefused(name, refusal)),
      features,
    );
    try {
      return await attempt(tried);
    } catch (error) {
      if (!isKind(error, "refused")) throw error;
    }
  }
  throw refusal;
}

async function checkKey(store: ObjectStore, folder: string, key: string): Promise<void> {
  const listed: string[] = [];
  for await (const page of store.list(folder)) listed.push(...page.map((object) => object.key));
  if (listed.includes(key)) return;
  throw new HoldfastError("refused", `${store.url} does not keep object keys as they are`, {
    context: { key, listed: listed.join(", ") },
    hint: "use another store: names of files would change",
  });
}

async function keepsMetadata(store: ObjectStore, key: string): Promise<boolean> {
  return (await store.head(key))?.metadata.holdfast === metadata.holdfast;
}

/** Writes the object that is there once more: a store that honours the condition says no. */
async function conditionFailure(store: ObjectStore, key: string): Promise<string | undefined> {
  try {
    await store.put(key, body, { metadata, ifNoneMatch: true });
    return reason.conditionIgnored;
  } catch (error) {
    if (isKind(error, "conflict")) return undefined;
    if (isKind(error, "refused")) return reason.conditionRefused(error);
    throw error;
  }
}

async function probeMultipart(
  open: OpenWithFeatures,
  features: StoreFeatures,
  key: string,
): Promise<StoreFeatures> {
  const refusal = await withStore(open, features, (store) => multipartRefusal(store, key));
  if (refusal === undefined) return features;
  if (features.checksums.works) {
    const plain = without(features, "checksums", reason.partChecksumsRefused(refusal));
    const again = await withStore(open, plain, (store) => multipartRefusal(store, key));
    if (again === undefined) return plain;
  }
  return without(features, "multipart", reason.multipartRefused(refusal));
}

/** Begins an upload, sends a part and aborts. */
async function multipartRefusal(
  store: ObjectStore,
  key: string,
): Promise<HoldfastError | undefined> {
  try {
    const upload = await store.createUpload(key, { metadata });
    try {
      await store.uploadPart(key, upload, 1, body);
    } finally {
      await store.abortUpload(key, upload);
    }
    return undefined;
  } catch (error) {
    if (isKind(error, "refused")) return error;
    throw error;
  }
}

async function classFailure(store: ObjectStore, asked: ProbeRequest): Promise<string | undefined> {
  const { storageClass, folder } = asked;
  if (storageClass === undefined || storageClass === "STANDARD") return reason.classNotAsked;
  const key = `${folder}class`;
  try {
    await store.put(key, body, { storageClass });
  } catch (error) {
    if (isKind(error, "refused")) return reason.classRefused(storageClass, error);
    throw error;
  }
  const found = (await store.head(key))?.storageClass ?? "nothing";
  return found === storageClass ? undefined : reason.classChanged(storageClass, found);
}

/** Locks an object for a moment, and asks for its lock. Why that did not work; undefined where it did. */
export async function lockFailure(
  store: ObjectStore,
  key: string,
  until: number,
): Promise<string | undefined> {
  if (store.lockOf === undefined) return unlockedReason(store);
  if (!store.features.checksums.works) return reason.lockNeedsChecksums;
  try {
    const { versionId } = await store.put(key, body, { lock: { mode: "governance", until } });
    const found = await store.lockOf(versionId === undefined ? { key } : { key, versionId });
    return found === undefined ? reason.lockIgnored : undefined;
  } catch (error) {
    if (isKind(error, "refused", "denied")) return reason.lockRefused(error);
    throw error;
  }
}

/** As the store says it of itself. */
function unlockedReason({ features: { lock } }: ObjectStore): string {
  return lock?.works === false ? lock.reason : reason.lockIgnored;
}

function without(features: StoreFeatures, name: Name, why: string): StoreFeatures {
  return { ...features, [name]: { works: false, reason: why } };
}
