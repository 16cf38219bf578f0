/** What reads the sources besides a backup: heal, reconcile, adopt, and the upkeep of packs. */
import assert from "node:assert/strict";
import type { Samba } from "../../scripts/samba_server.ts";
import { shell } from "../sources/tree_tools.ts";
import { freshBucket, type Gateway, withGateway } from "./each_store.ts";
import { fillAs, TOOLS } from "./foreign_prefix.ts";
import { holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { initJob, s3Repository, withServer } from "./place.ts";
import { loggedRun } from "./request_log.ts";
import {
  differences,
  everyServer,
  makeOld,
  passwordFile,
  shareJob,
  shareTest,
  smbclient,
} from "./share_job.ts";

async function totals(code: number, place: Place, ...args: string[]) {
  const ended = await holdfastJson(place, args);
  assert.equal(ended.code, code, ended.said);
  return totalsOf(ended.records);
}

/** Files with attributes that only a listing tells, and ones that stat tells, too. */
function makeFiles(samba: Samba): void {
  shell(
    samba.data,
    "mkdir docs; echo one > docs/1; echo two > docs/2; head -c 20000000 /dev/urandom > large",
  );
  makeOld(samba.data);
  smbclient(samba, "setmode docs/1 +ha; setmode docs/2 +r");
}

everyServer("what is lost in the store is healed from the share", async (empty, samba) => {
  makeFiles(samba);
  const place = await shareJob(empty, samba);
  await mustEnd(0, place, ["backup"]);
  const store = `${place.folder}/store`;
  shell(store, "chmod u+w docs/1 large; echo ONE > docs/1; echo more >> large");
  await mustEnd(5, place, ["check", "--read-data"]);
  const plan = await totals(0, place, "heal", "--dry-run");
  assert.deepEqual([plan.healed, plan.left], [2, 0]);
  const { lost, healed, left } = await totals(0, place, "heal");
  assert.deepEqual([lost, healed, left], [2, 2, 0]);
  await mustEnd(0, place, ["check", "--read-data"]);
  assert.equal((await totals(0, place, "backup")).observed, 0);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
  assert.equal(differences(samba.data, `${place.folder}/back`), "");
  await mustEnd(0, place, ["log", "verify"]);
});

shareTest(
  "a share that is away, or has changed, heals nothing and loses nothing",
  async (empty, samba) => {
    makeFiles(samba);
    const place = await shareJob(empty, samba);
    await mustEnd(0, place, ["backup"]);
    shell(`${place.folder}/store`, "chmod u+w docs/1 docs/2; echo ONE > docs/1; echo TWO > docs/2");
    await mustEnd(5, place, ["check", "--read-data"]);
    await samba.kill();
    const away = await mustEnd(5, place, ["heal"]);
    assert.match(away.said, /docs\/1: not healed: the source is not there/);
    await samba.start();
    smbclient(samba, "setmode docs/2 -r");
    shell(samba.data, "echo other > docs/2");
    const { healed, left } = await totals(5, place, "heal");
    assert.deepEqual([healed, left], [1, 1]);
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["check", "--read-data"]);
  },
);

/** A job that backs up the share to `kept/` of a bucket. */
async function bucketJob(
  empty: Place,
  samba: Samba,
  { server, bucket, name = "" }: {
    readonly server: Gateway;
    readonly bucket: string;
    readonly name?: string;
  },
): Promise<Place> {
  const place = withServer(empty, server);
  const [, ...how] = s3Repository(server, bucket);
  await initJob(place, [`s3://${bucket}/kept`, ...how], {
    sources: [name === "" ? samba.url : `${name}=${samba.url}`],
    init: ["--password-file", passwordFile(empty, samba.password)],
  });
  return place;
}

shareTest(
  "what a bucket has lost of a share is stored again by reconcile",
  (empty, samba) =>
    withGateway(async (server) => {
      makeFiles(samba);
      const bucket = await freshBucket(server);
      const place = await bucketJob(empty, samba, { server, bucket });
      await mustEnd(0, place, ["backup"]);
      await Deno.remove(`${server.folder}/data/${bucket}/kept/docs/2`);
      assert.equal((await totals(5, place, "reconcile")).missing, 1);
      const fixed = await totals(0, place, "reconcile", "--fix");
      assert.deepEqual([fixed.healed, fixed.left], [1, 0]);
      await mustEnd(0, place, ["check", "--read-data"]);
      assert.equal((await totals(0, place, "backup")).observed, 0);
    }),
);

