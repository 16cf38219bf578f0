/** What S3 answers to restore requests and says of archived objects, where no local server does. */
import assert from "node:assert/strict";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import { isAws } from "../../../src/stores/s3/connection.ts";
import type { S3StoreOptions } from "../../../src/stores/s3/options.ts";
import { listedRestores } from "../../../src/stores/s3/restore_status.ts";
import { s3Error, type S3Stub, startS3Stub, type StubBehaviour } from "../../servers/s3_stub.ts";
import { bytesOf, failsWith, listAll, read } from "../store_probes.ts";
import { openTestStore } from "./open_store.ts";

async function withStub(
  behaviour: StubBehaviour,
  check: (store: ObjectStore, stub: S3Stub) => Promise<void>,
  options: Partial<S3StoreOptions> = {},
): Promise<void> {
  const stub = startS3Stub(behaviour);
  const store = openTestStore(stub, "bucket", { prefix: "pre", ...options });
  try {
    await check(store, stub);
  } finally {
    store.close();
    await stub.stop();
  }
}

const bulk = { tier: "Bulk", days: 7 } as const;
const empty = (status: number) => new Response(null, { status });
const inProgress = () =>
  s3Error(409, "RestoreAlreadyInProgress", "Object restore is already in progress");

Deno.test("a restore request names version, tier and days; Intelligent-Tiering's no days", async () => {
  await withStub({ answer: () => empty(202) }, async (store, stub) => {
    assert.equal(await store.requestRestore({ key: "a b", versionId: "v/1" }, bulk), "accepted");
    assert.equal(await store.requestRestore({ key: "k" }, { tier: "Standard" }), "accepted");
    const [first, second, ...more] = stub.requests;
    assert.deepEqual(more, []);
    assert.equal(`${first.method} ${first.path}`, "POST /bucket/pre/a b");
    assert.ok(first.query.has("restore"));
    assert.equal(first.query.get("versionId"), "v/1");
    assert.equal(second.query.get("versionId"), null);
    const bodies = [first, second].map(({ body }) => new TextDecoder().decode(body));
    const job = (tier: string) =>
      `<GlacierJobParameters><Tier>${tier}</Tier></GlacierJobParameters></RestoreRequest>`;
    assert.ok(bodies[0].endsWith(`<Days>7</Days>${job("Bulk")}`), bodies[0]);
    assert.ok(bodies[1].endsWith(`/">${job("Standard")}`), bodies[1]);
  });
});

Deno.test("202 is accepted, 200 extended, 409 under way, each with one request", async () => {
  for (
    const [answer, said] of [
      [() => empty(202), "accepted"],
      [() => empty(200), "extended"],
      [inProgress, "under way"],
    ] as const
  ) {
    await withStub({ answer }, async (store, stub) => {
      assert.equal(await store.requestRestore({ key: "k" }, bulk), said);
      assert.equal(stub.requests.length, 1);
    });
  }
});

Deno.test("a 409 after an answer that was lost is this very request's, after a throttle another's", async () => {
  for (
    const [first, said] of [
      [() => s3Error(500, "InternalError", "We encountered an internal error"), "accepted"],
      [() => s3Error(503, "SlowDown", "Please reduce your request rate"), "under way"],
    ] as const
  ) {
    const answer = (_: unknown, count: number) => count === 1 ? first() : inProgress();
    await withStub({ answer }, async (store, stub) => {
      assert.equal(await store.requestRestore({ key: "k" }, bulk), said);
      assert.equal(stub.requests.length, 2);
    });
  }
});

Deno.test("a throttled restore request is waited out", async () => {
  const answer = (_: unknown, count: number) =>
    count <= 8 ? s3Error(503, "SlowDown", "Please reduce your request rate") : empty(202);
  await withStub({ answer }, async (store, stub) => {
    assert.equal(await store.requestRestore({ key: "k" }, bulk), "accepted");
    assert.equal(stub.requests.length, 9);
  });
});

