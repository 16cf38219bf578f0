/** How many requests a rebuild has under way. */
import assert from "node:assert/strict";
import { surveyObjects } from "../../src/app/survey_objects.ts";
import { plainBodies } from "../../src/app/stored_body.ts";
import { METADATA_NAME } from "../../src/core/mirror/object_metadata.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { sqliteRebuildTables } from "../../src/sqlite/rebuild_tables.ts";
import { databaseFolder } from "../sqlite/log_fixture.ts";
import { openTestStore } from "../stores/s3/open_store.ts";
import { contentDigest, inSignedWorld } from "./signed_world.ts";

const OBJECTS = 200;
const AT_LEAST = 64;
/** Milliseconds after which what has come is answered: fewer than are waited for. */
const PATIENCE = 10_000;

/** A bucket whose HEADs are answered when so many have come. */
function startPatientBucket() {
  const ours = btoa(JSON.stringify({
    ...{ v: 1, log: "22".repeat(16), position: 7, type: "file", mode: 420, uid: 0, gid: 0 },
    ...{ mtime: "1", id: "1", size: "1" },
  }));
  const keys = Array.from({ length: OBJECTS }, (_, i) => `f${String(i).padStart(4, "0")}`);
  const facts = { etag: '"e"', "last-modified": new Date(0).toUTCString() };
  const headers = { ...facts, "content-length": "1", [`x-amz-meta-${METADATA_NAME}`]: ours };
  const seen = { most: 0, heads: 0 };
  let waiting: (() => void)[] = [];
  let isPatient = true;
  const goOn = () => {
    isPatient = false;
    for (const go of waiting) go();
    waiting = [];
  };
  const timer = setTimeout(goOn, PATIENCE);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async ({ method }) => {
      if (method === "GET") return new Response(listOf(keys), { headers: { etag: '"l"' } });
      seen.heads++;
      if (isPatient) {
        const turn = new Promise<void>((go) => waiting.push(go));
        seen.most = Math.max(seen.most, waiting.length);
        if (seen.most >= AT_LEAST) goOn();
        await turn;
      }
      return new Response(null, { headers });
    },
  );
  return {
    seen,
    server: { endpoint: `http://127.0.0.1:${server.addr.port}`, accessKey: "a", secretKey: "s" },
    async stop() {
      clearTimeout(timer);
      await server.shutdown();
    },
  };
}

function listOf(keys: readonly string[]): string {
  const contents = keys.map((key) =>
    `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag>` +
    `<LastModified>1970-01-01T00:00:00.000Z</LastModified></Contents>`
  );
  return `<?xml version="1.0"?><ListBucketResult>${contents.join("")}</ListBucketResult>`;
}

Deno.test(`${AT_LEAST} HEADs are at the server at once`, async () => {
  const bucket = startPatientBucket();
  const folder = databaseFolder();
  const tables = sqliteRebuildTables({ survey: `${folder}/survey`, work: `${folder}/work` });
  const store = openTestStore(bucket.server, "bucket");
  try {
    const survey = await surveyObjects(
      {
        ...{ store, hashing: platformHashing, coding: plainBodies(platformHashing) },
        ...{ emit() {}, signal: new AbortController().signal },
      },
      tables.survey(),
      {
        ...{ repository: "r", isKnown: () => false, isWanted: () => false },
      },
    );
    assert.deepEqual([survey.count, bucket.seen.heads], [OBJECTS, OBJECTS]);
    assert.equal(bucket.seen.most, AT_LEAST);
  } finally {
    store.close();
    tables.close();
    await bucket.stop();
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("eight segments are on their way at once, and are read in their order", () =>
  inSignedWorld("mirror", async (world) => {
    for (let i = 0; i < 8; i++) {
      world.write(`f${i}`, `of ${i}`);
      await world.run();
    }
    const before = contentDigest(world.log);
    const { store } = world;
    const isSegment = (operation: string, key: string) =>
      operation === "get" && key.startsWith(".holdfast/log/");
    const counts = { now: 0, most: 0, all: 0 };
    store.before = async (operation, key) => {
      if (!isSegment(operation, key)) return;
      counts.all++;
      counts.most = Math.max(counts.most, ++counts.now);
      // Until all that is begun at once is begun; the later one comes first.
      await new Promise((go) => setTimeout(go, counts.all % 2 === 0 ? 1 : 5));
    };
    store.after = (operation, key) => {
      if (isSegment(operation, key)) counts.now--;
    };
    await world.rebuild({
      use({ log, origins, way }) {
        assert.equal(contentDigest(log), before);
        assert.deepEqual([way, origins.segments.objects], ["segments", counts.all]);
        assert.equal(origins.segments.events, log.head().position);
      },
    });
    assert.ok(counts.all >= 16, `${counts.all} segments`);
    assert.equal(counts.most, 8);
  }));
