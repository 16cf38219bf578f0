import assert from "node:assert/strict";
import { computedChecksum, judgeChecksum } from "../../../src/core/batch/computed_checksum.ts";
import { reportReader, type ReportRow } from "../../../src/core/batch/report_rows.ts";

function read(text: string, piece = text.length): ReportRow[] {
  const reader = reportReader();
  const rows: ReportRow[] = [];
  for (let at = 0; at < text.length; at += piece) {
    rows.push(...reader.push(text.slice(at, at + piece)));
  }
  return [...rows, ...reader.end()];
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html
const FAILED = [
  `awsexamplebucket1,image_14975,,failed,200,PermanentFailure,"Lambda returned function error: {""errorMessage"":""2019-04-05T17:35:21.155Z 2845ca0d-38d9-4c4b-abcf-379dc749c452 Task timed out after 3.00 seconds""}"`,
  `awsexamplebucket1,image_15897,,failed,200,PermanentFailure,"Lambda returned function error: {""errorMessage"":""2019-04-05T17:35:29.610Z 2d0a330b-de9b-425f-b511-29232fde5fe4 Task timed out after 3.00 seconds""}"`,
];
const SUCCEEDED =
  `awsexamplebucket1,image_17775,,succeeded,200,,"{u'CopySourceVersionId': 'xVR78haVKlRnurYofbTfYr3ufYbktF8h', u'CopyObjectResult': {u'LastModified': datetime.datetime(2019, 4, 5, 17, 35, 39, tzinfo=tzlocal()), u'ETag': '""fe66f4390c50f29798f040d7aae72784""'}}"`;
const CHECKSUM = String
  .raw`amzn-s3-demo-bucket1,s3-standard-1mb-test-object,,succeeded,200,,"{""checksum_base64"":""bS9TOQ\u003d\u003d"",""etag"":""3c3c1813042989094598e4b57ecbdc82"",""checksumAlgorithm"":""CRC32"",""checksumType"":""FULL_OBJECT"",""checksum_hex"":""6D2F5339""}"`;
// AWS's own, with quotes that are not doubled.
const CHECKSUM_FAILED = [
  `amzn-s3-demo-bucket1,image_14975,,failed,200,PermanentFailure,"error details: {""failureMessage"":"Task 2845ca0d-38d9-4c4b-abcf-379dc749c452 SSE-C encryption type is not supported for this operation", ""errorCode"": "400"}"`,
  `amzn-s3-demo-bucket1,image_14975,,failed,200,PermanentFailure,"error details: {""failureMessage"":"Task 2845ca0d-38d9-4c4b-abcf-379dc749c452 Key not found", ""errorCode"": "404"}"`,
  `amzn-s3-demo-bucket1,image_14975,,failed,200,PermanentFailure,"error details: {""failureMessage"":"Task 2845ca0d-38d9-4c4b-abcf-379dc749c452 Internal server error, please retry", ""errorCode"": "500"}"`,
];
const ALL = [...FAILED, SUCCEEDED, CHECKSUM, ...CHECKSUM_FAILED];

Deno.test("AWS's sample reports are read, in whatever pieces they come", () => {
  for (const ending of ["\n", "\r\n"]) {
    const text = ALL.map((line) => line + ending).join("");
    const rows = read(text);
    assert.equal(rows.length, ALL.length);
    for (const piece of [1, 2, 7, 100]) assert.deepEqual(read(text, piece), rows, `${piece}`);
    assert.deepEqual(read(text.trimEnd()), rows, "without a break at the end");
    const [first] = rows;
    assert.deepEqual(
      [first.bucket, first.key, first.version, first.succeeded, first.code, first.status],
      ["awsexamplebucket1", "image_14975", "", false, "PermanentFailure", 200],
    );
    assert.match(first.message, /^Lambda returned function error: \{"errorMessage":"2019.*"\}$/);
    assert.match(rows[2].message, /u'ETag': '"fe66f4390c50f29798f040d7aae72784"'/);
    assert.match(rows[5].message, /Key not found", "errorCode": "404"\}$/);
  }
});

Deno.test("columns are read in the order of AWS's schema, too, and messages without quotes", () => {
  const text = "b,k,v1,failed,AccessDenied,403,Access Denied\nb,k2,null,succeeded,,200,\n" +
    'b,k3,v2,failed,X,500,"two\nlines, and ""quotes"""\n';
  assert.deepEqual(read(text), [
    {
      ...{ bucket: "b", key: "k", version: "v1", succeeded: false, code: "AccessDenied" },
      ...{ status: 403, message: "Access Denied" },
    },
    {
      ...{ bucket: "b", key: "k2", version: "", succeeded: true, code: "", status: 200 },
      message: "",
    },
    {
      ...{ bucket: "b", key: "k3", version: "v2", succeeded: false, code: "X", status: 500 },
      message: 'two\nlines, and "quotes"',
    },
  ]);
  for (const piece of [1, 3]) assert.deepEqual(read(text, piece), read(text));
});

Deno.test("what is no report is damage, and a report that is cut off, too", () => {
  for (
    const wrong of [
      "Bucket,Key\n",
      "b,k,,done,200,,x\n",
      "<html>\n",
      'b,k,,succeeded,200,,"{""a',
      "b,k,,succ",
    ]
  ) assert.throws(() => read(wrong), /no row of a completion report/, wrong);
  assert.deepEqual(read("\n\r\n"), []);
});

Deno.test("computed checksums are compared with what the log knows", () => {
  const [row] = read(CHECKSUM);
  const known = { algorithm: "CRC32", hex: "6d2f5339", etag: "" } as const;
  const { etag, ...computed } = computedChecksum(row)!;
  assert.deepEqual(computed, { algorithm: "CRC32", type: "FULL_OBJECT", hex: "6d2f5339" });
  assert.equal(etag, "3c3c1813042989094598e4b57ecbdc82");
  assert.deepEqual(judgeChecksum(row, known), { kind: "equal" });
  assert.deepEqual(judgeChecksum(row, { ...known, hex: "00000000", etag }), {
    ...{ kind: "differs", reason: "its CRC32 is 6d2f5339, not 00000000" },
  });
  const other = judgeChecksum(row, { ...known, hex: "00000000", etag: "another" });
  assert.equal(other.kind, "unknown");
  assert.equal(judgeChecksum(row, { ...known, algorithm: "SHA256" }).kind, "unknown");
  const kinds = read(CHECKSUM_FAILED.join("\n")).map((failed) => judgeChecksum(failed, known).kind);
  assert.deepEqual(kinds, ["unknown", "gone", "unknown"]);
  assert.equal(judgeChecksum(read(SUCCEEDED)[0], known).kind, "unknown");
});