Deno.test("what a restore request cannot get is said after one request", async () => {
  for (
    const [status, code, kind, hint] of [
      [503, "GlacierExpeditedRetrievalNotAvailable", "refused", /standard tier/],
      [501, "NotImplemented", "refused", /no archive classes/],
      [403, "InvalidObjectState", "refused", /no archive class/],
      [403, "ObjectAlreadyInActiveTierError", "refused", /no archive class/],
      [400, "InvalidArgument", "refused", undefined],
      [400, "MalformedXML", "refused", undefined],
      [403, "AccessDenied", "denied", /s3:RestoreObject/],
      [404, "NoSuchKey", "gone", undefined],
      [404, "NoSuchVersion", "gone", undefined],
    ] as const
  ) {
    await withStub({ answer: () => s3Error(status, code, "No") }, async (store, stub) => {
      const error = await failsWith(store.requestRestore({ key: "k" }, bulk), kind);
      assert.equal(error.context.code, code);
      if (hint === undefined) assert.equal(error.hint, undefined, code);
      else assert.match(error.hint!, hint);
      assert.equal(stub.requests.length, 1, code);
    });
  }
});

Deno.test("HEAD and GET tell the restored copy, HEAD the tier of Intelligent-Tiering", async () => {
  let said: Record<string, string> = {};
  const amend = (headers: Headers) => {
    for (const [name, value] of Object.entries(said)) headers.set(name, value);
  };
  await withStub({ amend }, async (store) => {
    await store.put("k", bytesOf("x"), {});
    assert.equal("restore" in (await store.head("k"))!, false);
    assert.equal("archiveTier" in (await store.head("k"))!, false);

    said = { "x-amz-restore": 'ongoing-request="true"' };
    assert.deepEqual((await store.head("k"))?.restore, { kind: "warming" });

    const date = 'expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"';
    said = { "x-amz-restore": `ongoing-request="false", ${date}` };
    const warm = { kind: "warm", expiry: Date.UTC(2012, 11, 21) };
    assert.deepEqual((await store.head("k"))?.restore, warm);
    const { stream, head } = await store.get("k");
    await stream.cancel();
    assert.deepEqual(head.restore, warm);

    for (const tier of ["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"] as const) {
      said = { "x-amz-archive-status": tier, "x-amz-storage-class": "INTELLIGENT_TIERING" };
      const { archiveTier, storageClass } = (await store.head("k"))!;
      assert.deepEqual([archiveTier, storageClass], [tier, "INTELLIGENT_TIERING"]);
    }
  });
});

const attributes = "x-amz-optional-object-attributes";

function listed(statuses: readonly string[], more = ""): Response {
  const contents = statuses.map((status, i) =>
    `<Contents><Key>pre/k${i}</Key><Size>1</Size><ETag>"e"</ETag>` +
    `<StorageClass>GLACIER</StorageClass>${status}</Contents>`
  );
  return new Response(`<ListBucketResult>${more}${contents.join("")}</ListBucketResult>`);
}

Deno.test("lists ask for restore statuses where they are wanted, on every page", async () => {
  const pages = [
    [
      "",
      "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>",
      "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>" +
      "<RestoreExpiryDate>2012-12-21T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>",
    ],
    ["<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"],
  ];
  const next = "<IsTruncated>true</IsTruncated><NextContinuationToken>2</NextContinuationToken>";
  const answer: StubBehaviour["answer"] = ({ query }) =>
    query.has("continuation-token") ? listed(pages[1]) : listed(pages[0], next);
  await withStub({ answer }, async (store, stub) => {
    const all = await listAll(store, "", { restoreStatus: true });
    const warming = { kind: "warming" };
    const warm = { kind: "warm", expiry: Date.UTC(2012, 11, 21) };
    // A page that tells it of some tells that of others there is none.
    assert.deepEqual(all.map(({ restore }) => restore), [null, warming, warm, warming]);
    const sent = stub.requests.map(({ headers }) => headers.get(attributes));
    assert.deepEqual(sent, ["RestoreStatus", "RestoreStatus"]);
    const plain = await listAll(store, "");
    assert.ok(plain.every((object) => !("restore" in object)));
    assert.deepEqual(stub.requests.slice(2).map(({ headers }) => headers.get(attributes)), [
      null,
      null,
    ]);
  });
});

