import { type BodyCoding, bodyCoding } from "../app/stored_body.ts";
import type { RunInput } from "../cli/runner.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { identitiesOf, sealerOf } from "./open_keys.ts";

export type CodingInput = Pick<RunInput<unknown>, "job" | "identityFiles" | "askSecret">;

/**
 * How the job's log, and what else is below `.holdfast/`, is stored: for the recipients of its config,
 * opened by the identities that the command names.
 */
export function jobCoding(input: CodingInput): BodyCoding {
  return bodyCoding(platformHashing, {
    sealer: () => sealerOf(input.job),
    opener: () => identitiesOf(input),
  });
}
