import type { JobDescriptor, S3ControlClient } from "@aws-sdk/client-s3-control";
import { type BatchPlace, createJobInput } from "../../core/batch/batch_job.ts";
import type { BatchJobState } from "../../core/batch/job_state.ts";
import { HoldfastError, isKind, messageOf } from "../../core/error.ts";
import type { BatchJobs } from "../../ports/batch_jobs.ts";
import { retryPolicy } from "./connection.ts";
import { openTransport } from "./open_transport.ts";
import type { S3StoreOptions } from "./options.ts";
import { openRetries, type Retries } from "./retry.ts";
import type { Transport } from "./transport.ts";

type Sdk = typeof import("@aws-sdk/client-s3-control");

export interface BatchJobsOptions extends
  Pick<
    S3StoreOptions,
    "bucket" | "prefix" | "region" | "profile" | "credentials" | "version" | "clock" | "retry"
  > {
  readonly role: BatchPlace["role"];
  readonly signal?: AbortSignal;
  /** The HTTP layer, made by whoever calls: for tests. */
  readonly transport?: Transport;
}

interface Session {
  readonly sdk: Sdk;
  readonly client: S3ControlClient;
  readonly retries: Retries;
}

/**
 * Jobs of S3 Batch Operations. Nothing is sent and no SDK is loaded before the first use
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops.html).
 */
export function openBatchJobs(options: BatchJobsOptions): BatchJobs {
  const { bucket, prefix, role } = options;
  const place: BatchPlace = { role, bucket, keyPrefix: prefix === "" ? "" : `${prefix}/` };
  const AccountId = role.account;
  const send = options.signal === undefined ? {} : { abortSignal: options.signal };
  let opened: Promise<Session> | undefined;

  async function call<T>(
    operation: string,
    key: string,
    attempt: (session: Session) => Promise<T>,
  ): Promise<T> {
    const session = await (opened ??= connect(options).catch((error) => {
      opened = undefined;
      throw error;
    }));
    return await session.retries.run({ operation, key }, () => attempt(session));
  }

  return {
    place,
    async create(request) {
      const input = createJobInput(place, request);
      const { JobId } = await call(
        "CreateJob",
        request.manifest.key,
        ({ sdk, client }) => client.send(new sdk.CreateJobCommand(input), send),
      );
      if (JobId !== undefined) return JobId;
      throw new HoldfastError("failed", "CreateJob was answered without the ID of a job");
    },
    async find(token) {
      let next: string | undefined;
      do {
        const { Jobs = [], NextToken } = await call(
          "ListJobs",
          "",
          ({ sdk, client }) =>
            client.send(
              new sdk.ListJobsCommand({
                AccountId,
                ...(next === undefined ? {} : { NextToken: next }),
              }),
              send,
            ),
        );
        const found = Jobs.find(({ Description }) => Description?.endsWith(` ${token}`));
        if (found?.JobId !== undefined) return found.JobId;
        next = NextToken;
      } while (next !== undefined && next !== "");
      return undefined;
    },
    async describe(id) {
      try {
        const { Job } = await call(
          "DescribeJob",
          "",
          ({ sdk, client }) =>
            client.send(new sdk.DescribeJobCommand({ AccountId, JobId: id }), send),
        );
        return Job === undefined ? undefined : stateOf(Job);
      } catch (error) {
        if (isKind(error, "gone")) return undefined;
        throw error;
      }
    },
    async cancel(id) {
      try {
        await call("UpdateJobStatus", "", ({ sdk, client }) =>
          client.send(
            new sdk.UpdateJobStatusCommand({
              ...{ AccountId, JobId: id, RequestedJobStatus: "Cancelled" as const },
              StatusUpdateReason: "cancelled by holdfast",
            }),
            send,
          ));
      } catch (error) {
        const hasEnded = isKind(error, "refused") && error.context.code === "JobStatusException";
        if (!hasEnded) throw error;
      }
    },
    close: () => void opened?.then(({ client }) => client.destroy(), () => {}),
  };
}

function stateOf(job: JobDescriptor): BatchJobState {
  const { Status, ProgressSummary, FailureReasons, StatusUpdateReason } = job;
  const failures = (FailureReasons ?? [])
    .map(({ FailureCode = "", FailureReason = "" }) => `${FailureCode}: ${FailureReason}`);
  const reason = failures.length > 0 ? failures.join("; ") : StatusUpdateReason;
  return {
    status: Status ?? "",
    total: ProgressSummary?.TotalNumberOfTasks ?? 0,
    succeeded: ProgressSummary?.NumberOfTasksSucceeded ?? 0,
    failed: ProgressSummary?.NumberOfTasksFailed ?? 0,
    ...(reason === undefined ? {} : { reason }),
  };
}

async function connect(options: BatchJobsOptions): Promise<Session> {
  const { bucket, prefix, region, profile, credentials, version, clock, signal, role } = options;
  const sdk = await import("@aws-sdk/client-s3-control");
  const policy = retryPolicy({ bucket, prefix, version, clock, retry: options.retry ?? {} });
  const transport = options.transport ?? await openTransport(policy);
  const client = new sdk.S3ControlClient({
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(credentials === undefined ? {} : { credentials }),
    // One try each, as with the store: the waiting is retry.ts's.
    maxAttempts: 1,
    requestHandler: transport as NonNullable<
      ConstructorParameters<Sdk["S3ControlClient"]>[0]
    >["requestHandler"],
    customUserAgent: [["holdfast", version]],
  });
  const url = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const domain = role.partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  const endpoint = `${role.account}.s3-control.${await regionOf(client, bucket)}.${domain}`;
  const settings = { policy, clock, place: { url, bucket, endpoint } };
  return {
    ...{ sdk, client },
    retries: openRetries(signal === undefined ? settings : { ...settings, signal }),
  };
}

async function regionOf(client: S3ControlClient, bucket: string): Promise<string> {
  try {
    return await client.config.region();
  } catch (error) {
    throw new HoldfastError("usage", `no region is known for bucket ${bucket}`, {
      context: { bucket },
      hint: "set `region` in the job: Batch jobs are made in the bucket's region",
      cause: new Error(messageOf(error)),
    });
  }
}
