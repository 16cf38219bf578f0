import { crc32 } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import type { PutOptions, StoredObject } from "../../ports/object_store.ts";
import { HoldfastError } from "../../core/error.ts";
import type { Session, StoreContext } from "./context.ts";
import { askedEncryption, putFields } from "./put_fields.ts";
import { refuseExisting } from "./put_object.ts";
import { readStored, type StoredAnswer } from "./stored_answer.ts";

/** Bytes of a part: 10,000 of them are 80 GiB. */
const partSize = 8 * 1024 * 1024;
const partsInFlight = 4;

/** lib-storage's Upload: a multipart upload of its own, aborted where the stream or the store fails. */
export async function putStream(
  context: StoreContext,
  key: string,
  body: ReadableStream<Uint8Array>,
  options: PutOptions,
): Promise<StoredObject> {
  const target = context.target(key);
  const { features } = context;
  const conditional = options.ifNoneMatch ?? false;
  if (conditional && !features.conditionalPut.works) await refuseExisting(context, key);
  const { Upload } = await import("@aws-sdk/lib-storage");
  const session = await context.session();
  const measured = measure(body);
  const upload = new Upload({
    client: retryingClient(session, key),
    params: {
      ...target,
      ...putFields(options, context.options, features),
      Body: measured.stream,
      ...(conditional && features.conditionalPut.works ? { IfNoneMatch: "*" } : {}),
      ...(features.checksums.works
        ? { ChecksumAlgorithm: "CRC32" as const, ChecksumType: "FULL_OBJECT" as const }
        : {}),
    },
    partSize,
    queueSize: partsInFlight,
  });
  try {
    const answer = await upload.done() as StoredAnswer;
    const asked = askedEncryption(context.options, features);
    return readStored(key, asked, features.checksums.works ? measured.crc() : undefined, answer);
  } catch (error) {
    throw error instanceof HoldfastError || error === measured.failure()
      ? error
      : uploadFailure(context, key, error);
  }
}

/** The client with this store's retries around every call that Upload makes. */
function retryingClient({ connection, retries, send }: Session, key: string): S3Client {
  const { client } = connection;
  const retrying: S3Client = Object.create(client);
  const sendWithRetries = (command: { constructor: { name: string } }) => {
    const operation = command.constructor.name.replace(/Command\d*$/, "");
    return retries.run({ operation, key }, () => client.send(command as never, send));
  };
  retrying.send = sendWithRetries as unknown as S3Client["send"];
  return retrying;
}

/** Passes the bytes on, keeping their CRC32 and the error that ended them. */
function measure(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader();
  let sum = 0;
  let failed: unknown;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        sum = crc32(value, sum);
        controller.enqueue(value);
      } catch (error) {
        failed = error;
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  return {
    stream,
    crc: () => (sum >>> 0).toString(16).padStart(8, "0"),
    failure: () => failed,
  };
}

function uploadFailure(context: StoreContext, key: string, error: unknown): HoldfastError {
  const reason = error instanceof Error ? error.message : String(error);
  return new HoldfastError("failed", `the upload of ${context.url}/${key} failed: ${reason}`, {
    context: { key },
    cause: error,
  });
}
