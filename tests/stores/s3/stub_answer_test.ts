import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { HoldfastError } from "../../../src/core/error.ts";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import type { RetryNotice, S3StoreOptions } from "../../../src/stores/s3/options.ts";
import { EVERY_FEATURE } from "../../../src/core/every_feature.ts";
import { freePort } from "../../servers/free_port.ts";
import { s3Error, type S3Stub, startS3Stub, type StubBehaviour } from "../../servers/s3_stub.ts";
import { bytesOf, content, crcOf, failsWith, read } from "../store_probes.ts";
import { openTestStore, testRetry } from "./open_store.ts";

interface Stubbed {
  readonly stub: S3Stub;
  readonly store: ObjectStore;
  readonly notices: RetryNotice[];
}

async function withStub(
  behaviour: StubBehaviour,
  options: Partial<S3StoreOptions>,
  check: (stubbed: Stubbed) => Promise<void>,
): Promise<void> {
  const stub = startS3Stub(behaviour);
  const notices: RetryNotice[] = [];
  const retry = { ...testRetry, onRetry: (notice: RetryNotice) => notices.push(notice) };
  const store = openTestStore(stub, "bucket", { prefix: "pre/fix", retry, ...options });
  try {
    await check({ stub, store, notices });
  } finally {
    store.close();
    await stub.stop();
  }
}

const bothWays = ["auto", "always-client"] as const;

for (const [status, code] of [[500, "InternalError"], [503, "SlowDown"], [429, "Busy"]] as const) {
  Deno.test(`${status} ${code} is waited out, each wait told`, async () => {
    for (const puts of bothWays) {
      const answer = (_: unknown, count: number) =>
        count <= 6 ? s3Error(status, code, "Please try again") : undefined;
      await withStub({ answer }, { puts }, async ({ store, notices, stub }) => {
        await store.put("k", bytesOf("x"), {});
        assert.equal(stub.requests.length, 7);
        // The first try by the short way is repeated by S3Client at once.
        assert.equal(notices.length, puts === "auto" ? 5 : 6);
        assert.equal(notices[0].operation, "PutObject");
        assert.equal(notices[0].reason, `Please try again (${code})`);
      });
    }
  });
}

Deno.test("a signal ends the waiting", async () => {
  const abort = new AbortController();
  const behaviour = { answer: () => s3Error(503, "SlowDown", "Please slow down") };
  const retry = { firstDelayMs: 20, longestDelayMs: 20 };
  await withStub(behaviour, { signal: abort.signal, retry }, async ({ store }) => {
    const waiting = failsWith(store.put("k", bytesOf("x"), {}), "interrupted");
    setTimeout(() => abort.abort(), 50);
    await waiting;
  });
});

Deno.test("a clock that is wrong by an hour is set by the store's, also for the short way", async () => {
  const hour = 3_600_000;
  const dates: number[] = [];
  const behaviour: StubBehaviour = {
    answer({ headers }) {
      const [, y, mo, d, h, mi, s] = headers.get("x-amz-date")!
        .match(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/)!.map(Number);
      dates.push(Date.UTC(y, mo - 1, d, h, mi, s) - Date.now());
      const date = { date: new Date(Date.now() + hour).toUTCString() };
      return Math.abs(dates.at(-1)! - hour) < 60_000
        ? undefined
        : s3Error(403, "RequestTimeTooSkewed", "The difference is too large.", date);
    },
    amend: (headers) => headers.set("date", new Date(Date.now() + hour).toUTCString()),
  };
  await withStub(behaviour, {}, async ({ store, stub }) => {
    await store.put("k", bytesOf("x"), {});
    const before = stub.requests.length;
    await store.put("l", bytesOf("x"), {});
    assert.equal(stub.requests.length, before + 1, "the next put is one request, signed in time");
  });
});

