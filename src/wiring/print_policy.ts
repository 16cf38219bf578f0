import type { NoOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import { bucketSetup } from "../core/policy/bucket_setup.ts";
import { rolePolicies } from "../core/policy/role_policy.ts";

/** `holdfast init --print-policy`: one JSON document; nothing is asked for, and nothing written. */
export function runPrintPolicy({ job, output }: RunInput<NoOptions>): Promise<number> {
  const { repository, layout, lock, s3: { region, batchRole } } = job;
  if (repository.kind !== "s3") {
    const hint = "the rights of the folder are what protects it";
    throw new HoldfastError("usage", `${repository.url} is a folder, and has no IAM policies`, {
      hint,
    });
  }
  const { bucket, prefix } = repository;
  const place = { bucket, prefix, region, lock, batchRole };
  const document = { bucket: bucketSetup({ ...place, layout }), roles: rolePolicies(place) };
  output.raw(JSON.stringify(document, null, output.json ? undefined : 2));
  return Promise.resolve(EXIT.done);
}
