import type { GetObjectCommandOutput, HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { HoldfastError } from "../../core/error.ts";
import type { GetOptions, ObjectBody, ObjectHead } from "../../ports/object_store.ts";
import type { Session, StoreContext } from "./context.ts";
import { failureOf } from "./failure.ts";
import { headRestore } from "./restore_status.ts";
import { type ByteSource, resumingStream } from "./resuming_stream.ts";
import { versionOf, withoutQuotes } from "./stored_answer.ts";

export type HeadAnswer = HeadObjectCommandOutput | GetObjectCommandOutput;

/** undefined where the key or version is not there, or is a delete marker. */
export async function headObject(
  context: StoreContext,
  key: string,
  versionId?: string,
): Promise<ObjectHead | undefined> {
  const answer = await answerToHead(context, key, version(versionId));
  return answer === undefined ? undefined : headOf(answer);
}

/** The same, as the SDK has it. */
export async function answerToHead(
  context: StoreContext,
  key: string,
  more: { readonly VersionId?: string; readonly ChecksumMode?: "ENABLED" },
): Promise<HeadAnswer | undefined> {
  const { ChecksumMode: _, ...version } = more;
  const target = { ...context.target(key), ...version };
  return await context.call({ operation: "HeadObject", key }, async (session) => {
    const { sdk, client } = session.connection;
    try {
      const command = new sdk.HeadObjectCommand({ ...context.target(key), ...more });
      return await client.send(command, session.send);
    } catch (error) {
      const { status } = failureOf(error);
      if (status !== undefined && status >= 400 && status < 500) {
        return await explainHead(session, target);
      }
      throw error;
    }
  });
}

/**
 * An answer to HEAD has no body, so a missing key looks like a missing bucket (and, on some stores,
 * like an unknown user): a GET of one byte tells them apart.
 */
async function explainHead(
  { connection: { sdk, client }, send }: Session,
  target: { Bucket: string; Key: string; VersionId?: string },
): Promise<HeadAnswer | undefined> {
  try {
    const answer = await client.send(
      new sdk.GetObjectCommand({ ...target, Range: "bytes=0-0" }),
      send,
    );
    await cancel(answer.Body);
    return answer;
  } catch (error) {
    const { code, status } = failureOf(error);
    if (code === "NoSuchKey" || code === "NoSuchVersion") return undefined;
    if (target.VersionId === undefined) throw error;
    // A version ID that the store cannot even parse names nothing, nor does a delete marker's.
    if (code === "InvalidArgument" || status === 405) return undefined;
    throw error;
  }
}

export async function getObject(
  context: StoreContext,
  key: string,
  options: GetOptions,
): Promise<ObjectBody> {
  const target = { ...context.target(key), ...version(options.versionId) };
  const offset = options.range?.offset ?? 0;
  const open = (range: string | undefined, ifMatch: string | undefined) =>
    context.call({ operation: "GetObject", key }, async (session) => {
      const { sdk, client } = session.connection;
      const command = new sdk.GetObjectCommand({
        ...target,
        ...(range === undefined ? {} : { Range: range }),
        ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
      });
      return await client.send(command, session.send);
    });
  const first = await open(rangeText(options.range), options.ifMatch);
  const head = headOf(first);
  const length = first.ContentLength ?? head.size - offset;
  const end = offset + length;
  const stream = resumingStream({
    first: bytesOf(first),
    length,
    reopen: async (received) =>
      bytesOf(await open(`bytes=${offset + received}-${end - 1}`, `"${head.etag}"`)),
    changed: (cause) => changedWhileRead(context, key, cause),
    pause: (tries) => context.pause(tries),
  });
  return { stream, head };
}

function changedWhileRead(context: StoreContext, key: string, cause: unknown): HoldfastError {
  return new HoldfastError("gone", `${context.url}/${key} was replaced while it was read`, {
    context: { key },
    hint: "run again",
    cause,
  });
}

function rangeText(range: GetOptions["range"]): string | undefined {
  return range === undefined
    ? undefined
    : `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

function version(versionId: string | undefined): { VersionId?: string } {
  return versionId === undefined ? {} : { VersionId: versionId };
}

export function headOf(answer: HeadAnswer): ObjectHead {
  const total = "ContentRange" in answer ? answer.ContentRange?.split("/")[1] : undefined;
  return {
    size: total === undefined ? answer.ContentLength ?? 0 : Number(total),
    etag: withoutQuotes(answer.ETag),
    ...versionOf(answer.VersionId),
    storageClass: answer.StorageClass ?? "STANDARD",
    metadata: answer.Metadata ?? {},
    lastModified: answer.LastModified?.getTime() ?? 0,
    ...headRestore(answer),
  };
}

/** The SDK gives node streams or web streams; both are read as async iterables. */
function bytesOf(answer: GetObjectCommandOutput): ByteSource {
  const body = answer.Body as unknown as AsyncIterable<Uint8Array> | undefined;
  return body === undefined ? empty() : body[Symbol.asyncIterator]();
}

async function* empty(): AsyncGenerator<Uint8Array> {}

async function cancel(body: unknown): Promise<void> {
  const bytes = body as AsyncIterable<Uint8Array> | undefined;
  await bytes?.[Symbol.asyncIterator]().return?.();
}
