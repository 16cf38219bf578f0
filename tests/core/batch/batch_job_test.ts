import assert from "node:assert/strict";
import { readBatchRole } from "../../../src/core/batch/batch_role.ts";
import { manifestKey, manifestLine, reportedKeys } from "../../../src/core/batch/manifest.ts";
import { readReportManifest, reportKeys } from "../../../src/core/batch/report_manifest.ts";

Deno.test("manifest lines are AWS's examples, with and without versions", () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html#specify-batchjob-manifest
  assert.equal(
    manifestLine("Examplebucket", "photos/jpgs/newjersey/objectkey5", ""),
    "Examplebucket,photos/jpgs/newjersey/objectkey5\n",
  );
  assert.equal(
    manifestLine("Examplebucket", "object key with spaces", "9HkPvDaZY5MVbMhn6TMn1YTb5ArQAo3w"),
    "Examplebucket,object%20key%20with%20spaces,9HkPvDaZY5MVbMhn6TMn1YTb5ArQAo3w\n",
  );
});

Deno.test("no key breaks a line of a manifest, and each comes back from a report", () => {
  const keys = ["a,b", 'a"b', "a+b", "a%20b", "100%", "ä/ö", "a'(b)*!", "~-_.", "日本", "a\nb", ""];
  for (const key of keys) {
    const encoded = manifestKey(key);
    assert.match(encoded, /^[A-Za-z0-9\-_.~/%]*$/, key);
    assert.ok(reportedKeys(encoded).includes(key), key);
    assert.ok(reportedKeys(key).includes(key), `as it is: ${key}`);
  }
  assert.equal(manifestKey("a,b/c+d%e"), "a%2Cb/c%2Bd%25e");
  assert.deepEqual(reportedKeys("object+key"), ["object key", "object+key"]);
});

Deno.test("a role's ARN names its account and partition; anything else is refused", () => {
  assert.deepEqual(readBatchRole("arn:aws:iam::123456789012:role/x/y"), {
    ...{ arn: "arn:aws:iam::123456789012:role/x/y", partition: "aws", account: "123456789012" },
  });
  assert.equal(readBatchRole("arn:aws-us-gov:iam::123456789012:role/r").partition, "aws-us-gov");
  for (
    const wrong of [
      "holdfast",
      "arn:aws:iam::123:role/r",
      "arn:aws:iam::123456789012:user/r",
      "arn:aws:iam::123456789012:role/",
      "arn:aws:iam::123456789012:role/a b",
    ]
  ) assert.throws(() => readBatchRole(wrong), /ARN of an IAM role/, wrong);
});

Deno.test("the list of a report is AWS's example; what is no such list is damage", () => {
  const text = `{
    "Format": "Report_CSV_20180820",
    "ReportCreationDate": "2019-04-05T17:48:39.725Z",
    "Results": [
        {
            "TaskExecutionStatus": "succeeded",
            "Bucket": "my-job-reports",
            "MD5Checksum": "83b1c4cbe93fc893f54053697e10fd6e",
            "Key": "job-f8fb9d89-a3aa-461d-bddc-ea6a1b131955/results/6217b0fab0de85c408b4be96aeaca9b195a7daa5.csv"
        },
        {
            "TaskExecutionStatus": "failed",
            "Bucket": "my-job-reports",
            "MD5Checksum": "22ee037f3515975f7719699e5c416eaa",
            "Key": "job-f8fb9d89-a3aa-461d-bddc-ea6a1b131955/results/b2ddad417e94331e9f37b44f1faf8c7ed5873f2e.csv"
        }
    ],
    "ReportSchema": "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"
}`;
  const parts = readReportManifest(text);
  assert.deepEqual(parts.map(({ bucket }) => bucket), ["my-job-reports", "my-job-reports"]);
  assert.match(parts[1].key, /results\/b2ddad.*\.csv$/);
  assert.deepEqual(reportKeys("r", "1"), ["r/job-1/manifest.json", "r/job-1/report.json"]);
  for (const wrong of ["", "[]", "null", '{"Format":"Report_CSV_20180820"}', '{"Results":[]}']) {
    assert.throws(() => readReportManifest(wrong), /no manifest.json/, wrong);
  }
});
