import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { probeStore } from "../../../src/app/probe_store.ts";
import type { StoreFeatures } from "../../../src/ports/object_store.ts";
import type { S3StoreOptions } from "../../../src/stores/s3/options.ts";
import {
  s3Error,
  type SeenRequest,
  startS3Stub,
  type StubBehaviour,
} from "../../servers/s3_stub.ts";
import { startVersitygw } from "../../servers/versitygw.ts";
import { failsWith } from "../store_probes.ts";
import { openTestStore, type TestServer } from "./open_store.ts";

const goldenFile = fileURLToPath(new URL("probe_golden.txt", import.meta.url));
const asked = { folder: ".holdfast/probe/1/", storageClass: "DEEP_ARCHIVE", encryption: true };

function probe(server: TestServer, bucket: string, options: Partial<S3StoreOptions> = {}) {
  const open = (features: StoreFeatures) =>
    openTestStore(server, bucket, { sse: "AES256", ...options, features });
  return probeStore(open, asked);
}

interface Trait {
  readonly name: keyof StoreFeatures;
  /** The requests that use the feature. */
  readonly uses: (request: SeenRequest) => boolean;
  /** A store that does not know the feature at all. */
  readonly ignoring: StubBehaviour;
}

const hasHeader = (start: string) => ({ headers }: SeenRequest) =>
  [...headers.keys()].some((name) => name.startsWith(start));

const traits: readonly Trait[] = [
  {
    name: "conditionalPut",
    uses: hasHeader("if-none-match"),
    ignoring: { ignored: ["if-none-match"] },
  },
  {
    name: "versions",
    uses: () => false,
    ignoring: { amend: (headers) => headers.delete("x-amz-version-id") },
  },
  {
    name: "checksums",
    uses: hasHeader("x-amz-checksum-"),
    ignoring: { ignored: ["x-amz-checksum-*"] },
  },
  {
    name: "metadata",
    uses: hasHeader("x-amz-meta-"),
    ignoring: { ignored: ["x-amz-meta-*"] },
  },
  {
    name: "multipart",
    uses: ({ query }) => query.has("uploads"),
    ignoring: {
      answer: ({ query }) =>
        query.has("uploads") ? s3Error(405, "MethodNotAllowed", "Not allowed") : undefined,
    },
  },
  {
    name: "storageClass",
    uses: hasHeader("x-amz-storage-class"),
    ignoring: { ignored: ["x-amz-storage-class"] },
  },
  {
    name: "encryption",
    uses: hasHeader("x-amz-server-side-encryption"),
    ignoring: { ignored: ["x-amz-server-side-encryption*"] },
  },
];

const refusals = {
  "501": () => s3Error(501, "NotImplemented", "A header you provided implies functionality"),
  "400": () => s3Error(400, "InvalidArgument", "Argument not supported"),
} as const;

function behavioursOf(trait: Trait): [string, StubBehaviour][] {
  const refusing = Object.entries(refusals).map(([status, refuse]): [string, StubBehaviour] => [
    status,
    { answer: (request) => trait.uses(request) ? refuse() : undefined },
  ]);
  const [answers501, answers400] = refusing;
  const ignoring: [string, StubBehaviour] = ["ignored", trait.ignoring];
  // No request asks for versions: they are in the answers or not.
  return trait.name === "versions" ? [ignoring] : [answers501, answers400, ignoring];
}

async function probeStub(behaviour: StubBehaviour): Promise<StoreFeatures> {
  const stub = startS3Stub(behaviour);
  try {
    return await probe(stub, "bucket");
  } finally {
    await stub.stop();
  }
}

function linesOf(features: StoreFeatures): string[] {
  return Object.entries(features).flatMap(([name, feature]) =>
    feature.works ? [] : [`${name}: ${feature.reason}`]
  );
}

Deno.test("a store that can do everything is found to do everything", async () => {
  assert.deepEqual(linesOf(await probeStub({})), []);
});

Deno.test("each feature that a store refuses or ignores is found, alone, with its reason", async () => {
  const lines: string[] = [];
  for (const trait of traits) {
    for (const [how, behaviour] of behavioursOf(trait)) {
      const found = linesOf(await probeStub(behaviour));
      assert.equal(found.length, 1, `${trait.name} ${how}: ${found.join("; ")}`);
      assert.ok(found[0].startsWith(`${trait.name}: `), `${trait.name} ${how}: ${found[0]}`);
      lines.push(`[${how}] ${found[0]}\n`);
    }
  }
  if (Deno.env.get("UPDATE_GOLDENS") === "1") await Deno.writeTextFile(goldenFile, lines.join(""));
  assert.equal(lines.join(""), await Deno.readTextFile(goldenFile));
});

Deno.test("a store that refuses checksums, encryption and metadata at once is still used", async () => {
  const uses = [traits[2].uses, traits[3].uses, traits[6].uses];
  const features = await probeStub({
    answer: (request) => uses.some((one) => one(request)) ? refusals["501"]() : undefined,
  });
  for (const name of ["checksums", "metadata", "encryption"] as const) {
    assert.equal(features[name].works, false, name);
  }
  assert.equal(features.conditionalPut.works, true);
  assert.equal(features.multipart.works, true);
});

Deno.test("a store that refuses checksums in multipart uploads only is used without them", async () => {
  const features = await probeStub({
    answer: ({ query, headers }) =>
      query.has("uploads") && headers.has("x-amz-checksum-algorithm")
        ? refusals["400"]()
        : undefined,
  });
  assert.deepEqual(linesOf(features).map((line) => line.split(":")[0]), ["checksums"]);
});

Deno.test("a store that changes keys is not used", async () => {
  const stub = startS3Stub({
    answer: ({ query }) =>
      query.has("list-type")
        ? new Response(
          "<ListBucketResult><Contents><Key>.holdfast/probe/1/other</Key></Contents>" +
            "</ListBucketResult>",
        )
        : undefined,
  });
  try {
    const error = await failsWith(probe(stub, "bucket"), "refused");
    assert.equal(error.message, "s3://bucket does not keep object keys as they are");
  } finally {
    await stub.stop();
  }
});

Deno.test("wrong keys end the probe instead of counting as missing features", async () => {
  const stub = startS3Stub({
    answer: () => s3Error(403, "InvalidAccessKeyId", "The key does not exist in our records."),
  });
  try {
    await failsWith(probe(stub, "bucket"), "denied");
  } finally {
    await stub.stop();
  }
});

Deno.test("nothing is deleted by a probe", async () => {
  const stub = startS3Stub();
  try {
    await probe(stub, "bucket");
    const deletes = stub.requests.filter(({ method }) => method === "DELETE");
    assert.deepEqual(deletes.map(({ path, query }) => [path, query.has("uploadId")]), [
      ["/bucket/.holdfast/probe/1/multipart", true],
    ]);
  } finally {
    await stub.stop();
  }
});

const versitygw = await startVersitygw();
Deno.test.afterAll(() => versitygw?.stop());

Deno.test({
  name: "versitygw lacks what it is known to lack",
  ignore: versitygw === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await versitygw!.createBucket("probed", { versioning: true });
    const lines = linesOf(await probe(versitygw!, "probed"));
    assert.deepEqual(lines, [
      "storageClass: the store takes storage class DEEP_ARCHIVE and stores STANDARD: " +
      "set `storage_class` to one that it has",
      "encryption: the store refuses the encryption of `sse` or does not confirm it " +
      "(EncryptionNotConfirmed): objects are stored as they are sent",
    ]);
  },
});
