import type { JobConfig } from "../cli/job_config.ts";
import { HoldfastError } from "../core/error.ts";
import type { BatchJobs } from "../ports/batch_jobs.ts";
import type { Environment } from "../ports/environment.ts";
import type { OpenStoreOptions } from "./open_store.ts";

type Opening = Pick<OpenStoreOptions, "signal">;

/** S3 Batch Operations for what a person has asked of it. Throws kind "usage" where the job cannot. */
export async function openBatchJobs(
  job: JobConfig,
  environment: Environment,
  options: Opening,
): Promise<BatchJobs> {
  const refusal = batchRefusal(job);
  if (refusal !== undefined) {
    throw new HoldfastError("usage", refusal.message, { hint: refusal.hint });
  }
  return await open(job, environment, options);
}

/** The same where the job can; undefined where it cannot. */
export async function batchJobsOf(
  job: JobConfig,
  environment: Environment,
  options: Opening,
): Promise<BatchJobs | undefined> {
  return batchRefusal(job) === undefined ? await open(job, environment, options) : undefined;
}

async function open(
  { repository, s3 }: JobConfig,
  { clock, version }: Environment,
  { signal }: Opening,
): Promise<BatchJobs> {
  if (repository.kind !== "s3") throw new Error("not in S3");
  const { openBatchJobs } = await import("../stores/s3/batch_jobs.ts");
  const { bucket, prefix } = repository;
  const { region, profile, batchRole } = s3;
  return openBatchJobs({
    ...{ bucket, prefix, clock, signal, role: batchRole! },
    version: version.split(" ").at(-1)!,
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  });
}

const AWS = /^https:\/\/([^/]+\.)?amazonaws\.com(\.cn)?$/;
/** What the SDK would take for the address of S3 Control, too. */
const ENDPOINTS = ["AWS_ENDPOINT_URL_S3_CONTROL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];

/** Why a job has no Batch Operations, before anything is written. */
export function batchRefusal(
  { repository, s3 }: Pick<JobConfig, "repository" | "s3">,
  environment: (name: string) => string | undefined = (name) => Deno.env.get(name),
): { readonly message: string; readonly hint: string } | undefined {
  if (repository.kind !== "s3") {
    return {
      message: `S3 Batch Operations is AWS's: ${repository.url} is not in S3`,
      hint: "leave it out: everything works without it",
    };
  }
  const endpoints = [s3.endpoint, ...ENDPOINTS.map(environment)];
  const other = endpoints.find((url) => url !== undefined && !AWS.test(url));
  if (other !== undefined) {
    return {
      message: `S3 Batch Operations is AWS's own: ${other} does not have it`,
      hint: "leave it out: everything works without it",
    };
  }
  if (s3.batchRole === undefined) {
    return {
      message: "S3 Batch Operations needs a role that it works as",
      hint:
        'set `batch_role = "arn:aws:iam::ACCOUNT:role/NAME"` in the job (docs/batch_operations.md)',
    };
  }
  if (s3.sse === "aws:kms") {
    return {
      message: "S3 Batch Operations does not read manifests that are encrypted with SSE-KMS",
      hint: 'leave it out, or set sse = "AES256"',
    };
  }
  return undefined;
}
