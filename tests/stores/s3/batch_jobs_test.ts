/** What is sent to S3 Control, by the service's own client, against answers as AWS documents them. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { BatchJobRequest } from "../../../src/core/batch/batch_job.ts";
import { readBatchRole } from "../../../src/core/batch/batch_role.ts";
import type { BatchJobs } from "../../../src/ports/batch_jobs.ts";
import { openBatchJobs } from "../../../src/stores/s3/batch_jobs.ts";
import { openTransport } from "../../../src/stores/s3/open_transport.ts";
import { defaultRetryPolicy } from "../../../src/stores/s3/options.ts";
import type { Transport } from "../../../src/stores/s3/transport.ts";
import { s3Error, type S3Stub, startS3Stub, type StubBehaviour } from "../../servers/s3_stub.ts";
import { failsWith } from "../store_probes.ts";
import { testClock, testRetry } from "./open_store.ts";

const ID = "00e123a4-c0d8-41f4-a0eb-b46f9ba5b07c";
const role = readBatchRole("arn:aws:iam::123456789012:role/backup/holdfast-batch");

/** Where the client would send a request, which goes to the stub instead. */
type Sent = { readonly host: string; readonly path: string };

async function withStub(
  behaviour: StubBehaviour,
  check: (jobs: BatchJobs, stub: S3Stub, sent: Sent[]) => Promise<void>,
): Promise<void> {
  const stub = startS3Stub(behaviour);
  const sent: Sent[] = [];
  const jobs = openBatchJobs({
    ...{ bucket: "bucket", prefix: "a b/c", region: "eu-central-1", role, version: "0.0.0" },
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
    ...{ clock: testClock, retry: testRetry },
    transport: redirected(await openTransport(defaultRetryPolicy), stub.endpoint, sent),
  });
  try {
    await check(jobs, stub, sent);
  } finally {
    jobs.close();
    await stub.stop();
  }
}

function redirected(transport: Transport, endpoint: string, sent: Sent[]): Transport {
  const { hostname, port } = new URL(endpoint);
  return {
    handle(request, options) {
      sent.push({ host: `${request.protocol}//${request.hostname}`, path: request.path });
      const moved = { protocol: "http:", hostname, port: Number(port) };
      return transport.handle(Object.assign(request.clone(), moved), options);
    },
    destroy: () => transport.destroy(),
  };
}

function answered(root: string, content: string): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${content}</${root}>`, {
    headers: { "content-type": "application/xml" },
  });
}

const created = () => answered("CreateJobResult", `<JobId>${ID}</JobId>`);

const manifest = {
  key: ".holdfast/batch/t-1/manifest.csv",
  etag: "60e460c9d1046e73f7dde5043ac3ae85",
};
const common = { token: "t-1", report: ".holdfast/batch/t-1" };
const REQUESTS: Record<string, BatchJobRequest> = {
  "restore, GLACIER or DEEP_ARCHIVE, objects with versions": {
    ...common,
    operation: { kind: "restore", tier: "Bulk", days: 7 },
    manifest: { ...manifest, version: "3HL4kqtJvjVBH40Nrjfkd", versions: true },
  },
  "restore, Intelligent-Tiering": {
    ...common,
    operation: { kind: "restore", tier: "Standard" },
    manifest: { ...manifest, versions: false },
  },
  "compute checksum": {
    ...common,
    operation: { kind: "checksum", algorithm: "SHA256" },
    manifest: { ...manifest, versions: false },
  },
};

const golden = fileURLToPath(new URL("batch_golden.txt", import.meta.url));

Deno.test("CreateJob is sent as the service's model has it", async () => {
  const texts: string[] = [];
  await withStub({ answer: created }, async (jobs, stub, sent) => {
    for (const [what, request] of Object.entries(REQUESTS)) {
      assert.equal(await jobs.create(request), ID);
      const { method, headers, body } = stub.requests.at(-1)!;
      const { host, path } = sent.at(-1)!;
      assert.equal(headers.get("x-amz-account-id"), "123456789012");
      const xml = new TextDecoder().decode(body).replaceAll("><", ">\n<");
      texts.push(`# ${what}\n${method} ${host}${path}\n${xml}\n`);
    }
    assert.equal(stub.requests.length, Object.keys(REQUESTS).length);
  });
  const text = texts.join("\n");
  if (Deno.env.get("UPDATE_GOLDENS") === "1") Deno.writeTextFileSync(golden, text);
  assert.equal(text, Deno.readTextFileSync(golden));
});

