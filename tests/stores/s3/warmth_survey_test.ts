/** How the survey of warmth asks S3: what goes over the wire. */
import assert from "node:assert/strict";
import type { SurveyedObject } from "../../../src/app/surveyed_object.ts";
import { warmthSurvey } from "../../../src/app/survey_warmth.ts";
import { warmthSeen } from "../../../src/core/cold/warmth.ts";
import { s3Error, type SeenRequest, startS3Stub } from "../../servers/s3_stub.ts";
import { openTestStore } from "./open_store.ts";

const COUNT = 40;
const DIGITS = (i: number) => `${i}`.padStart(2, "0");

interface Archive {
  readonly keys: readonly string[];
  /** Of the header that asks for restore statuses. */
  readonly answers: "told" | "ignored" | "refused";
  readonly warming: (key: string) => boolean;
}

/** Asks about all keys, believed to be cold; returns what was told, and the requests. */
async function survey(archive: Archive) {
  const stub = startS3Stub({ answer: (request) => answer(archive, request) });
  const store = openTestStore(stub, "bucket", { prefix: "pre" });
  try {
    const { signal } = new AbortController();
    const { ask } = warmthSurvey({ store, signal, now: Date.now });
    const said = new Map<string, string>();
    const once = async () =>
      await ask(
        archive.keys.map(believed),
        ({ key }, seen) => void said.set(key, warmthSeen(seen)),
      );
    await once();
    const first = stub.requests.length;
    await once();
    assert.deepEqual(
      archive.keys.map((key) => said.get(key)),
      archive.keys.map((key) => archive.warming(key) ? "warming" : "cold"),
    );
    return { first: stub.requests.slice(0, first), second: stub.requests.slice(first) };
  } finally {
    store.close();
    await stub.stop();
  }
}

const believed = (key: string): SurveyedObject => ({
  ...{ key, version: "", etag: "e", storageClass: "GLACIER", archive: null, size: 1 },
  ...{ warmth: "cold", isCurrent: true, look: "closely" },
});

const header = "x-amz-optional-object-attributes";

function answer({ keys, answers, warming }: Archive, request: SeenRequest): Response {
  const { method, path, query, headers } = request;
  if (method === "HEAD") {
    const said = new Headers({ "x-amz-storage-class": "GLACIER", etag: '"e"' });
    const key = path.slice("/bucket/pre/".length);
    if (warming(key)) said.set("x-amz-restore", 'ongoing-request="true"');
    return new Response(null, { headers: said });
  }
  if (headers.has(header) && answers === "refused") {
    return s3Error(400, "InvalidArgument", "Unknown header");
  }
  const isTold = answers === "told" && headers.get(header) === "RestoreStatus";
  const after = query.get("start-after") ?? "";
  const contents = keys.filter((key) => `pre/${key}` > after).map((key) => {
    const status = isTold && warming(key)
      ? "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"
      : "";
    return `<Contents><Key>pre/${encodeURIComponent(key)}</Key><Size>1</Size><ETag>"e"</ETag>` +
      `<StorageClass>GLACIER</StorageClass>${status}</Contents>`;
  });
  const xml = `<EncodingType>url</EncodingType>${contents.join("")}`;
  return new Response(`<ListBucketResult>${xml}</ListBucketResult>`);
}

const names = Array.from({ length: COUNT }, (_, i) => `d/${DIGITS(i)}`);
const methods = (requests: readonly SeenRequest[]) =>
  requests.map(({ method }) => method).filter((method, i, all) => method !== all[i - 1]);

Deno.test("a LIST of the survey asks for restore statuses, and no HEAD follows what it tells", async () => {
  const warming = (key: string) => key < "d/20";
  const { first } = await survey({ keys: names, answers: "told", warming });
  assert.equal(first.length, 1);
  assert.equal(first[0].headers.get(header), "RestoreStatus");
  assert.equal(first[0].query.get("prefix"), "pre/");
});

Deno.test("where LIST ignores the wish, nothing counts as cold without a HEAD, and LIST is given up", async () => {
  const warming = (key: string) => key === "d/17";
  const { first, second } = await survey({ keys: names, answers: "ignored", warming });
  assert.deepEqual(methods(first), ["GET", "HEAD"]);
  assert.equal(first.length, 1 + COUNT);
  // HEAD has told what LIST was silent about.
  assert.deepEqual([methods(second), second.length], [["HEAD"], COUNT]);
});

Deno.test("where LIST refuses the wish, HEAD tells", async () => {
  const warming = (key: string) => key === "d/17";
  const { first, second } = await survey({ keys: names, answers: "refused", warming });
  assert.deepEqual(first.map(({ method }) => method), ["GET", "GET", ...names.map(() => "HEAD")]);
  assert.deepEqual([methods(second), second.length], [["HEAD"], COUNT]);
});

Deno.test("a page that begins at an emoji is asked for in whole characters", async () => {
  const keys = names.map((name) => `${name}🎉`);
  const { first } = await survey({ keys, answers: "told", warming: () => true });
  assert.equal(first.length, 1);
  assert.equal(first[0].query.get("start-after"), "pre/d/00🎈\u{10FFFD}");
});
