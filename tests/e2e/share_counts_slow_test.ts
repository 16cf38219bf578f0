/** What a backup of a share costs, counted by the share's server and by the store. */
import assert from "node:assert/strict";
import type { Samba } from "../../scripts/samba_server.ts";
import { sambaFor } from "../servers/samba.ts";
import { shell } from "../sources/tree_tools.ts";
import { freshBucket, type Gateway, withGateway } from "./each_store.ts";
import { mustEnd, type Place } from "./holdfast.ts";
import { s3Job } from "./place.ts";
import { loggedRun } from "./request_log.ts";
import { makeOld, passwordFile, withShare } from "./share_job.ts";

/** The server notes each read of content in its log. */
const COUNTED = [
  ...["log level = 1", "full_audit:syslog = no", "full_audit:failure = none"],
  ...["vfs objects = full_audit", "full_audit:success = pread pread_send pread_recv"],
];

function readsOf({ data }: Samba): number {
  const log = Deno.readTextFileSync(`${data}/../log`);
  return log.split("\n").filter((line) => /\|pread(_recv)?\|ok\|/.test(line)).length;
}

function test(
  name: string,
  use: (place: Place, samba: Samba, server: Gateway) => Promise<void>,
): void {
  Deno.test(name, async () =>
    await withGateway(async (server) =>
      await withShare(
        await sambaFor(name, { config: COUNTED }),
        (place, samba) => use(place, samba, server),
      )
    ));
}

/** A job that backs up the share to a bucket that keeps versions. */
async function bucketJob(place: Place, samba: Samba, server: Gateway): Promise<Place> {
  return await s3Job(place, server, await freshBucket(server, { versioning: true }), {
    sources: [samba.url],
    init: ["--password-file", passwordFile(place, samba.password)],
  });
}

test(
  "content is read in pieces of 8 MiB, and nothing behind its end",
  async (empty, samba, server) => {
    shell(samba.data, "head -c 41943041 /dev/urandom > large; echo x > small; : > empty");
    makeOld(samba.data);
    const place = await bucketJob(empty, samba, server);
    await mustEnd(0, place, ["backup"]);
    assert.equal(readsOf(samba), 6 + 1);
    await mustEnd(0, place, ["backup"]);
    assert.equal(readsOf(samba), 6 + 1, "reads of an unchanged share");
  },
);

const FILES = 10_000;

test(
  "a renamed folder of 10,000 files: no read of the share, no object, ten requests at most",
  async (empty, samba, server) => {
    const make =
      `mkdir before; seq ${FILES} | awk '{ print "file " $1 > ("before/" $1); close("before/" $1) }'`;
    shell(samba.data, make);
    makeOld(samba.data);
    const place = await bucketJob(empty, samba, server);
    await mustEnd(0, place, ["backup"]);
    const before = readsOf(samba);
    assert.equal(before, FILES, "reads of the first run");
    Deno.renameSync(`${samba.data}/before`, `${samba.data}/after`);
    const renamed = await loggedRun(place, server, ["backup"]);
    const { moved, objects, removed } = renamed.totals;
    assert.deepEqual([renamed.code, moved, objects, removed], [0, 1, 0, 0], renamed.said);
    assert.equal(readsOf(samba) - before, 0, "reads of the share");
    assert.deepEqual([renamed.operations, renamed.bytes], [{}, 0]);
    assert.ok(renamed.count <= 10, `${renamed.count} requests`);
    console.log(
      `${FILES} files renamed on a share: ${renamed.count} requests, ${renamed.seconds} s`,
    );
    await mustEnd(0, place, ["restore", "after/1", "--to", `${place.folder}/back`]);
    assert.equal(Deno.readTextFileSync(`${place.folder}/back/after/1`), "file 1\n");
    await mustEnd(0, place, ["log", "verify"]);
  },
);

test(
  "a file that was moved and one that replaced another are told apart by what they hold",
  async (empty, samba, server) => {
    shell(samba.data, "mkdir a b; echo one > a/1; echo two > a/2; echo 333 > a/3");
    makeOld(samba.data);
    const place = await bucketJob(empty, samba, server);
    await mustEnd(0, place, ["backup"]);
    const before = readsOf(samba);
    // The second has the size and the time of one that was removed, and another file id.
    shell(samba.data, "mv a/1 b/one; echo TWO > b/two; rm a/2; touch -r b/one b/two");
    makeOld(samba.data);
    const run = await loggedRun(place, server, ["backup"]);
    const { moved, objects } = run.totals;
    assert.deepEqual([run.code, moved, objects], [0, 1, 1], run.said);
    assert.equal(readsOf(samba) - before, 2, "the second opinion is the content's");
    assert.equal(run.bytes, 4);
    await mustEnd(0, place, ["restore", "b", "--to", `${place.folder}/back`]);
    assert.equal(shell(`${place.folder}/back`, "cat b/one b/two"), "one\nTWO\n");
  },
);
