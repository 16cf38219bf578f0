import assert from "node:assert/strict";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import { EVERY_FEATURE } from "../../../src/core/every_feature.ts";
import type { S3StoreOptions } from "../../../src/stores/s3/options.ts";
import {
  s3Error,
  type S3Stub,
  type SeenRequest,
  startS3Stub,
  type StubBehaviour,
} from "../../servers/s3_stub.ts";
import { failsWith } from "../store_probes.ts";
import { openTestStore } from "./open_store.ts";

const bothWays = ["auto", "always-client"] as const;

async function withAnswers(
  answer: StubBehaviour["answer"],
  options: Partial<S3StoreOptions>,
  check: (store: ObjectStore, stub: S3Stub) => Promise<void>,
): Promise<void> {
  const stub = startS3Stub({ answer });
  const store = openTestStore(stub, "bucket", { prefix: "pre/fix", ...options });
  try {
    await check(store, stub);
  } finally {
    store.close();
    await stub.stop();
  }
}

const head = `<?xml version="1.0" encoding="UTF-8"?>\n`;

function copied(lead = "", headers: Record<string, string> = {}): Response {
  const result = "<CopyObjectResult><ETag>&quot;abc&quot;</ETag><ChecksumCRC32>NhCmhg==" +
    "</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>";
  return new Response(head + lead + result, {
    headers: { "content-type": "application/xml", "x-amz-version-id": "v2", ...headers },
  });
}

function failedLate(code: string): Response {
  const error = `<Error><Code>${code}</Code><Message>It went wrong</Message></Error>`;
  return new Response(`${head}\n   \n${error}`, { headers: { "content-type": "application/xml" } });
}

const from = { key: "a+b %/ü?x", versionId: "v/1", ifMatch: "e1", size: 5 };

Deno.test("a copy is one request without a body, by either way alike", async () => {
  const seen: Record<string, string>[] = [];
  for (const puts of bothWays) {
    const options = { puts, sse: "aws:kms", sseKmsKey: "key" } as const;
    const sse = { "x-amz-server-side-encryption": "aws:kms" };
    await withAnswers(() => copied("", sse), options, async (store, stub) => {
      const stored = await store.copy(from, "to", {
        metadata: { holdfast: "abc" },
        storageClass: "DEEP_ARCHIVE",
        contentType: "text/plain",
      });
      assert.deepEqual(stored, { etag: "abc", versionId: "v2", checksum: "crc32:3610a686" });
      const [request, ...others] = stub.requests;
      assert.equal(others.length, 0);
      assert.equal(`${request.method} ${request.path}`, "PUT /bucket/pre/fix/to");
      assert.equal(request.body.length, 0);
      const sent = [...request.headers].filter(([name]) =>
        (name.startsWith("x-amz-") && !/^x-amz-(?:date|user-agent|content-sha256)$/.test(name)) ||
        name === "content-type"
      );
      seen.push(Object.fromEntries(sent));
    });
  }
  assert.deepEqual(seen[0], seen[1]);
  assert.deepEqual(seen[0], {
    "content-type": "text/plain",
    "x-amz-checksum-algorithm": "CRC32",
    "x-amz-copy-source": "bucket/pre/fix/a%2Bb%20%25/%C3%BC%3Fx?versionId=v%2F1",
    "x-amz-copy-source-if-match": '"e1"',
    "x-amz-meta-holdfast": "abc",
    "x-amz-metadata-directive": "REPLACE",
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "key",
    "x-amz-storage-class": "DEEP_ARCHIVE",
  });
});

Deno.test("a copy that is kept waiting by white space is one request", async () => {
  await withAnswers(() => copied("\n  \n \n"), {}, async (store, stub) => {
    assert.equal((await store.copy(from, "to", {})).etag, "abc");
    assert.equal(stub.requests.length, 1);
  });
});

Deno.test("an error behind a 200 is an error, and is repeated where it may pass", async () => {
  for (const puts of bothWays) {
    const passing = (_: SeenRequest, count: number) =>
      count <= 3 ? failedLate("InternalError") : copied();
    await withAnswers(passing, { puts }, async (store, stub) => {
      assert.equal((await store.copy(from, "to", {})).etag, "abc");
      assert.equal(stub.requests.length, 4);
    });
    for (
      const [code, kind] of [
        ["AccessDenied", "denied"],
        ["PreconditionFailed", "conflict"],
        ["NoSuchKey", "gone"],
      ] as const
    ) {
      await withAnswers(() => failedLate(code), { puts }, async (store, stub) => {
        await failsWith(store.copy(from, "to", {}), kind);
        assert.equal(stub.requests.length, puts === "auto" ? 2 : 1);
      });
    }
  }
});

Deno.test("a 200 without a whole result is not taken for a copy", async () => {
  for (const text of ["", "<CopyObjectResult><ETag>x</ETag>", "<html>welcome</html>"]) {
    const answer = (_: SeenRequest, count: number) => count === 1 ? new Response(text) : copied();
    await withAnswers(answer, {}, async (store, stub) => {
      assert.equal((await store.copy(from, "to", {})).etag, "abc");
      assert.equal(stub.requests.length, 2);
    });
  }
});

