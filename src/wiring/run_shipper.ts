import { type LogShipper, logShipper, type ShipOptions } from "../app/ship_log.ts";
import type { RunInput } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Signer } from "../ports/signing.ts";
import { type CodingInput, jobCoding } from "./job_coding.ts";
import { ownSigner } from "./signing_key.ts";

export interface ShippedRun {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly environment: Environment;
  /** This machine's own for the job by default. */
  readonly signer?: Signer;
}

/** What a run that appends to the job's log ships it with. */
export function runShipper(
  input: CodingInput & Pick<RunInput<unknown>, "output" | "stateFile">,
  { log, store, environment, signer = ownSigner(input.stateFile, log) }: ShippedRun,
  options?: ShipOptions,
): LogShipper {
  return logShipper({
    ...{ log, store, environment, signer, emit: input.output.signal },
    ...{ hashing: platformHashing, coding: jobCoding(input), verify: verifySignature },
  }, options);
}