Deno.test("a put is signed, named, checked and sent once, by either way alike", async () => {
  const seen: Record<string, string>[] = [];
  for (const puts of bothWays) {
    const options = { puts, sse: "aws:kms", sseKmsKey: "arn:aws:kms:eu:1:key/2" } as const;
    await withStub({}, options, async ({ store, stub }) => {
      await store.put("a b/ü", bytesOf("hello"), {
        metadata: { holdfast: "abc" },
        storageClass: "DEEP_ARCHIVE",
        contentType: "text/plain",
        ifNoneMatch: true,
      });
      const [request, ...others] = stub.requests;
      assert.equal(others.length, 0);
      assert.equal(request.path, "/bucket/pre/fix/a b/ü");
      assert.match(request.headers.get("user-agent")!, /\bholdfast\/0\.0\.0\b/);
      const sent = [...request.headers].filter(([name]) =>
        (name.startsWith("x-amz-") && name !== "x-amz-date" && name !== "x-amz-user-agent") ||
        ["content-type", "if-none-match", "content-length"].includes(name)
      );
      seen.push(Object.fromEntries(sent));
    });
  }
  assert.deepEqual(seen[0], seen[1]);
  assert.deepEqual(seen[0], {
    "content-length": "5",
    "content-type": "text/plain",
    "if-none-match": "*",
    "x-amz-checksum-crc32": "NhCmhg==",
    "x-amz-content-sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "x-amz-meta-holdfast": "abc",
    "x-amz-sdk-checksum-algorithm": "CRC32",
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu:1:key/2",
    "x-amz-storage-class": "DEEP_ARCHIVE",
  });
});

Deno.test("SSE-S3 is asked for on puts and uploads, and must be confirmed", async () => {
  await withStub({}, { sse: "AES256" }, async ({ store, stub }) => {
    await store.put("k", bytesOf("x"), {});
    await store.createUpload("l", {});
    for (const { headers } of stub.requests) {
      assert.equal(headers.get("x-amz-server-side-encryption"), "AES256");
    }
  });
  const ignoring = { ignored: ["x-amz-server-side-encryption"] };
  await withStub(ignoring, { sse: "AES256" }, async ({ store }) => {
    const error = await failsWith(store.put("k", bytesOf("x"), {}), "refused");
    assert.equal(error.context.code, "EncryptionNotConfirmed");
    await failsWith(store.createUpload("l", {}), "refused");
  });
});

Deno.test("without the feature no checksum is sent, by either way and in parts", async () => {
  const checksums = { works: false, reason: "refused" } as const;
  for (const puts of bothWays) {
    const features = { ...EVERY_FEATURE, checksums };
    await withStub({}, { puts, features }, async ({ store, stub }) => {
      await store.put("k", bytesOf("x"), {});
      const id = await store.createUpload("k", {});
      await store.uploadPart("k", id, 1, bytesOf("x"));
      const names = stub.requests.flatMap(({ headers }) => [...headers.keys()]);
      assert.deepEqual(names.filter((name) => /checksum|^content-md5|trailer/.test(name)), []);
    });
  }
});

Deno.test("without conditional puts an object that is there is still not overwritten", async () => {
  const conditionalPut = { works: false, reason: "ignored" } as const;
  const features = { ...EVERY_FEATURE, conditionalPut };
  await withStub({}, { features }, async ({ store, stub }) => {
    await store.put("k", bytesOf("first"), { ifNoneMatch: true });
    await failsWith(store.put("k", bytesOf("second"), { ifNoneMatch: true }), "conflict");
    assert.deepEqual(await read(store, "k"), bytesOf("first"));
    assert.ok(stub.requests.every(({ headers }) => !headers.has("if-none-match")));
  });
});

Deno.test("another checksum in the answer than was sent is damage", async () => {
  const amend = (headers: Headers) => headers.set("x-amz-checksum-crc32", "AAAAAA==");
  for (const puts of bothWays) {
    await withStub({ amend }, { puts }, async ({ store }) => {
      await failsWith(store.put("k", bytesOf("x"), {}), "damage");
      await failsWith(store.uploadPart("k", "upload1", 1, bytesOf("x")), "damage");
    });
  }
});

