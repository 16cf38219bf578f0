import { isKind } from "../../core/error.ts";
import { lockFrom, type LockMode, type ObjectLock } from "../../core/lock/object_lock.ts";
import type { ObjectName, PutOptions, StoreFeatures } from "../../ports/object_store.ts";
import type { StoreContext } from "./context.ts";
import { failureOf } from "./failure.ts";
import type { S3StoreOptions } from "./options.ts";

/** What a new object carries of its lock, as the SDK's commands name it. */
export interface LockFields {
  readonly ObjectLockMode?: "GOVERNANCE" | "COMPLIANCE";
  readonly ObjectLockRetainUntilDate?: Date;
}

/** The object's own lock, else the store's, unless the probe found that the store has none. */
export function lockFields(
  { lock: own }: PutOptions,
  { lock: setting, clock }: S3StoreOptions,
  features: StoreFeatures,
): LockFields {
  const isAsked = setting !== undefined && features.lock?.works !== false;
  const lock = own ?? (isAsked ? lockFrom(setting, Number(clock.now() / 1_000_000n)) : undefined);
  if (lock === undefined) return {};
  return {
    ObjectLockMode: sdkMode(lock.mode),
    ObjectLockRetainUntilDate: new Date(lock.until),
  };
}

function sdkMode(mode: LockMode): "GOVERNANCE" | "COMPLIANCE" {
  return mode === "governance" ? "GOVERNANCE" : "COMPLIANCE";
}

/** The bucket has no Object Lock, or this version has no retention. */
const NO_LOCK: ReadonlySet<string> = new Set([
  "NoSuchObjectLockConfiguration",
  "ObjectLockConfigurationNotFoundError",
]);

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html
 *
 * A store that has no such call tells a lock by HEAD, as AWS does to those who may know it.
 */
export async function lockOf(
  context: StoreContext,
  object: ObjectName,
): Promise<ObjectLock | undefined> {
  const target = { ...context.target(object.key), ...version(object.versionId) };
  try {
    return await askRetention(context, object, target);
  } catch (error) {
    if (!isKind(error, "failed", "refused")) throw error;
    return await askHead(context, object, target);
  }
}

type Target = { readonly Bucket: string; readonly Key: string; readonly VersionId?: string };

async function askRetention(
  context: StoreContext,
  { key }: ObjectName,
  target: Target,
): Promise<ObjectLock | undefined> {
  const call = { operation: "GetObjectRetention", key };
  const retention = await context.call(call, async ({ connection: { sdk, client }, send }) => {
    try {
      return (await client.send(new sdk.GetObjectRetentionCommand(target), send)).Retention;
    } catch (error) {
      if (isWithoutLock(error)) return undefined;
      throw error;
    }
  });
  return lockOfRetention(retention?.Mode, retention?.RetainUntilDate);
}

async function askHead(
  context: StoreContext,
  { key }: ObjectName,
  target: Target,
): Promise<ObjectLock | undefined> {
  const head = await context.call(
    { operation: "HeadObject", key },
    ({ connection: { sdk, client }, send }) => client.send(new sdk.HeadObjectCommand(target), send),
  );
  return lockOfRetention(head.ObjectLockMode, head.ObjectLockRetainUntilDate);
}

/** Also "Bucket is missing Object Lock Configuration" (400 InvalidRequest). */
function isWithoutLock(error: unknown): boolean {
  const { code, message } = failureOf(error);
  return NO_LOCK.has(code) || code === "InvalidRequest" && /object ?lock/i.test(message);
}

function lockOfRetention(
  mode: string | undefined,
  until: Date | undefined,
): ObjectLock | undefined {
  if (mode === undefined || until === undefined) return undefined;
  return { mode: mode === "COMPLIANCE" ? "compliance" : "governance", until: until.getTime() };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html */
export async function extendLock(
  context: StoreContext,
  { key, versionId }: ObjectName,
  { mode, until }: ObjectLock,
  { raises = false }: { readonly raises?: boolean } = {},
): Promise<void> {
  const input = {
    ...(raises ? { BypassGovernanceRetention: true } : {}),
    ...context.target(key),
    ...version(versionId),
    Retention: { Mode: sdkMode(mode), RetainUntilDate: new Date(until) },
  };
  await context.call(
    { operation: "PutObjectRetention", key },
    ({ connection: { sdk, client }, send }) =>
      client.send(new sdk.PutObjectRetentionCommand(input), send),
  );
}

function version(versionId: string | undefined): { VersionId?: string } {
  return versionId === undefined ? {} : { VersionId: versionId };
}
