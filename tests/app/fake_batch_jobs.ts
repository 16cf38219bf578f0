import assert from "node:assert/strict";
import type { BatchJobRequest } from "../../src/core/batch/batch_job.ts";
import { readBatchRole } from "../../src/core/batch/batch_role.ts";
import { isKind } from "../../src/core/error.ts";
import { hex } from "../../src/core/hash.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { BatchJobs } from "../../src/ports/batch_jobs.ts";
import type { World } from "./app_world.ts";

export const ROLE = readBatchRole("arn:aws:iam::123456789012:role/holdfast-batch");

/** S3 Batch Operations over a world's store, as AWS describes it: a job runs when it is asked after. */
export interface FakeBatchJobs extends BatchJobs {
  /** Each job once, however often it was asked for. */
  readonly jobs: (BatchJobRequest & { readonly id: string; status: string } & Counts)[];
  /** How often CreateJob was asked. */
  creates: number;
  /** What it throws is the answer to CreateJob, before or after the job was made. */
  before: () => void;
  after: () => void;
  /** The error code of a task that fails; undefined where it does not. */
  fails: (key: string) => string | undefined;
  /** What a job becomes that is run. */
  outcome: "Complete" | "Failed";
  /** Jobs that wait for nobody: each look finds them as they were. */
  stands: boolean;
  /** AWS has written none, or somebody has deleted it. */
  hasReport: boolean;
}

interface Counts {
  total: number;
  succeeded: number;
  failed: number;
}

export function fakeBatchJobs({ store }: World): FakeBatchJobs {
  const place = { role: ROLE, bucket: "memory", keyPrefix: "prefix/" };
  const fake: FakeBatchJobs = {
    ...{ place, jobs: [], creates: 0, outcome: "Complete", stands: false, hasReport: true },
    before: () => {},
    after: () => {},
    fails: () => undefined,
    create(request) {
      fake.creates++;
      fake.before();
      let job = fake.jobs.find(({ token }) => token === request.token);
      if (job === undefined) {
        const counts = { total: 0, succeeded: 0, failed: 0 };
        job = { ...request, ...counts, id: `0000-${fake.jobs.length + 1}`, status: "New" };
        fake.jobs.push(job);
      } else {
        const { id: _, status: __, total: ___, succeeded: ____, failed: _____, ...asked } = job;
        assert.deepEqual(asked, request);
      }
      fake.after();
      return Promise.resolve(job.id);
    },
    find(token) {
      return Promise.resolve(fake.jobs.find((job) => job.token === token)?.id);
    },
    async describe(id) {
      const job = fake.jobs.find((one) => one.id === id);
      if (job === undefined) return undefined;
      if (fake.stands) return { ...job };
      if (job.status === "New") job.status = "Active";
      else if (job.status === "Active") {
        await run(job);
        job.status = fake.outcome;
      }
      const { status, total, succeeded, failed } = job;
      return { status, total, succeeded, failed };
    },
    cancel(id) {
      const job = fake.jobs.find((one) => one.id === id)!;
      if (job.status !== "Complete") job.status = "Cancelled";
      return Promise.resolve();
    },
    close() {},
  };

  async function run(job: FakeBatchJobs["jobs"][number]) {
    const { id, operation, manifest, report } = job;
    const { body, head } = store.current(manifest.key)!;
    assert.equal(head.etag, manifest.etag);
    const rows: string[] = [];
    for (const line of new TextDecoder().decode(body).trimEnd().split("\n")) {
      const [bucket, encoded, version = ""] = line.split(",");
      assert.deepEqual([bucket, version !== ""], ["memory", manifest.versions]);
      const key = decodeURIComponent(encoded).slice(place.keyPrefix.length);
      const code = fake.fails(key) ?? await act(key, version, operation);
      job.total++;
      if (code === "" || code.startsWith("{")) job.succeeded++;
      else job.failed++;
      if (code.startsWith("{")) {
        const text = code.replaceAll('"', '""');
        rows.push(`${bucket},${encoded},${version},succeeded,200,,"${text}"`);
      } else if (code !== "") rows.push(`${bucket},${encoded},${version},failed,${code},"said so"`);
    }
    if (!fake.hasReport) return;
    const csv = `${report}/job-${id}/results/1.csv`;
    const encoder = new TextEncoder();
    await store.put(csv, encoder.encode(rows.map((row) => `${row}\n`).join("")), {});
    const list = {
      Format: "Report_CSV_20180820",
      Results: [{
        TaskExecutionStatus: "succeeded",
        ...{ Bucket: "memory", Key: place.keyPrefix + csv, MD5Checksum: "" },
      }],
    };
    await store.put(
      `${report}/job-${id}/manifest.json`,
      encoder.encode(JSON.stringify(list)),
      {},
    );
  }

  /** What the report says: a failure, "" for a request that was made, or the checksum as JSON. */
  async function act(
    key: string,
    version: string,
    operation: BatchJobRequest["operation"],
  ): Promise<string> {
    const name = version === "" ? { key } : { key, versionId: version };
    if (operation.kind === "restore") {
      const { tier, days } = operation;
      try {
        const answer = await store.requestRestore(name, {
          tier,
          ...(days === undefined ? {} : { days }),
        });
        return answer === "under way" ? "409,RestoreAlreadyInProgress" : "";
      } catch (error) {
        if (!isKind(error, "gone", "refused")) throw error;
        return "404,PermanentFailure";
      }
    }
    const found = (store.objects.get(key) ?? []).find(({ head, marker }) =>
      !marker && (version === "" || head.versionId === version)
    );
    if (found === undefined) return "404,PermanentFailure";
    const sum = operation.algorithm === "SHA256"
      ? hex(platformHashing.sha256(found.body))
      : (platformHashing.crc32(found.body) >>> 0).toString(16).padStart(8, "0");
    return JSON.stringify({
      ...{ checksum_base64: "", etag: found.head.etag },
      ...{ checksumAlgorithm: operation.algorithm, checksumType: "FULL_OBJECT" },
      checksum_hex: sum.toUpperCase(),
    });
  }

  return fake;
}
