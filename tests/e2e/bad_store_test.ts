/** Stores that are not there, refuse, or hold something else: a clear end, and nothing written. */
import assert from "node:assert/strict";
import { s3Error, startS3Stub } from "../servers/s3_stub.ts";
import { freePort } from "../servers/free_port.ts";
import { shell } from "../sources/tree_tools.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { type Ended, holdfast, mustEnd, type Place } from "./holdfast.ts";
import {
  besides,
  editConfig,
  folderJob,
  makeSmallTree,
  s3Job,
  s3Repository,
  withPlace,
  withServer,
} from "./place.ts";
import { listVersions, putText } from "./store_look.ts";

function tryInit(place: Place, repository: readonly string[]): Promise<Ended> {
  const source = ["--source", `${place.folder}/src`];
  return holdfast(place, ["--job", "e2e", "init", ...source, "--repository", ...repository]);
}

Deno.test("a bucket that does not exist is named by init and by backup", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      const init = await tryInit(withServer(empty, server), s3Repository(server, "no-such-bucket"));
      const place = await s3Job(besides(empty, "other"), server, await freshBucket(server));
      editConfig(place, /s3:\/\/[^"]*/, "s3://no-such-bucket");
      for (const ended of [init, await holdfast(place, ["backup"])]) {
        assert.equal(ended.code, 1, ended.said);
        assert.match(ended.stderr, /no-such-bucket/);
        assert.match(ended.stderr, /hint: create the bucket, or correct `repository` in the job/);
      }
    })
  ));

Deno.test("a wrong secret key is told as such, and is never printed", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      const bucket = await freshBucket(server);
      const right = await s3Job(empty, server, bucket);
      const before = await listVersions(server, bucket);
      const secretKey = "not-the-secret-key-of-this-server";
      const wrong = withServer(right, { ...server, secretKey });
      const ended = await holdfast(wrong, ["--debug", "backup"]);
      assert.equal(ended.code, 1, ended.said);
      assert.match(ended.stderr, /hint: the secret key is wrong: check AWS_ACCESS_KEY_ID/);
      assert.ok(!ended.said.includes(secretKey));
      const logs = shell(empty.folder, "cat state/logs/e2e/*.log");
      assert.ok(!logs.includes(secretKey));
      assert.deepEqual(await listVersions(server, bucket), before);
      await mustEnd(0, right, ["backup"]);
    })
  ));

const refusals: [what: string, answer: () => Response, said: RegExp][] = [
  [
    "expired credentials",
    () => s3Error(400, "ExpiredToken", "The provided token has expired."),
    /token has expired \(ExpiredToken 400\)\n[^]*hint: renew the credentials/,
  ],
  [
    "a denied write",
    () => s3Error(403, "AccessDenied", "Access Denied"),
    /Access Denied \(AccessDenied 403\)\n[^]*hint: the credentials need s3:PutObject/,
  ],
];

for (const [what, refuse, said] of refusals) {
  Deno.test(`${what} in the middle of a backup end it, and the next run carries on`, async () => {
    let refusing = false;
    const stub = startS3Stub({
      answer: ({ method, path }) =>
        refusing && method === "PUT" && path.endsWith("large.jpg") ? refuse() : undefined,
    });
    try {
      await withPlace(async (empty) => {
        makeSmallTree(`${empty.folder}/src`);
        const place = await s3Job(empty, stub, "bucket");
        refusing = true;
        const ended = await holdfast(place, ["backup"]);
        assert.equal(ended.code, 1, ended.said);
        assert.match(ended.stderr, said);
        refusing = false;
        await mustEnd(0, place, ["backup"]);
        await mustEnd(0, place, ["log", "verify"]);
        await mustEnd(0, place, ["restore", "--to", `${empty.folder}/out`]);
        shell(empty.folder, "diff -r src out");
      });
    } finally {
      await stub.stop();
    }
  });
}

Deno.test("an endpoint that refuses connections is given up soon, with the key to look at", () =>
  withPlace(async (empty) => {
    makeSmallTree(`${empty.folder}/src`);
    const endpoint = `http://127.0.0.1:${freePort()}`;
    const place = withServer(empty, { accessKey: "access", secretKey: "secretsecret" });
    const ended = await tryInit(place, s3Repository({ endpoint }, "bucket"));
    assert.equal(ended.code, 1, ended.said);
    assert.match(ended.stderr, new RegExp(endpoint));
    assert.match(ended.stderr, /hint: check `endpoint` and the network/);
  }));

