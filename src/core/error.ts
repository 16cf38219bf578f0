/**
 * The one error type of the program.
 *
 * Message style: lower case, no full stop; what happened, to what, what to do next (the hint).
 * The kind decides the exit code (core/exit_code.ts) and nothing else does.
 */
export type ErrorKind =
  | "usage" // wrong arguments or config
  | "no-repository" // no repository or no database
  | "locked" // another writer
  | "key" // wrong or missing key
  | "guard" // refused to protect data
  | "damage" // what was read is not what was written
  | "cost" // a cost limit
  | "entry" // one entry could not be read or restored
  | "gone" // an object or version that is no longer there
  | "conflict" // a conditional write lost (HTTP 412)
  | "refused" // the store understood and refused (HTTP 4xx, not implemented)
  | "denied" // credentials wrong, expired or without the permission
  | "unreachable" // network or store failure that may pass (HTTP 5xx, connection)
  | "disk-full" // no space left on a local disk
  | "interrupted" // a signal
  | "failed"; // anything else

export interface ErrorDetail {
  /** What it happened to: paths, keys, positions. Never a secret. */
  readonly context?: Readonly<Record<string, string | number>>;
  /** What to do next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class HoldfastError extends Error {
  readonly kind: ErrorKind;
  readonly context: Readonly<Record<string, string | number>>;
  readonly hint: string | undefined;

  constructor(kind: ErrorKind, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "HoldfastError";
    this.kind = kind;
    this.context = detail.context ?? {};
    this.hint = detail.hint;
  }
}

/** True where `error` is a HoldfastError of one of these kinds. */
export function isKind(error: unknown, ...kinds: ErrorKind[]): error is HoldfastError {
  return error instanceof HoldfastError && kinds.includes(error.kind);
}

/** The message of whatever was thrown, for wrapping it into a HoldfastError. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
