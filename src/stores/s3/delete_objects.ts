import { createHash } from "node:crypto";
import type { _Error, DeleteObjectsCommand } from "@aws-sdk/client-s3";
import { isKind } from "../../core/error.ts";
import type { ObjectName } from "../../ports/object_store.ts";
import type { Session, StoreContext } from "./context.ts";
import { isPassing } from "./failure.ts";
import { keyRefusal } from "./s3_key.ts";

export interface NotDeleted {
  readonly object: ObjectName;
  readonly reason: string;
}

/** How a store takes deletions; found out by the first ones. */
interface Ways {
  /** One DELETE an object: the store has no DeleteObjects. */
  single: boolean;
  /** Content-MD5 instead of a CRC32. */
  md5: boolean;
}

const singlesInFlight = 16;

/** DeleteObjects, quiet: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export function deleter(
  context: StoreContext,
): (objects: readonly ObjectName[]) => Promise<NotDeleted[]> {
  const ways: Ways = { single: false, md5: !context.features.checksums.works };
  return async (objects) => {
    const refused = objects.flatMap((object) => {
      const reason = keyRefusal(object.key, context.prefixBytes);
      return reason === undefined ? [] : [{ object, reason }];
    });
    const names = objects.filter((object) => refused.every((known) => known.object !== object));
    if (names.length === 0) return refused;
    return [...refused, ...await deleteAll(context, ways, names)];
  };
}

async function deleteAll(
  context: StoreContext,
  ways: Ways,
  objects: readonly ObjectName[],
): Promise<NotDeleted[]> {
  if (ways.single) return await deleteSingly(context, objects);
  try {
    return await deleteTogether(context, ways, objects);
  } catch (error) {
    if (!ways.md5 && isKind(error, "refused", "damage") && wantsMd5(error)) ways.md5 = true;
    else if (isKind(error, "refused") && hasNoDeleteObjects(error.context)) ways.single = true;
    else throw error;
    return await deleteAll(context, ways, objects);
  }
}

function wantsMd5({ context, message }: { context: { code?: unknown }; message: string }): boolean {
  return context.code === "MissingContentMD5" || /content-md5/i.test(message);
}

function hasNoDeleteObjects({ code, status }: { code?: unknown; status?: unknown }): boolean {
  return code === "NotImplemented" || code === "MethodNotAllowed" || status === 405 ||
    status === 501;
}

async function deleteTogether(
  context: StoreContext,
  ways: Ways,
  objects: readonly ObjectName[],
): Promise<NotDeleted[]> {
  const left: NotDeleted[] = [];
  let names = objects;
  await context.call({ operation: "DeleteObjects", key: "" }, async (session) => {
    const { client, sdk } = session.connection;
    const command = new sdk.DeleteObjectsCommand({
      Bucket: context.options.bucket,
      Delete: { Quiet: true, Objects: names.map((name) => identifier(context, name)) },
    });
    if (ways.md5) sendMd5(command);
    const { Errors = [] } = await client.send(command, session.send);
    const failed = Errors.map((error) => ({ error, object: named(context, names, error) }))
      .filter(({ error, object }) => !isNothing(error.Code, object));
    const again = failed.filter(({ error }) => isForAWhile(error));
    for (const { error, object } of failed) {
      if (!isForAWhile(error)) left.push({ object, reason: reasonOf(error) });
    }
    names = again.map(({ object }) => object);
    if (again.length > 0) throw passingFailure(again[0].error);
  });
  return left;
}

function identifier(context: StoreContext, { key, versionId }: ObjectName) {
  const { Key } = context.target(key);
  return versionId === undefined ? { Key } : { Key, VersionId: versionId };
}

/** Which of ours an error is about; several versions of one key are told apart where it says so. */
function named(
  context: StoreContext,
  names: readonly ObjectName[],
  { Key, VersionId }: _Error,
): ObjectName {
  const key = (Key ?? "").slice(context.keyPrefix.length);
  const same = names.filter((name) => name.key === key);
  return same.find((name) => (name.versionId ?? "") === (VersionId ?? "")) ?? same[0] ?? { key };
}

/** A version ID that the store cannot even parse names nothing. */
function isNothing(code: unknown, { versionId }: ObjectName): boolean {
  if (code === "NoSuchKey" || code === "NoSuchVersion") return true;
  return code === "InvalidArgument" && versionId !== undefined;
}

function isForAWhile({ Code }: _Error): boolean {
  return isPassing({
    code: Code ?? "",
    status: 200,
    message: "",
    clockCorrected: false,
    region: undefined,
  });
}

function reasonOf({ Code, Message }: _Error): string {
  if (isLocked(`${Code} ${Message}`)) return LOCKED;
  return Message === undefined || Message === "" ? `${Code}` : `${Message} (${Code})`;
}

const LOCKED = "its lock (S3 Object Lock) has not ended: this version can be deleted after that";

/** AWS: "Access Denied because object protected by object lock."; MinIO, versitygw: "WORM". */
function isLocked(text: string): boolean {
  return /object ?lock|\bWORM\b/i.test(text);
}

/** In the SDK's shape, so that the call is repeated with what is left. */
function passingFailure({ Code, Message }: _Error): Error {
  const error = new Error(Message ?? Code);
  error.name = Code ?? "InternalError";
  return Object.assign(error, { $metadata: { httpStatusCode: 503 } });
}

/** For stores without CRC32s in headers; AWS takes either. */
function sendMd5(command: DeleteObjectsCommand): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { headers: Record<string, string>; body: string };
      for (const name of Object.keys(request.headers)) {
        if (/^x-amz-(?:checksum-|sdk-checksum-)/i.test(name)) delete request.headers[name];
      }
      const md5 = createHash("md5").update(request.body).digest("base64");
      request.headers["content-md5"] = md5;
      return await next(args);
    },
    { step: "finalizeRequest", name: "contentMd5", priority: "high" },
  );
}

async function deleteSingly(
  context: StoreContext,
  objects: readonly ObjectName[],
): Promise<NotDeleted[]> {
  const left: NotDeleted[] = [];
  let next = 0;
  const lane = async () => {
    try {
      while (next < objects.length) {
        const object = objects[next++];
        const reason = await deleteOne(context, object);
        if (reason !== undefined) left.push({ object, reason });
      }
    } catch (error) {
      next = objects.length;
      throw error;
    }
  };
  for (const ended of await Promise.allSettled(Array.from({ length: singlesInFlight }, lane))) {
    if (ended.status === "rejected") throw ended.reason;
  }
  return left;
}

async function deleteOne(context: StoreContext, object: ObjectName): Promise<string | undefined> {
  const input = { Bucket: context.options.bucket, ...identifier(context, object) };
  const call = { operation: "DeleteObject", key: object.key };
  try {
    await context.call(
      call,
      ({ connection: { sdk, client }, send }: Session) =>
        client.send(new sdk.DeleteObjectCommand(input), send),
    );
    return undefined;
  } catch (error) {
    if (isKind(error, "gone", "refused") && isNothing(error.context.code, object)) return undefined;
    if (isKind(error, "denied", "refused")) {
      return isLocked(`${error.context.code} ${error.message}`) ? LOCKED : error.message;
    }
    throw error;
  }
}
