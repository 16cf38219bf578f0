import type { RestoreObjectCommandInput } from "@aws-sdk/client-s3";
import type { ObjectName, RestoreAnswer, RestoreRequest } from "../../ports/object_store.ts";
import type { Session, StoreContext } from "./context.ts";
import { type Failure, failureOf } from "./failure.ts";

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
 *
 * A try that may have been heard although no answer came is repeated. S3 holds one request an
 * object, so nothing is paid twice; a 409 then means this very request, and is "accepted".
 */
export async function requestRestore(
  context: StoreContext,
  { key, versionId }: ObjectName,
  { tier, days }: RestoreRequest,
): Promise<RestoreAnswer> {
  const input: RestoreObjectCommandInput = {
    ...context.target(key),
    ...(versionId === undefined ? {} : { VersionId: versionId }),
    RestoreRequest: {
      ...(days === undefined ? {} : { Days: days }),
      GlacierJobParameters: { Tier: tier },
    },
  };
  let mayBeHeard = false;
  return await context.call({ operation: "RestoreObject", key }, async (session) => {
    try {
      return await ask(session, input);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === "RestoreAlreadyInProgress") return mayBeHeard ? "accepted" : "under way";
      mayBeHeard ||= hasUnknownEffect(failure);
      throw error;
    }
  });
}

/** 202 for a request that now begins, 200 for an object that is warm already. */
async function ask(
  { connection: { sdk, client }, send }: Session,
  input: RestoreObjectCommandInput,
): Promise<RestoreAnswer> {
  const { $metadata } = await client.send(new sdk.RestoreObjectCommand(input), send);
  return $metadata.httpStatusCode === 200 ? "extended" : "accepted";
}

/** Nothing came back, or an error from behind the front door: 503 is S3's throttle before it. */
function hasUnknownEffect({ status }: Failure): boolean {
  return status === undefined || status === 500 || status === 502 || status === 504;
}
