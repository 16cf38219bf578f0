import { HoldfastError, isKind } from "../core/error.ts";

/** A call that failed in a child, before it is known what it was about: smb_error.ts makes the error. */
export interface CallFailure {
  /** "read the folder" */
  readonly step: string;
  readonly errno: number;
}

export function callFailed(step: string, errno: number): HoldfastError {
  return new HoldfastError("failed", step, { context: { errno } });
}

/** Undefined where it is another error, whose message is whole. */
export function callFailureOf(error: unknown): CallFailure | undefined {
  if (!isKind(error, "failed") || typeof error.context.errno !== "number") return undefined;
  return { step: error.message, errno: error.context.errno };
}
