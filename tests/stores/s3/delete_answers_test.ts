import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import { EVERY_FEATURE } from "../../../src/core/every_feature.ts";
import type { S3StoreOptions } from "../../../src/stores/s3/options.ts";
import { s3Error, type S3Stub, type SeenRequest, startS3Stub } from "../../servers/s3_stub.ts";
import { failsWith } from "../store_probes.ts";
import { openTestStore } from "./open_store.ts";

async function withAnswers(
  answer: (request: SeenRequest, count: number) => Response,
  options: Partial<S3StoreOptions>,
  check: (store: ObjectStore, stub: S3Stub) => Promise<void>,
): Promise<void> {
  const stub = startS3Stub({ answer });
  const store = openTestStore(stub, "bucket", { prefix: "pre", ...options });
  try {
    await check(store, stub);
  } finally {
    store.close();
    await stub.stop();
  }
}

function result(errors = ""): Response {
  return new Response(`<?xml version="1.0"?>\n<DeleteResult>${errors}</DeleteResult>`, {
    headers: { "content-type": "application/xml" },
  });
}

function failed(key: string, code: string, versionId?: string): string {
  const version = versionId === undefined ? "" : `<VersionId>${versionId}</VersionId>`;
  return `<Error><Key>pre/${key}</Key>${version}<Code>${code}</Code><Message>Why</Message></Error>`;
}

const text = ({ body }: SeenRequest) => new TextDecoder().decode(body);
const names = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `k${i}` }));

Deno.test("a thousand deletions are one quiet request with a checksum", async () => {
  await withAnswers(() => result(), {}, async (store, stub) => {
    const objects = [{ key: "a & <b>", versionId: "v1" }, ...names(999)];
    assert.deepEqual(await store.delete(objects), []);
    const [request, ...others] = stub.requests;
    assert.equal(others.length, 0);
    assert.equal(request.method, "POST");
    assert.ok(request.query.has("delete"));
    const sent = text(request);
    assert.equal(sent.match(/<Object>/g)?.length, 1_000);
    assert.match(sent, /<Quiet>true<\/Quiet>/);
    assert.match(sent, /<Key>pre\/a &amp; &lt;b&gt;<\/Key><VersionId>v1<\/VersionId>/);
    assert.ok(request.headers.has("x-amz-checksum-crc32"));
  });
});

Deno.test("what was not deleted is told with its reason, what was not there is not", async () => {
  const errors = failed("k0", "AccessDenied") + failed("k1", "NoSuchKey") +
    failed("k2", "NoSuchVersion", "v2") + failed("k3", "AccessDenied", "v4");
  await withAnswers(() => result(errors), {}, async (store) => {
    const objects = [
      ...names(2),
      { key: "k2", versionId: "v2" },
      { key: "k3", versionId: "v3" },
      { key: "k3", versionId: "v4" },
    ];
    const left = await store.delete(objects);
    assert.deepEqual(left, [
      { object: { key: "k0" }, reason: "Why (AccessDenied)" },
      { object: { key: "k3", versionId: "v4" }, reason: "Why (AccessDenied)" },
    ]);
  });
});

Deno.test("what fails for a while is sent again, without the rest", async () => {
  const answer = (_: SeenRequest, count: number) =>
    count === 1
      ? result(failed("k1", "InternalError") + failed("k2", "SlowDown") + failed("k3", "Denied"))
      : count === 2
      ? s3Error(503, "SlowDown", "Please slow down")
      : result();
  await withAnswers(answer, {}, async (store, stub) => {
    const left = await store.delete(names(5));
    assert.deepEqual(left, [{ object: { key: "k3" }, reason: "Why (Denied)" }]);
    assert.equal(stub.requests.length, 3);
    assert.deepEqual(text(stub.requests[2]).match(/k\d/g), ["k1", "k2"]);
  });
});

Deno.test("a store that demands Content-MD5 gets it from then on", async () => {
  const answer = ({ headers }: SeenRequest) =>
    headers.has("content-md5")
      ? result()
      : s3Error(400, "InvalidRequest", "Missing required header for this request: Content-MD5");
  await withAnswers(answer, {}, async (store, stub) => {
    assert.deepEqual(await store.delete(names(2)), []);
    assert.deepEqual(await store.delete(names(3)), []);
    assert.equal(stub.requests.length, 3, "the second call does not try again");
    const { headers, body } = stub.requests[2];
    assert.equal(headers.get("content-md5"), createHash("md5").update(body).digest("base64"));
    assert.equal(headers.has("x-amz-checksum-crc32"), false);
  });
});

Deno.test("a store without checksums gets Content-MD5 at once", async () => {
  const features = { ...EVERY_FEATURE, checksums: { works: false, reason: "none" } } as const;
  await withAnswers(() => result(), { features }, async (store, stub) => {
    await store.delete(names(1));
    assert.equal(stub.requests.length, 1);
    assert.ok(stub.requests[0].headers.has("content-md5"));
  });
});

Deno.test("a store without DeleteObjects gets one DELETE for each", async () => {
  for (const [status, code] of [[501, "NotImplemented"], [405, "MethodNotAllowed"]] as const) {
    const answer = ({ method, path, query }: SeenRequest) => {
      if (method === "POST") return s3Error(status, code, "No.");
      if (path.endsWith("k1")) return s3Error(403, "AccessDenied", "Not this one.");
      if (path.endsWith("k2")) return s3Error(404, "NoSuchKey", "None.");
      assert.equal(query.get("versionId"), path.endsWith("old") ? "v1" : null);
      return new Response(null, { status: 204 });
    };
    await withAnswers(answer, {}, async (store, stub) => {
      const left = await store.delete([...names(4), { key: "old", versionId: "v1" }]);
      assert.deepEqual(left.map(({ object }) => object), [{ key: "k1" }]);
      assert.match(left[0].reason, /Not this one/);
      await store.delete(names(1));
      assert.equal(stub.requests.filter(({ method }) => method === "POST").length, 1);
      assert.equal(stub.requests.length, 7);
    });
  }
});

Deno.test("a bucket that is not there, or whose deletions are denied, fails as a whole", async () => {
  await withAnswers(() => s3Error(404, "NoSuchBucket", "None."), {}, async (store) => {
    await failsWith(store.delete(names(2)), "gone");
  });
  await withAnswers(() => s3Error(403, "AccessDenied", "No."), {}, async (store) => {
    const error = await failsWith(store.delete(names(2)), "denied");
    assert.match(error.hint!, /s3:DeleteObject/);
  });
});

Deno.test("a key that S3 cannot hold is named, and the others are deleted", async () => {
  await withAnswers(() => result(), {}, async (store, stub) => {
    const left = await store.delete([{ key: "a//b" }, { key: "k" }]);
    assert.deepEqual(left.map(({ object }) => object), [{ key: "a//b" }]);
    assert.equal(text(stub.requests[0]).match(/<Object>/g)?.length, 1);
    await store.delete([{ key: "a//b" }]);
    assert.equal(stub.requests.length, 1, "nothing is sent where nothing is left");
  });
});