Deno.test("a job of another layout than its repository's stores nothing", () =>
  withPlace(async (empty) => {
    makeSmallTree(`${empty.folder}/src`);
    const place = await folderJob(empty, { init: ["--layout", "pack", "--encryption", "none"] });
    editConfig(place, /layout = "pack"\n(encryption = .*\n)?/, "");
    const ended = await holdfast(place, ["backup"]);
    assert.equal(ended.code, 10, ended.said);
    assert.match(ended.stderr, /has the layout "pack", and this job the layout "mirror"/);
    assert.match(ended.stderr, /nothing was written/);
  }));

Deno.test("a repository of another id, format or layout is refused and not touched", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      const bucket = await freshBucket(server, { versioning: true });
      const place = await s3Job(empty, server, bucket);
      const key = ".holdfast/repository.json";
      const ours = JSON.parse(Deno.readTextFileSync(`${server.folder}/data/${bucket}/${key}`));
      const cases: [change: Record<string, unknown>, code: number, said: RegExp][] = [
        [{ repository: "0".repeat(32) }, 10, /holds the repository 0{32}, but this job belongs to/],
        [{ format: 2 }, 10, /is of format 2, which this program does not know/],
        [{ layout: "rolls" }, 10, /has the layout "rolls", which this program does not know/],
      ];
      for (const [change, code, said] of cases) {
        await putText(server, bucket, key, JSON.stringify({ ...ours, ...change }));
        const before = await listVersions(server, bucket);
        for (const command of [["backup"], ["restore", "--to", `${empty.folder}/out`]]) {
          const ended = await holdfast(place, command);
          assert.equal(ended.code, code, ended.said);
          assert.match(ended.stderr, said);
          assert.match(ended.stderr, /nothing was written/);
        }
        assert.deepEqual(await listVersions(server, bucket), before);
        assert.equal(shell(empty.folder, "find out ! -name out 2>/dev/null || true"), "");
      }
      await putText(server, bucket, key, "{ not JSON");
      const ended = await holdfast(place, ["backup"]);
      assert.equal(ended.code, 5, ended.said);
      assert.match(ended.stderr, /repository\.json of .* is not JSON/);
      await putText(server, bucket, key, JSON.stringify(ours));
      await mustEnd(0, place, ["backup"]);
    })
  ));

Deno.test("a job that is pointed at another job's repository is refused", () =>
  withPlace(async (empty) => {
    makeSmallTree(`${empty.folder}/src`);
    const place = await folderJob(empty);
    const other = besides(empty, "other");
    const taken = await tryInit(other, [`file://${empty.folder}/store`]);
    assert.equal(taken.code, 10, taken.said);
    assert.match(taken.stderr, /holds another repository already/);
    assert.equal((await tryInit(other, [`file://${empty.folder}/store2`])).code, 0);
    editConfig(place, "/store", "/store2");
    const before = shell(empty.folder, "find store2 | sort");
    const ended = await holdfast(place, ["backup"]);
    assert.equal(ended.code, 10, ended.said);
    assert.match(ended.stderr, /but this job belongs to/);
    assert.equal(shell(empty.folder, "find store2 | sort"), before);
  }));

Deno.test("a folder store whose disk is not mounted is told as such, and nothing is written", () =>
  withPlace(async (empty) => {
    makeSmallTree(`${empty.folder}/src`);
    const place = await folderJob(empty);
    await mustEnd(0, place, ["backup"]);
    shell(empty.folder, "mv store away; mkdir store; echo new > src/new");
    for (const command of [["backup"], ["restore", "--to", `${empty.folder}/out`]]) {
      const ended = await holdfast(place, command);
      assert.equal(ended.code, 10, ended.said);
      assert.match(ended.stderr, /mounted/);
      assert.equal(shell(empty.folder, "find store"), "store\n");
    }
    shell(empty.folder, "rmdir store");
    assert.equal((await holdfast(place, ["backup"])).code, 10);
    assert.throws(() => Deno.statSync(`${empty.folder}/store`), Deno.errors.NotFound);
    shell(empty.folder, "mv away store");
    await mustEnd(0, place, ["backup"]);
  }));