Deno.test("an upload that is gone after a lost answer counts as completed where the object is ours", async () => {
  const body = content(1000, 3);
  for (const isOurs of [true, false]) {
    const behaviour: StubBehaviour = {
      answer({ method }, count) {
        if (method !== "POST") return undefined;
        return count <= 2
          ? s3Error(500, "InternalError", "We encountered an internal error")
          : s3Error(404, "NoSuchUpload", "The specified upload does not exist");
      },
      amend(headers, { method }) {
        if (method === "HEAD" && isOurs) headers.set("x-amz-checksum-crc32", "wLgJYw==");
        if (method === "HEAD") headers.set("x-amz-version-id", "v7");
      },
    };
    await withStub(behaviour, {}, async ({ store }) => {
      await store.put("k", body, {});
      const part = { part: 1, etag: "0".repeat(32), size: body.length, crc32: crcOf(body) };
      const sums = { crc32: "c0b80963", size: body.length };
      const complete = store.completeUpload("k", "upload1", [part], sums);
      if (isOurs) assert.equal((await complete).versionId, "v7");
      else await failsWith(complete, "gone");
    });
  }
});

const errorGolden = fileURLToPath(new URL("error_golden.txt", import.meta.url));

/** status, code, the store's message, headers */
const answers: [number, string, string, Record<string, string>?][] = [
  [403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."],
  [403, "SignatureDoesNotMatch", "The request signature we calculated does not match."],
  [403, "AccessDenied", "Access Denied"],
  [400, "ExpiredToken", "The provided token has expired."],
  [400, "InvalidToken", "The provided token is malformed or otherwise invalid."],
  [403, "RequestTimeTooSkewed", "The difference between the times is too large."],
  [404, "NoSuchBucket", "The specified bucket does not exist"],
  [
    301,
    "PermanentRedirect",
    "The bucket must be addressed using the specified endpoint.",
    { "x-amz-bucket-region": "eu-central-1" },
  ],
  [400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'"],
  [400, "InvalidStorageClass", "The storage class you specified is not valid"],
  [403, "InvalidObjectState", "The operation is not valid for the object's storage class"],
  [400, "KeyTooLongError", "Your key is too long"],
  [400, "KMS.NotFoundException", "Key does not exist"],
  [501, "NotImplemented", "A header you provided implies functionality that is not implemented"],
  [507, "InsufficientStorage", "No space left"],
];

function errorText(error: HoldfastError, endpoint: string): string {
  const text = `[${error.kind}] ${error.message}\n    ${error.hint ?? ""}`.trimEnd();
  return text.replaceAll(endpoint, "http://ENDPOINT") + "\n";
}

Deno.test("what a store answers becomes an error that names place, permission or setting", async () => {
  const texts: string[] = [];
  for (const [status, code, message, headers] of answers) {
    const behaviour = { answer: () => s3Error(status, code, message, headers) };
    await withStub(behaviour, {}, async ({ store, stub }) => {
      const calls = [
        () => store.put("k", bytesOf("x"), { storageClass: "GLACIER" }),
        () => store.get("k"),
        ...(code === "AccessDenied" ? [() => store.listUploads("")] : []),
      ];
      for (const call of calls) {
        const error = await failsWith(call(), "denied", "gone", "refused");
        texts.push(errorText(error, stub.endpoint));
      }
    });
  }
  const endpoint = `http://127.0.0.1:${freePort()}`;
  const nobody = { endpoint, accessKey: "a", secretKey: "s" };
  const store = openTestStore(nobody, "bucket");
  const refused = await failsWith(store.put("k", bytesOf("x"), {}), "unreachable");
  const { message } = refused;
  assert.match(message, /refused/i);
  const said = message.slice(0, message.indexOf(" failed: "));
  texts.push(errorText(new HoldfastError("unreachable", said, { hint: refused.hint }), endpoint));
  store.close();
  if (Deno.env.get("UPDATE_GOLDENS") === "1") await Deno.writeTextFile(errorGolden, texts.join(""));
  assert.equal(texts.join(""), await Deno.readTextFile(errorGolden));
});

Deno.test("what is wrong is also found out where HEAD cannot say it", async () => {
  const behaviour: StubBehaviour = {
    answer: ({ method }) =>
      method === "HEAD"
        ? new Response(null, { status: 400 })
        : s3Error(400, "ExpiredToken", "The provided token has expired."),
  };
  await withStub(behaviour, {}, async ({ store }) => {
    const error = await failsWith(store.head("k"), "denied");
    assert.equal(error.context.code, "ExpiredToken");
  });
});