Deno.test("a copy without the encryption that was asked for is refused", async () => {
  await withAnswers(() => copied(), { sse: "AES256" }, async (store) => {
    const error = await failsWith(store.copy(from, "to", {}), "refused");
    assert.equal(error.context.code, "EncryptionNotConfirmed");
  });
});

Deno.test("the errors of a copy name what is to be done", async () => {
  for (
    const [status, code, kind] of [
      [412, "PreconditionFailed", "conflict"],
      [404, "NoSuchKey", "gone"],
      [403, "AccessDenied", "denied"],
      [403, "InvalidObjectState", "refused"],
    ] as const
  ) {
    await withAnswers(() => s3Error(status, code, "No."), {}, async (store) => {
      const error = await failsWith(store.copy(from, "to", {}), kind);
      if (kind === "denied") assert.match(error.hint!, /s3:PutObject and s3:GetObject/);
    });
  }
});

const parts = (xml: string) =>
  new Response(`${head}${xml}`, { headers: { "content-type": "application/xml" } });

function multipart(failAt?: string): (request: SeenRequest) => Response {
  return ({ method, query }) => {
    if (query.has("uploads")) {
      const root = "InitiateMultipartUploadResult";
      return parts(`<${root}><UploadId>u1</UploadId></${root}>`);
    }
    if (method === "DELETE") return new Response(null, { status: 204 });
    const number = query.get("partNumber");
    if (number === null) {
      const root = "CompleteMultipartUploadResult";
      return parts(`<${root}><ETag>"whole-3"</ETag></${root}>`);
    }
    if (number === failAt) return s3Error(412, "PreconditionFailed", "Another content");
    return parts(`<CopyPartResult><ETag>"p${number}"</ETag></CopyPartResult>`);
  };
}

Deno.test("a copy above the limit is made of ranges, each of the content that was meant", async () => {
  await withAnswers(multipart(), { largestCopy: 1_000 }, async (store, stub) => {
    const large = { ...from, size: 2_500 };
    const stored = await store.copy(large, "to", { metadata: { holdfast: "m" } });
    assert.deepEqual(stored, { etag: "whole-3" });
    const [create, ...rest] = stub.requests;
    assert.equal(create.headers.get("x-amz-meta-holdfast"), "m");
    const copies = rest.slice(0, 3);
    assert.deepEqual(
      copies.map(({ headers }) => headers.get("x-amz-copy-source-range")).sort(),
      ["bytes=0-999", "bytes=1000-1999", "bytes=2000-2499"],
    );
    for (const { headers } of copies) {
      assert.equal(headers.get("x-amz-copy-source-if-match"), '"e1"');
      assert.match(headers.get("x-amz-copy-source")!, /\?versionId=v%2F1$/);
    }
    const complete = new TextDecoder().decode(rest[3].body);
    const order = [...complete.matchAll(/p\d/g)].map(([etag]) => etag);
    assert.deepEqual(order, ["p1", "p2", "p3"]);
    assert.equal(rest.length, 4);
  });
});

Deno.test("a copy in parts that fails is aborted when no part is under way any more", async () => {
  await withAnswers(multipart("2"), { largestCopy: 1_000 }, async (store, stub) => {
    await failsWith(store.copy({ ...from, size: 30_000 }, "to", {}), "conflict");
    const last = stub.requests.at(-1)!;
    assert.equal(last.method, "DELETE");
    assert.equal(last.query.get("uploadId"), "u1");
    assert.ok(stub.requests.length < 30, "the parts that were not begun are not begun");
  });
});

Deno.test("a store without checksums is not asked for them by a copy", async () => {
  const features = { ...EVERY_FEATURE, checksums: { works: false, reason: "none" } } as const;
  await withAnswers(() => copied(), { features }, async (store, stub) => {
    await store.copy(from, "to", {});
    assert.equal(stub.requests[0].headers.has("x-amz-checksum-algorithm"), false);
  });
});

Deno.test("the parts of an upload are listed to the last page", async () => {
  const page = ({ query }: SeenRequest) => {
    const after = query.get("part-number-marker");
    const part = (number: number, crc: string) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>"e${number}"</ETag><Size>7</Size>${crc}</Part>`;
    return parts(
      after === null
        ? `<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>1` +
          `</NextPartNumberMarker>${part(1, "<ChecksumCRC32>NhCmhg==</ChecksumCRC32>")}` +
          `</ListPartsResult>`
        : `<ListPartsResult><IsTruncated>false</IsTruncated>${part(4, "")}</ListPartsResult>`,
    );
  };
  await withAnswers(page, {}, async (store, stub) => {
    assert.deepEqual(await store.listParts("k", "u1"), [
      { part: 1, etag: "e1", size: 7, crc32: "3610a686" },
      { part: 4, etag: "e4", size: 7 },
    ]);
    assert.equal(stub.requests.length, 2);
  });
});

Deno.test("an upload that is not there has no parts, a bucket that is not there is gone", async () => {
  await withAnswers(() => s3Error(404, "NoSuchUpload", "No."), {}, async (store) => {
    assert.equal(await store.listParts("k", "u1"), undefined);
  });
  await withAnswers(() => s3Error(404, "NoSuchBucket", "No."), {}, async (store) => {
    await failsWith(store.listParts("k", "u1"), "gone");
  });
});
