import { NO_CAPACITY } from "../../core/cold/restore_refusals.ts";

/** What is known of an error that the SDK or the HTTP layer threw. */
export interface Failure {
  /** The store's code, or the name of the local error. */
  readonly code: string;
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  readonly message: string;
  /** The SDK has set its clock to the store's: the next signature will be in time. */
  readonly clockCorrected: boolean;
  /** The region that a redirect names. */
  readonly region: string | undefined;
}

interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean };
  readonly $response?: { statusCode?: number; headers?: Record<string, string> };
}

const withoutAnswer = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "TimeoutError",
  "NetworkError",
  "UND_ERR_SOCKET",
]);

const passing = new Set([
  "InternalError",
  "SlowDown",
  "ServiceUnavailable",
  "RequestTimeout",
  "RequestTimeoutException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
  "TooManyRequestsException",
  "InternalServiceException",
  "RequestLimitExceeded",
  "BandwidthLimitExceeded",
  // Another write of the same key is under way: the repeat finds out who won.
  "ConditionalRequestConflict",
  "OperationAborted",
]);

/** Said with 503, but of the request and not of the moment: the caller decides what to do instead. */
const final = new Set([NO_CAPACITY]);

const passingStatus = new Set([408, 429, 500, 502, 503, 504]);

const damaged = new Set([
  "BadDigest",
  "InvalidDigest",
  "XAmzContentSHA256Mismatch",
  "XAmzContentChecksumMismatch",
  "ChecksumMismatch",
  "IncompleteBody",
]);

/**
 * What S3 answers to these codes. Where it began with 200 to keep the connection and failed later
 * (copies, completions), the SDK calls all of them 503, which would be repeated without end.
 */
const statusOfLate: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  InvalidObjectState: 403,
  ObjectNotInActiveTierError: 403,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  PreconditionFailed: 412,
  BadDigest: 400,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  InvalidArgument: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  NotImplemented: 501,
};

export function failureOf(error: unknown): Failure {
  const { name, message, code, $metadata, $response } = error as SdkError;
  const told = $metadata?.httpStatusCode ?? $response?.statusCode;
  const status = told === 503 ? statusOfLate[name ?? ""] ?? told : told;
  return {
    code: status === undefined ? code ?? name ?? "Error" : name ?? "Error",
    status,
    message: readable(message ?? String(error)),
    clockCorrected: $metadata?.clockSkewCorrected === true,
    region: $response?.headers?.["x-amz-bucket-region"],
  };
}

/** The SDK's words for an answer that is not XML are about its own insides. */
function readable(message: string): string {
  return message.includes("Deserialization error") ? "the answer is not one of S3's" : message;
}

/** No whole answer came: whether the store acted is unknown. */
export function isUnanswered(failure: Failure): boolean {
  if (failure.status !== undefined) return failure.status >= 500;
  return withoutAnswer.has(failure.code) && !isCertificate(failure);
}

/** Worth repeating for as long as it takes. */
export function isPassing(failure: Failure): boolean {
  if (failure.status === undefined) return isUnanswered(failure);
  if (failure.status === 403 && failure.code === "RequestTimeTooSkewed") {
    return failure.clockCorrected;
  }
  if (final.has(failure.code)) return false;
  return passing.has(failure.code) || passingStatus.has(failure.status);
}

/** What arrived was not what was sent. */
export function isDamaged(failure: Failure): boolean {
  return failure.status !== undefined && damaged.has(failure.code);
}

/** TLS was answered and not accepted: waiting changes nothing. */
export function isCertificate(failure: Failure): boolean {
  return /certificate|InvalidContentType|SSL routines/i.test(failure.message);
}
