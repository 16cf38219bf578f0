import { HoldfastError } from "../../core/error.ts";
import { verdictOf } from "./error_hint.ts";
import type { Failure } from "./failure.ts";

/** What was asked of the store, for messages. */
export interface Call {
  /** As S3 names it: "PutObject". */
  readonly operation: string;
  /** Relative to the repository; "" where the call is about the bucket. */
  readonly key: string;
  readonly storageClass?: string;
}

/** Where it was asked. */
export interface Place {
  /** `s3://bucket/prefix` */
  readonly url: string;
  readonly bucket: string;
  readonly endpoint: string;
}

/**
 * The HoldfastError of a failure. `context.code` and `context.status` are the store's; where a
 * condition was not met, `context.unanswered` counts earlier tries of the same write that ended
 * without an answer: above 0 the object found there may be this very write, and the caller compares.
 */
export function storeError(
  call: Call,
  place: Place,
  failure: Failure,
  unanswered: number,
): HoldfastError {
  const { kind, hint } = verdictOf(call.operation, failure);
  return new HoldfastError(kind, messageText(call, place, failure), {
    context: {
      operation: call.operation,
      bucket: place.bucket,
      key: call.key,
      endpoint: place.endpoint,
      code: failure.code,
      ...(failure.status === undefined ? {} : { status: failure.status }),
      ...(call.storageClass === undefined ? {} : { storageClass: call.storageClass }),
      ...(kind === "conflict" ? { unanswered } : {}),
    },
    ...(hint === undefined ? {} : { hint }),
    // Not the SDK's error itself: it holds the whole answer, with ids that a report should not show.
    cause: new Error(`${failure.code}: ${failure.message}`),
  });
}

function messageText(call: Call, place: Place, failure: Failure): string {
  const object = call.key === "" ? place.url : `${place.url}/${call.key}`;
  const storageClass = call.storageClass === undefined ? "" : ` in class ${call.storageClass}`;
  const said = failure.message.replace(/\.$/, "");
  const status = failure.status === undefined ? "" : ` ${failure.status}`;
  const what = said === failure.code || said === "" || said === "UnknownError"
    ? `${failure.code}${status}`
    : `${said} (${failure.code}${status})`;
  return `${call.operation} of ${object}${storageClass} at ${place.endpoint} failed: ${what}`;
}
