import assert from "node:assert/strict";
import { readBatchRole } from "../../src/core/batch/batch_role.ts";
import { batchRefusal } from "../../src/wiring/open_batch_jobs.ts";

const batchRole = readBatchRole("arn:aws:iam::123456789012:role/r");
const s3 = {
  ...{ endpoint: undefined, region: undefined, profile: undefined, forcePathStyle: false },
  ...{ sse: undefined, sseKmsKey: undefined, batchRole },
};
const repository = { kind: "s3", url: "s3://b/p", bucket: "b", prefix: "p" } as const;
const none = () => undefined;

Deno.test("Batch Operations need AWS, a role, and manifests that AWS can read", () => {
  assert.equal(batchRefusal({ repository, s3 }, none), undefined);
  const folder = { kind: "folder", url: "file:///x", folder: "/x" } as never;
  assert.match(
    batchRefusal({ repository: folder, s3 }, none)!.message,
    /file:\/\/\/x is not in S3/,
  );
  const { batchRole: _, ...noRole } = s3;
  assert.match(batchRefusal({ repository, s3: noRole }, none)!.hint, /batch_role = "arn:aws/);
  const kms = { ...s3, sse: "aws:kms" as const };
  assert.match(batchRefusal({ repository, s3: kms }, none)!.message, /SSE-KMS/);
});

Deno.test("an endpoint that is not AWS's is named, wherever it is set", () => {
  for (
    const endpoint of [
      "http://127.0.0.1:9000",
      "https://s3.eu.example.com",
      "https://amazonaws.com.example.com",
      "https://notamazonaws.com",
    ]
  ) {
    const refusal = batchRefusal({ repository, s3: { ...s3, endpoint } }, none);
    assert.ok(refusal?.message.includes(endpoint), endpoint);
    const env = (name: string) => name === "AWS_ENDPOINT_URL" ? endpoint : undefined;
    assert.ok(batchRefusal({ repository, s3 }, env)?.message.includes(endpoint));
  }
  for (
    const endpoint of [
      "https://s3.eu-central-1.amazonaws.com",
      "https://s3.cn-north-1.amazonaws.com.cn",
    ]
  ) {
    assert.equal(batchRefusal({ repository, s3: { ...s3, endpoint } }, none), undefined);
  }
});
