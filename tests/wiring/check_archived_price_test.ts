import assert from "node:assert/strict";
import type { JobConfig } from "../../src/cli/job_config.ts";
import { readBatchRole } from "../../src/core/batch/batch_role.ts";
import { archivedLines, archivedOptions } from "../../src/wiring/check_archived_options.ts";
import { failsWith } from "../stores/store_probes.ts";

const job = {
  repository: { kind: "s3", url: "s3://bucket/photos", bucket: "bucket", prefix: "photos" },
  s3: {
    ...{
      endpoint: "https://s3.us-east-1.amazonaws.com",
      region: "us-east-1",
      forcePathStyle: false,
    },
    batchRole: readBatchRole("arn:aws:iam::123456789012:role/holdfast-batch"),
  },
  ...{ prices: [], egress: "internet", maxCost: undefined },
} as unknown as JobConfig;

/** Options of `check --archived`, and what they print. */
async function shown(more: Partial<JobConfig> = {}) {
  const lines: string[] = [];
  const output = {
    text: (...text: string[]) => void lines.push(...text),
    record() {},
    signal() {},
  };
  const options = { archived: true, report: undefined };
  const input = {
    ...{ job: { ...job, ...more }, options, output, globals: { dryRun: true } },
    ...{ signal: new AbortController().signal, confirm: () => Promise.resolve(true) },
  };
  const { archived, close } = await archivedOptions(input as never);
  return { archived: archived!, lines, close };
}

const plan = { jobs: 2, objects: 1_000_000, bytes: 100 * 2 ** 30 };

Deno.test("the plan of check --archived ends with its price: jobs, objects and bytes", async () => {
  const { archived, lines, close } = await shown();
  archived.show(plan);
  close();
  assert.match(lines[0], /checksums of 1,000,000 objects, 100 GiB, in 2 jobs; not yet run on AWS/);
  const charged = lines.slice(1).map((line) => line.trim().split(":")[0]);
  for (const what of ["Batch Operations jobs", "objects in Batch Operations jobs"]) {
    assert.ok(charged.includes(what), what);
  }
  assert.match(lines.at(-1)!, /^price: \$1\.\d\d$/);
});

Deno.test("max_cost holds for check --archived, too", async () => {
  const { archived, close } = await shown({ maxCost: 1 });
  await failsWith((async () => await archived.show(plan))(), "cost");
  close();
});

Deno.test("all that was not compared is told", () => {
  const lines = archivedLines({
    ...{ exitCode: 1, objects: 10, compared: 1, incomparable: 2, tiering: 3, unreported: 4 },
    ...{ cutOff: 1, isDeclined: false, unknown: new Map([["AccessDenied: no", 5]]) },
  });
  assert.deepEqual(lines, [
    "compared 1 archived object by the checksums that AWS has computed",
    "not compared: 2 objects of which the log has no checksum that AWS could compute",
    "not compared: 3 objects in INTELLIGENT_TIERING: no LIST tells which of them are archived",
    "not compared: 5 objects: AccessDenied: no",
    "not compared: 4 objects that no report names",
    "1 Batch job did not come to the end",
  ]);
});