Deno.test("that an object has no restore status is known of AWS, and of a page that tells others'", () => {
  const cold = undefined;
  const warming = { IsRestoreInProgress: true };
  const date = new Date(Date.UTC(2012, 11, 21));
  const warm = { IsRestoreInProgress: false, RestoreExpiryDate: date };
  assert.deepEqual(listedRestores([cold, cold], true), [{ restore: null }, { restore: null }]);
  assert.deepEqual(listedRestores([cold, cold], false), [{}, {}]);
  assert.deepEqual(listedRestores([cold, warming, warm], false), [
    ...[{ restore: null }, { restore: { kind: "warming" } }],
    { restore: { kind: "warm", expiry: date.getTime() } },
  ]);
  // Neither under way nor with a date: that is for HEAD to say.
  assert.deepEqual(listedRestores([{ IsRestoreInProgress: false }, {}], true), [
    ...[{}, { restore: null }],
  ]);
  const hosts = ["b.s3.eu-west-1.amazonaws.com", "s3.cn-north-1.amazonaws.com.cn"];
  for (const hostname of hosts) assert.equal(isAws({ hostname }), true, hostname);
  const others = ["127.0.0.1", "s3.example.com", "notamazonaws.com", "amazonaws.com.example.com"];
  for (const hostname of others) assert.equal(isAws({ hostname }), false, hostname);
});

Deno.test("a store that refuses to tell restore statuses is listed without them", async () => {
  const next = "<IsTruncated>true</IsTruncated><NextContinuationToken>2</NextContinuationToken>";
  for (const [status, code] of [[400, "InvalidArgument"], [501, "NotImplemented"]] as const) {
    const answer: StubBehaviour["answer"] = ({ headers, query }) => {
      if (headers.has(attributes)) return s3Error(status, code, "Unknown header");
      return query.has("continuation-token") ? listed([""]) : listed(["", ""], next);
    };
    await withStub({ answer }, async (store, stub) => {
      assert.equal((await listAll(store, "", { restoreStatus: true })).length, 3);
      assert.equal(stub.requests.length, 3, "it is asked for once");
    });
  }
  const refusing = { answer: () => s3Error(400, "InvalidRequest", "No lists today") };
  await withStub(refusing, async (store) => {
    await failsWith(listAll(store, "", { restoreStatus: true }), "refused");
  });
});

Deno.test("reading or copying a cold object is refused at once, however it is said", async () => {
  const cold = { storageClass: "GLACIER" };
  for (const code of ["InvalidObjectState", "ObjectNotInActiveTierError"]) {
    const said = "The operation is not valid for the object's storage class";
    const late = () =>
      new Response(`<?xml version="1.0"?>\n\n<Error><Code>${code}</Code></Error>`, {
        headers: { "content-type": "application/xml" },
      });
    for (const refuse of [() => s3Error(403, code, said), late]) {
      const answer: StubBehaviour["answer"] = ({ method, headers, query }) => {
        if (headers.has("x-amz-copy-source")) return refuse();
        if (method !== "GET" || query.has("list-type")) return undefined;
        return s3Error(403, code, said);
      };
      const small = { key: "k", size: 1 };
      await withStub({ answer }, async (store, stub) => {
        await store.put("k", bytesOf("x"), cold);
        const before = stub.requests.length;
        for (
          const call of [
            () => store.copy(small, "to", {}),
            () => read(store, "k"),
            () => read(store, "k", { range: { offset: 0, length: 1 } }),
          ]
        ) {
          const error = await failsWith(call(), "refused");
          assert.equal(error.context.code, code);
          assert.match(error.hint!, /warm it up/);
        }
        // The copy's first try by the short way is repeated by S3Client, whose error is the truth.
        assert.equal(stub.requests.length - before, 4);
      });
      await withStub({ answer }, async (store, stub) => {
        const error = await failsWith(store.copy({ key: "k", size: 9 }, "to", {}), "refused");
        assert.equal(error.context.code, code);
        assert.equal(stub.requests.at(-1)?.method, "DELETE", "the upload is aborted");
      }, { largestCopy: 5 });
    }
  }
});