const FILES = ["docs/1", "docs/2", "large"];

shareTest(
  "what rclone has put of a share is adopted without a PUT",
  (empty, samba) =>
    withGateway(async (server) => {
      makeFiles(samba);
      const bucket = await freshBucket(server);
      await fillAs(TOOLS.rclone, { server, bucket, prefix: "kept/" }, samba.data, FILES);
      const place = await bucketJob(empty, samba, { server, bucket });
      const run = await loggedRun(place, server, ["adopt"]);
      assert.deepEqual([run.code, run.totals.objects, run.totals.other], [0, 3, 0], run.said);
      assert.deepEqual(run.operations, {});
      // The markers of the folder alone.
      const backup = await loggedRun(place, server, ["backup"]);
      assert.deepEqual([backup.code, backup.operations, backup.bytes], [0, { PutObject: 1 }, 0]);
      await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
      assert.equal(differences(samba.data, `${place.folder}/back`), "");
    }),
);

shareTest(
  "what BackupToS3 has put below the name of a share is adopted",
  (empty, samba) =>
    withGateway(async (server) => {
      makeFiles(samba);
      const bucket = await freshBucket(server);
      // boto3 cuts files as the aws command does.
      await fillAs(TOOLS.aws, { server, bucket, prefix: "kept/finance/" }, samba.data, FILES);
      const place = await bucketJob(empty, samba, { server, bucket, name: "finance" });
      const run = await loggedRun(place, server, ["adopt"]);
      assert.deepEqual([run.code, run.totals.objects, run.operations], [0, 3, {}], run.said);
      const backup = await loggedRun(place, server, ["backup"]);
      assert.deepEqual([backup.code, backup.bytes], [0, 0]);
      assert.equal(
        (await mustEnd(0, place, ["ls", "finance/docs"])).stdout,
        "finance/docs/1\nfinance/docs/2\n",
      );
    }),
);

const PACKS = ["--layout", "pack", "--encryption", "none"];

everyServer("packs of a share are packed again from the share", async (empty, samba) => {
  makeFiles(samba);
  shell(samba.data, "head -c 30000000 /dev/urandom > gone; echo secret > secret");
  makeOld(samba.data);
  const place = await shareJob(empty, samba, { init: PACKS });
  const { snapshot } = await totals(0, place, "backup");
  shell(samba.data, "rm gone; mv large moved");
  await mustEnd(0, place, ["backup"]);
  await mustEnd(0, place, ["forget", `${snapshot}`]);
  const plan = await totals(0, place, "prune", "--dry-run");
  assert.deepEqual([plan.planned, plan.repacked], [1, 1]);
  assert.ok(plan.from_source > 0, `${plan.from_source} from the source`);
  assert.equal((await totals(0, place, "prune", "--yes")).deleted, 1);
  await mustEnd(0, place, ["delete", "secret", "--force", "--yes"]);
  await mustEnd(0, place, ["check", "--read-data", "--snapshots"]);
  shell(samba.data, "rm secret");
  await mustEnd(0, place, ["backup", "--accept-deletions"]);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
  assert.equal(differences(samba.data, `${place.folder}/back`), "");
  await mustEnd(0, place, ["log", "verify"]);
});

shareTest("packs of a share that is away are packed again from the store", async (empty, samba) => {
  makeFiles(samba);
  shell(samba.data, "head -c 30000000 /dev/urandom > gone");
  makeOld(samba.data);
  const place = await shareJob(empty, samba, { init: PACKS });
  const { snapshot } = await totals(0, place, "backup");
  shell(samba.data, "rm gone");
  await mustEnd(0, place, ["backup"]);
  await mustEnd(0, place, ["forget", `${snapshot}`]);
  await samba.kill();
  const pruned = await totals(0, place, "prune", "--yes");
  assert.deepEqual([pruned.from_source, pruned.deleted], [0, 1]);
  await mustEnd(0, place, ["check", "--read-data"]);
});
