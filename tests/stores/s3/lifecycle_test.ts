import assert from "node:assert/strict";
import {
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { checkLifecycle } from "../../../src/app/check_lifecycle.ts";
import { isKind } from "../../../src/core/error.ts";
import { startMoto } from "../../servers/moto.ts";
import { freshBucketName } from "../../servers/s3_server.ts";
import { openTestStore } from "./open_store.ts";

const server = await startMoto();
Deno.test.afterAll(() => server?.stop());

async function bucketWith(rules: LifecycleRule[]): Promise<string> {
  const bucket = freshBucketName();
  await server!.createBucket(bucket);
  if (rules.length === 0) return bucket;
  const credentials = { accessKeyId: server!.accessKey, secretAccessKey: server!.secretKey };
  const client = new S3Client({
    ...{ endpoint: server!.endpoint, region: "us-east-1", forcePathStyle: true, credentials },
  });
  const LifecycleConfiguration = { Rules: rules };
  await client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration }),
  );
  client.destroy();
  return bucket;
}

function onMoto(name: string, work: () => Promise<void>): void {
  Deno.test({
    name,
    ignore: server === undefined,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: work,
  });
}

onMoto("a bucket without lifecycle rules is no danger", async () => {
  const store = openTestStore(server!, await bucketWith([]), { prefix: "p" });
  assert.equal(await checkLifecycle(store), undefined);
  store.close();
});

onMoto(
  "a rule that archives the whole bucket is refused, and one for another prefix is not",
  async () => {
    const archive = (prefix: string): LifecycleRule => ({
      ...{ ID: "cold", Status: "Enabled", Filter: { Prefix: prefix } },
      Transitions: [{ Days: 1, StorageClass: "DEEP_ARCHIVE" }],
    });
    const harmless = openTestStore(server!, await bucketWith([archive("other/")]), { prefix: "p" });
    assert.equal(await checkLifecycle(harmless), undefined);
    const harmful = openTestStore(server!, await bucketWith([archive("")]), { prefix: "p" });
    await assert.rejects(
      checkLifecycle(harmful),
      (error) =>
        isKind(error, "guard") && /"cold" moves objects .* DEEP_ARCHIVE/.test(error.message),
    );
    harmless.close();
    harmful.close();
  },
);
