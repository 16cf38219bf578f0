/** `adopt`: prefixes that s3cmd, rclone and aws s3 sync have filled, one object a file. */
import assert from "node:assert/strict";
import { hasCommand, shell } from "../sources/tree_tools.ts";
import type { S3Server } from "../servers/s3_server.ts";
import { assertSameTree } from "./compare.ts";
import { type CountingProxy, startCountingProxy } from "./counting_proxy.ts";
import { freshBucket, type Gateway, withGateway, withMoto } from "./each_store.ts";
import { fillAs, type ForeignTool, TOOLS } from "./foreign_prefix.ts";
import { eventsOf, holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { initJob, s3Repository, settle, withPlace, withServer } from "./place.ts";
import { loggedRun } from "./request_log.ts";
import { putText } from "./store_look.ts";

const FILES = ["docs/one.txt", "docs/ü.txt", "empty", "large.bin"];

/** Files that another tool has sent, of one content each, and times with ns. */
function makeTree(folder: string): void {
  shell(
    folder,
    `mkdir -p docs; echo one > docs/one.txt; echo two > docs/ü.txt; : > empty
     head -c 17000000 /dev/urandom > large.bin
     touch -d '2020-01-02 03:04:05.123456789' docs/* empty large.bin`,
  );
}

/** A job whose repository is the prefix `kept/` of a bucket. */
async function prefixJob(
  place: Place,
  server: S3Server,
  bucket: string,
  config: readonly string[] = [],
): Promise<Place> {
  const [, ...how] = s3Repository(server, bucket);
  const user = withServer(place, server);
  await initJob(user, [`s3://${bucket}/kept`, ...how], { config });
  return user;
}

/** What is in the source and was not when the tool sent the rest, and the other way round. */
async function goOn(place: Place, server: S3Server, bucket: string): Promise<void> {
  shell(`${place.folder}/src`, "echo new > new; echo ONE > docs/one.txt; ln -s new link");
  await putText(server, bucket, "kept/gone.txt", "the source does not have it");
  await settle();
}

/** After a tool's run and some changes: what adopt and the next backups do, by the access log. */
async function assertAdopted(
  place: Place,
  server: Gateway,
  by: Readonly<Record<string, number>>,
): Promise<void> {
  const dry = await loggedRun(place, server, ["adopt", "--dry-run"]);
  const run = await loggedRun(place, server, ["adopt"]);
  for (const { code, said, totals, operations } of [dry, run]) {
    assert.equal(code, 0, said);
    assert.deepEqual(totals.by, by, said);
    assert.deepEqual([totals.objects, totals.other, totals.unknown], [3, 1, 1], said);
    assert.deepEqual(operations, {}, "adopt has written something beside the log");
  }
  assert.match(run.said, /gone\.txt.*the source has nothing under this key/);
  // The two files, and the markers of the folder and the link.
  const backup = await loggedRun(place, server, ["backup"]);
  assert.deepEqual([backup.code, backup.operations], [0, { PutObject: 4 }], backup.said);
  assert.equal(backup.bytes, "new\nONE\n".length);
  assert.deepEqual((await loggedRun(place, server, ["backup"])).operations, {});
  const check = await mustEnd(0, place, ["check", "--read-data"]);
  assert.match(check.said, /1 object, 27 B, that no entry has[^]*nothing is missing or damaged/);
  await mustEnd(0, place, ["log", "verify"]);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
  assertSameTree(`${place.folder}/src`, `${place.folder}/back`);
}

for (const [name, tool] of Object.entries(TOOLS)) {
  Deno.test(`what ${name} has put is adopted without a PUT, and the next backup sends the rest`, () =>
    withPlace((empty) =>
      withGateway(async (server) => {
        const bucket = await freshBucket(server);
        makeTree(`${empty.folder}/src`);
        await fillAs(tool, { server, bucket, prefix: "kept/" }, `${empty.folder}/src`, FILES);
        const place = await prefixJob(empty, server, bucket);
        await goOn(place, server, bucket);
        // As AWS, versitygw computes a checksum of every object.
        await assertAdopted(place, server, { etag: 2, crc64nvme: 1 });
      })
    ));
}

const WITHOUT_CHECKSUMS = [
  ["rclone", TOOLS.rclone, { etag: 2, md5: 1 }],
  ["s3cmd", TOOLS.s3cmd, { etag: 2, md5: 1 }],
  ["aws", TOOLS.aws, { etag: 2, "part-etag": 1 }],
] as const;

for (const [name, tool, by] of WITHOUT_CHECKSUMS) {
  Deno.test(`what ${name} has put is known without checksums of the store, on moto`, () =>
    withPlace((empty) =>
      withCountedMoto(async (server, proxy) => {
        const bucket = await freshBucket(server);
        const src = `${empty.folder}/src`;
        makeTree(src);
        await fillAs(tool, { server, bucket, prefix: "kept/" }, src, FILES);
        const place = await prefixJob(empty, server, bucket);
        await goOn(place, server, bucket);
        proxy.begin();
        const { code, said, records } = await holdfastJson(place, ["adopt"]);
        assert.equal(code, 0, said);
        assert.deepEqual(totalsOf(records).by, by, said);
        assert.deepEqual(contentRequests(proxy), [
          ...["HEAD kept/docs/one.txt", "HEAD kept/large.bin"],
        ]);
      })
    ));
}

/** moto, with a proxy before it that counts. */
function withCountedMoto(
  use: (server: S3Server, proxy: CountingProxy) => Promise<void>,
): Promise<void> {
  return withMoto(async (server) => {
    const proxy = startCountingProxy(server.endpoint);
    try {
      await use({ ...server, endpoint: proxy.endpoint }, proxy);
    } finally {
      await proxy.stop();
    }
  });
}

/** "GET kept/key", sorted: without lists, and without what is Holdfast's own. */
function contentRequests({ requests }: CountingProxy): string[] {
  return requests.filter((line) => !line.includes("list-type=2") && !line.includes("/.holdfast/"))
    .map((line) => line.replace(/ \/[^/]+\//, " ").replace(/\?.*/, ""))
    .sort();
}

const REAL = "what the aws command has put is adopted without a PUT";
Deno.test(REAL, () =>
  withPlace((empty) =>
    withGateway(async (server) => {
      if (!hasCommand(REAL, "aws")) return;
      const bucket = await freshBucket(server);
      const { folder } = empty;
      makeTree(`${folder}/src`);
      const { accessKey, secretKey, endpoint } = server;
      shell(
        folder,
        `AWS_ACCESS_KEY_ID=${accessKey} AWS_SECRET_ACCESS_KEY=${secretKey} AWS_REGION=us-east-1 \
         aws --endpoint-url ${endpoint} s3 sync --quiet src s3://${bucket}/kept`,
      );
      const place = await prefixJob(empty, server, bucket);
      await goOn(place, server, bucket);
      const { totals, operations, said } = await loggedRun(place, server, ["adopt"]);
      // How it sends the large file, and with which checksum, depends on its version.
      assert.deepEqual([totals.objects, totals.other, totals.unproven], [3, 1, 0], said);
      assert.deepEqual(operations, {});
      const backup = await loggedRun(place, server, ["backup"]);
      assert.deepEqual([backup.operations, backup.bytes], [{ PutObject: 4 }, 8], backup.said);
    })
  ));

/** Parts of an unusual size, and no MD5: size and time are all there is. */
const UNUSUAL: ForeignTool = {
  ...{ cutoff: 0, partSize: 7 * 1024 ** 2 },
  metadata: (file) => ({ mtime: TOOLS.rclone.metadata({ ...file, content: EMPTY }).mtime }),
};
const EMPTY = new Uint8Array();

Deno.test("without a checksum size and time decide, and it is said; --read reads, within max_cost", () =>
  withPlace((empty) =>
    withCountedMoto(async (server, proxy) => {
      const bucket = await freshBucket(server);
      const at = { server, bucket, prefix: "kept/" };
      const src = `${empty.folder}/src`;
      makeTree(src);
      shell(src, "for name in touched untold other; do cp -p large.bin $name.bin; done");
      await fillAs(UNUSUAL, at, src, ["large.bin", "touched.bin", "other.bin"]);
      await fillAs({ ...UNUSUAL, metadata: () => ({}) }, at, src, ["untold.bin"]);
      // Same size and time, another content: only reading finds it.
      shell(
        src,
        "printf X | dd of=other.bin conv=notrunc status=none; touch -r large.bin other.bin",
      );
      shell(src, "touch touched.bin");
      const place = await prefixJob(empty, server, bucket);
      await settle();
      const plan = await mustEnd(0, place, ["adopt", "--dry-run"]);
      assert.match(
        plan.said,
        /plan: adopt 2 objects, 32\.4 MiB, by size and modification time alone/,
      );
      assert.match(plan.said, /note: 2 objects, 32\.4 MiB: no checksum tells what they hold/);
      assert.match(plan.said, /leave untold\.bin .*: nothing tells what it holds/);
      assert.match(plan.said, /leave touched\.bin .*: its content is another one/);

      proxy.begin();
      const dear = await mustEnd(6, place, ["adopt", "--read", "--max-cost", "0.01"]);
      assert.match(dear.said, /it costs .*no price is known/);
      assert.ok(
        !contentRequests(proxy).some((line) => line.startsWith("GET")),
        "read in spite of it",
      );

      proxy.begin();
      const read = await holdfastJson(place, ["adopt", "--read"]);
      assert.deepEqual(totalsOf(read.records).by, { read: 2 }, read.said);
      assert.equal(totalsOf(read.records).other, 2, "the touched one, and the other content");
      assert.deepEqual(contentRequests(proxy).filter((line) => !line.startsWith("HEAD")), [
        ...["GET kept/large.bin", "GET kept/other.bin", "GET kept/untold.bin"],
      ]);
      const [event] = await eventsOf(place, "ObjectsStored");
      assert.equal(event.data.adopted, "read");

      proxy.begin();
      // What is adopted is not looked at any more; the weaker evidence now decides of the rest.
      const again = await holdfastJson(place, ["adopt"]);
      assert.deepEqual(totalsOf(again.records).by, { mtime: 1 }, again.said);
      assert.deepEqual(contentRequests(proxy), ["HEAD kept/other.bin", "HEAD kept/touched.bin"]);
    })
  ));

Deno.test("adopted objects come back without the database, and without the log", () =>
  withPlace((empty) =>
    withGateway(async (server) => {
      const bucket = await freshBucket(server);
      const { folder } = empty;
      makeTree(`${folder}/src`);
      await fillAs(TOOLS.s3cmd, { server, bucket, prefix: "kept/" }, `${folder}/src`, FILES);
      const place = await prefixJob(empty, server, bucket);
      await settle();
      await mustEnd(0, place, ["adopt"]);
      await mustEnd(0, place, ["backup"]);
      // No request of ours has such a key: it keeps nobody from what can be named.
      const data = `${server.folder}/data/${bucket}/kept`;
      shell(data, "printf x > 'odd\nname'");
      const options = ["--fix", "--delete-unknown"];
      const { code, records } = await holdfastJson(place, ["--yes", "reconcile", ...options]);
      const totals = totalsOf(records);
      assert.deepEqual([code, totals.unknown_objects, totals.deleted], [0, 1, 0]);
      assert.deepEqual(totals.not_deleted, { "a key that no request of ours names": 1 });
      shell(data, "rm 'odd\nname'");
      const restored = async (to: string) => {
        await mustEnd(0, place, ["restore", "--to", `${folder}/${to}`]);
        assertSameTree(`${folder}/src`, `${folder}/${to}`);
      };
      shell(folder, "rm -r state");
      await mustEnd(0, place, ["rebuild"]);
      await restored("from-log");
      shell(folder, `rm -r state; rm -r ${server.folder}/data/${bucket}/kept/.holdfast/log`);
      const { said } = await mustEnd(5, place, ["rebuild"]);
      assert.doesNotMatch(said, /without metadata of holdfast/);
      await restored("from-renames");
      shell(data, "printf x > 'odd\nname'; rm -r .holdfast/log");
      shell(folder, "rm -r state");
      const odd = await mustEnd(5, place, ["rebuild"]);
      assert.match(odd.said, /1 object without metadata of holdfast: left alone/);
    })
  ));

Deno.test("versions and archive classes are adopted as they are, on moto", () =>
  withPlace((empty) =>
    withMoto(async (server) => {
      const bucket = await freshBucket(server, { versioning: true });
      const at = { server, bucket, prefix: "kept/" };
      const src = `${empty.folder}/src`;
      makeTree(src);
      const archived: ForeignTool = {
        ...TOOLS.rclone,
        options: { StorageClass: "DEEP_ARCHIVE" },
      };
      await fillAs(archived, at, src, ["large.bin"]);
      await fillAs(TOOLS.rclone, at, src, ["docs/one.txt"]);
      const place = await prefixJob(empty, server, bucket);
      await settle();
      const run = await holdfastJson(place, ["adopt", "--read"]);
      assert.equal(run.code, 0, run.said);
      assert.deepEqual(totalsOf(run.records).by, { etag: 1, md5: 1 }, run.said);
      const events = await eventsOf(place, "ObjectsStored");
      assert.deepEqual(events.map(({ data }) => data.class).sort(), ["DEEP_ARCHIVE", "STANDARD"]);
      for (const { data } of events) assert.ok(data.folders[0].objects[0].version.length > 0);
      await mustEnd(0, place, ["backup"]);
      await mustEnd(0, place, ["check"]);
    })
  ));

Deno.test("a folder store, packs and a job that encrypts adopt nothing", () =>
  withPlace((empty) =>
    withGateway(async (server) => {
      const { folder } = empty;
      const local = { ...empty, config: `${folder}/local.toml`, state: `${folder}/local/job.db` };
      await initJob(local, [`file://${folder}/store`]);
      const refused = await mustEnd(2, local, ["adopt"]);
      assert.match(refused.said, /is a folder store: no other tool fills one/);
      const bucket = await freshBucket(server);
      const place = withServer(empty, server);
      const made = await mustEnd(0, place, ["key", "generate", "--output", `${folder}/id`]);
      const [recipient] = /age1[0-9a-z]+/.exec(made.said)!;
      await initJob(place, s3Repository(server, bucket), { init: ["--recipient", recipient] });
      const sealed = await mustEnd(2, place, ["adopt"]);
      assert.match(sealed.said, /this job encrypts/);
      const packed = { ...place, config: `${folder}/packs.toml`, state: `${folder}/packs/job.db` };
      await initJob(packed, s3Repository(server, await freshBucket(server)), {
        init: ["--layout", "pack", "--encryption", "none"],
      });
      assert.match((await mustEnd(2, packed, ["adopt"])).said, /has packs, and no other tool/);
    })
  ));