/** Fields as in AWS's response syntax of DescribeJob. */
function described(status: string, more = ""): Response {
  return answered(
    "DescribeJobResult",
    `<Job><ConfirmationRequired>false</ConfirmationRequired>` +
      `<CreationTime>2026-04-05T17:48:39.725Z</CreationTime><Description>d</Description>` +
      `<JobArn>arn:aws:s3:eu-central-1:123456789012:job/${ID}</JobArn><JobId>${ID}</JobId>` +
      `<Priority>10</Priority><ProgressSummary><NumberOfTasksFailed>2</NumberOfTasksFailed>` +
      `<NumberOfTasksSucceeded>97</NumberOfTasksSucceeded><Timers><ElapsedTimeInActiveSeconds>9` +
      `</ElapsedTimeInActiveSeconds></Timers><TotalNumberOfTasks>100</TotalNumberOfTasks>` +
      `</ProgressSummary><RoleArn>${role.arn}</RoleArn><Status>${status}</Status>${more}</Job>`,
  );
}

Deno.test("DescribeJob tells the state, and why a job has failed", async () => {
  const failed = "<FailureReasons><member><FailureCode>InvalidManifest</FailureCode>" +
    "<FailureReason>Could not read it</FailureReason></member></FailureReasons>";
  const answers = [() => described("Active"), () => described("Failed", failed)];
  const answer = (_: unknown, count: number) => answers[count - 1]();
  await withStub({ answer }, async (jobs, stub, sent) => {
    const counts = { total: 100, succeeded: 97, failed: 2 };
    assert.deepEqual(await jobs.describe(ID), { status: "Active", ...counts });
    const reason = "InvalidManifest: Could not read it";
    assert.deepEqual(await jobs.describe(ID), { status: "Failed", ...counts, reason });
    assert.equal(stub.requests[0].method, "GET");
    assert.deepEqual(sent[0], {
      host: "https://123456789012.s3-control.eu-central-1.amazonaws.com",
      path: `/v20180820/jobs/${ID}`,
    });
  });
});

Deno.test("a job that AWS has forgotten is none, and one that has ended is cancelled already", async () => {
  const answer: StubBehaviour["answer"] = ({ method }) =>
    method === "GET"
      ? s3Error(404, "NotFoundException", "The specified job does not exist")
      : s3Error(400, "JobStatusException", "Complete jobs cannot be cancelled");
  await withStub({ answer }, async (jobs, stub, sent) => {
    assert.equal(await jobs.describe(ID), undefined);
    await jobs.cancel(ID);
    assert.equal(sent[1].path, `/v20180820/jobs/${ID}/status`);
    assert.equal(stub.requests[1].query.get("requestedJobStatus"), "Cancelled");
    assert.equal(stub.requests.length, 2);
  });
});

Deno.test("a job is found by its token in the pages of ListJobs, and nothing is made", async () => {
  const listed = (token: string, more = "") =>
    answered(
      "ListJobsResult",
      `<Jobs><member><JobId>other</JobId><Description>somebody's</Description></member>` +
        `<member><JobId>${ID}</JobId><Description>holdfast: restore ${token}</Description>` +
        `<Status>Active</Status></member></Jobs>${more}`,
    );
  const answer: StubBehaviour["answer"] = ({ query }) =>
    query.get("nextToken") === "page 2"
      ? listed("t-1")
      : listed("t-0", "<NextToken>page 2</NextToken>");
  await withStub({ answer }, async (jobs, stub, sent) => {
    assert.equal(await jobs.find("t-1"), ID);
    assert.deepEqual(stub.requests.map(({ method }) => method), ["GET", "GET"]);
    assert.match(sent[0].path, /^\/v20180820\/jobs/);
    assert.equal(await jobs.find("t-0"), ID);
    assert.equal(await jobs.find("1"), undefined);
    assert.equal(stub.requests.length, 2 + 1 + 2);
  });
});

Deno.test("throttles and errors of the service are waited out with the same token", async () => {
  const answers = [
    () => s3Error(429, "TooManyRequestsException", "Slow down"),
    () => s3Error(500, "InternalServiceException", "Try again"),
    created,
  ];
  const answer = (_: unknown, count: number) => answers[count - 1]();
  await withStub({ answer }, async (jobs, stub) => {
    assert.equal(await jobs.create(REQUESTS["compute checksum"]), ID);
    const tokens = stub.requests.map(({ body }) =>
      /<ClientRequestToken>(.*)<\/ClientRequestToken>/.exec(new TextDecoder().decode(body))![1]
    );
    assert.deepEqual(tokens, ["t-1", "t-1", "t-1"]);
  });
});

Deno.test("what is refused is said once, with the permission that is missing", async () => {
  for (
    const [status, code, kind, hint] of [
      [403, "AccessDenied", "denied", /s3:CreateJob, and iam:PassRole/],
      [400, "IdempotencyException", "refused", undefined],
      [400, "BadRequestException", "refused", undefined],
    ] as const
  ) {
    await withStub({ answer: () => s3Error(status, code, "No") }, async (jobs, stub) => {
      const error = await failsWith(jobs.create(REQUESTS["compute checksum"]), kind);
      assert.equal(error.context.code, code);
      if (hint !== undefined) assert.match(error.hint!, hint);
      assert.equal(stub.requests.length, 1);
    });
  }
});
