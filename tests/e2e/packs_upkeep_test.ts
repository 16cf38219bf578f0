/** Upkeep of packs through the executable: check, prune, delete. */
import assert from "node:assert/strict";
import { segmentOfKey } from "../../src/core/log_segment.ts";
import { openFolderStore } from "../../src/stores/folder/folder_store.ts";
import { systemEnvironment } from "../../src/wiring/environment.ts";
import { hasCommand, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, type InitJob, onEachStore, withMoto } from "./each_store.ts";
import { holdfast, holdfastJson, mustEnd, type Place, recordsOf, totalsOf } from "./holdfast.ts";
import { filesEnding, type KeyedPlace, namesByTar, packJob, withKeyedPlace } from "./pack_job.ts";
import { folderJob, makeSmallTree, s3Job, settle } from "./place.ts";

async function changeAndBackUp(place: Place, command: string): Promise<number> {
  await settle();
  shell(`${place.folder}/src`, command);
  await settle();
  const ended = await holdfastJson(place, ["backup", "--accept-deletions"]);
  assert.equal(ended.code, 0, ended.said);
  return totalsOf(ended.records).snapshot;
}

/** The same place on a machine that has no identity. */
function withoutIdentity({ place, identity }: KeyedPlace, job: Place): Place {
  const env = { ...job.env, ...place.env };
  assert.equal(env.HOLDFAST_IDENTITY_FILE, identity);
  const { HOLDFAST_IDENTITY_FILE: _, ...rest } = env;
  return { ...job, env: rest };
}

onEachStore(
  (store) => `packs in ${store} are checked, pruned, merged, and something in them is deleted`,
  (test, init) =>
    withKeyedPlace(async (keyed) => {
      if (!canCompare(test)) return;
      const { folder } = keyed.place;
      makeSmallTree(`${folder}/src`);
      shell(`${folder}/src`, "head -c 20000000 /dev/urandom > image; echo 4711-secret > secret");
      const place = await packJob(keyed, init);
      const first = await changeAndBackUp(place, "head -c 30000000 /dev/urandom > gone");
      await changeAndBackUp(place, "rm gone; echo more > docs/one.txt; mv pictures drawings");
      shell(folder, "cp -a src kept");

      await mustEnd(0, place, ["forget", `${first}`]);
      assert.equal((await holdfast(place, ["prune"])).code, 2);
      const dry = await mustEnd(0, place, ["prune", "--dry-run"]);
      assert.match(dry.stdout, /^pack again packs\/.*% of it is dead; .* from the source/m);
      const plan = totalsOf((await holdfastJson(place, ["prune", "--dry-run"])).records);
      assert.deepEqual([plan.planned, plan.repacked, plan.merged], [1, 1, 0]);
      const pruned = await holdfastJson(place, ["prune", "--yes"]);
      assert.equal(pruned.code, 0, pruned.said);
      assert.equal(totalsOf(pruned.records).deleted, 1);
      assert.equal(totalsOf((await holdfastJson(place, ["prune", "--yes"])).records).planned, 0);
      await assertComesBack(place, "kept", "pruned");

      for (let i = 0; i < 7; i++) await changeAndBackUp(place, `echo ${i} > file${i}`);
      const merged = totalsOf((await holdfastJson(place, ["prune", "--yes"])).records);
      assert.ok(merged.merged >= 8, `${merged.merged} merged`);
      shell(folder, "rm -r kept; cp -a src kept");
      await assertComesBack(place, "kept", "merged");

      const plain = withoutIdentity(keyed, place);
      assert.equal((await holdfast(plain, ["check", "--read-data"])).code, 12);
      await mustEnd(0, plain, ["check"]);

      const refused = await holdfast(place, ["delete", "secret", "--yes"]);
      assert.equal(refused.code, 4, refused.said);
      assert.match(refused.said, /loses its content: secret, in the present state and snapshots/);
      assert.equal((await holdfast(place, ["delete", "secret", "--force"])).code, 2);
      await mustEnd(0, place, ["delete", "secret", "--force", "--yes"]);
      await mustEnd(0, place, ["check", "--read-data", "--snapshots"]);
      const back = await holdfast(place, ["restore", "secret", "--to", `${folder}/no`]);
      assert.equal(back.code, 3, back.said);
      shell(`${folder}/src`, "rm secret");
      await changeAndBackUp(place, "true");
      shell(folder, "rm -r kept; cp -a src kept");
      await assertComesBack(place, "kept", "deleted");
    }),
);

async function assertComesBack(place: Place, as: string, to: string): Promise<void> {
  const { folder } = place;
  await mustEnd(0, place, ["check", "--read-data", "--snapshots"]);
  await mustEnd(0, place, ["log", "verify"]);
  await mustEnd(0, place, ["restore", "--to", `${folder}/${to}`]);
  assertSameTree(`${folder}/${as}`, `${folder}/${to}`);
  // A machine that has nothing but the repository and an identity.
  const other = { ...place, state: `${folder}/other-${to}/job.db` };
  await mustEnd(0, other, ["restore", "--to", `${folder}/again-${to}`]);
  assertSameTree(`${folder}/${as}`, `${folder}/again-${to}`);
}

Deno.test("a pack that was packed again is read by age, zstd and tar of the system", (t) =>
  withKeyedPlace(async (keyed) => {
    if (!["age", "zstd", "tar"].every((command) => hasCommand(t.name, command))) return;
    const { folder } = keyed.place;
    makeSmallTree(`${folder}/src`);
    const place = await packJob(keyed, folderJob);
    const first = await changeAndBackUp(place, "head -c 9000000 /dev/urandom > gone");
    await changeAndBackUp(place, "rm gone");
    await mustEnd(0, place, ["forget", `${first}`]);
    await mustEnd(0, place, ["prune", "--yes"]);
    const packs = filesEnding(`${folder}/store/packs`, ".tar.zst.age");
    const names = packs.flatMap((pack) => namesByTar(folder, keyed.identity, pack));
    for (const name of ["link", "empty/", "docs/", "docs/one.txt"]) {
      assert.ok(names.includes(name), `${name}: ${names}`);
    }
    assert.equal(names.includes("gone"), false);
  }));

Deno.test("a pack in a folder store that is damaged by hand is named with its entries, exit code 5", () =>
  withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    shell(`${folder}/src`, "for i in 1 2 3 4; do head -c 1500000 /dev/urandom > $i; done");
    const place = await packJob(keyed, folderJob);
    await changeAndBackUp(place, "true");
    const [pack] = filesEnding(`${folder}/store/packs`, ".tar.zst.age");
    shell(folder, `printf x | dd of='${pack}' bs=1 seek=2000000 conv=notrunc 2>/dev/null`);
    await mustEnd(0, place, ["check"]);
    const found = await holdfast(place, ["check", "--read-data"]);
    assert.equal(found.code, 5, found.said);
    assert.match(found.said, /packs\/.*: damaged: /);
    assert.equal(found.said.match(/^.*\b[1234]: damaged: /gm)?.length, 1, found.said);
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
    assertSameTree(`${folder}/src`, `${folder}/out`);
  }));

Deno.test("archived packs in moto: nothing is read, early deletion is told, the source is packed again", () =>
  withMoto((server) =>
    withKeyedPlace(async (keyed) => {
      const { folder } = keyed.place;
      const bucket = await freshBucket(server, { versioning: true });
      shell(`${folder}/src`, "head -c 400000 /dev/urandom > a; head -c 900000 /dev/urandom > b");
      const make: InitJob = (at, options) => s3Job(at, server, bucket, options);
      const place = await packJob(keyed, make, { config: ['storage_class = "DEEP_ARCHIVE"'] });
      const first = await changeAndBackUp(place, "true");
      await changeAndBackUp(place, "rm b");
      await mustEnd(0, place, ["forget", `${first}`]);
      const dry = await mustEnd(0, place, ["prune", "--dry-run"]);
      assert.match(dry.stdout, /early deletion of packs\/.* in DEEP_ARCHIVE: 180 days/);
      shell(folder, "mv src away; mkdir src");
      const left = await mustEnd(0, place, ["prune", "--yes"]);
      assert.match(left.stdout, /left: packs\/.*nothing is read from DEEP_ARCHIVE/);
      const checked = await mustEnd(0, place, ["check", "--read-data"]);
      assert.match(checked.stdout, /not read: 1 archived pack/);
      shell(folder, "rmdir src; mv away src");
      const pruned = await holdfastJson(place, ["prune", "--yes"]);
      assert.deepEqual([pruned.code, totalsOf(pruned.records).deleted], [0, 1], pruned.said);
      await mustEnd(0, place, ["log", "verify"]);
    })
  ));

/** Objects below a prefix, deleted as any client of the store would. */
async function lose({ folder }: Place, prefix: string, isLost = (_: string) => true) {
  const store = openFolderStore(`${folder}/store`, {
    ...{ ...systemEnvironment(), hostname: "elsewhere", create: false },
  });
  for await (const page of store.list(prefix)) {
    assert.deepEqual(await store.delete(page.filter(({ key }) => isLost(key))), []);
  }
  store.close();
}

Deno.test("packs from before a log's beginning are pruned, and come back without any log", () =>
  withKeyedPlace(async (keyed) => {
    const { folder } = keyed.place;
    makeSmallTree(`${folder}/src`);
    const place = await packJob(keyed, folderJob);
    await changeAndBackUp(place, "head -c 3000000 /dev/urandom > gone; cp docs/one.txt twin");
    await changeAndBackUp(place, "rm gone; mkdir late; ln -s late later");
    const { position } = totalsOf((await holdfastJson(place, ["log", "checkpoint"])).records);
    const last = await changeAndBackUp(place, "echo more > more");
    await lose(place, ".holdfast/log/", (key) => segmentOfKey(key)!.first <= Number(position));
    shell(folder, "rm -f state/job.db*");
    await mustEnd(5, place, ["rebuild"]);
    const listed = recordsOf(await mustEnd(0, place, ["--json", "snapshots"]));
    const old = listed.map((record) => record.position).filter((one) => one !== last);
    await mustEnd(0, place, ["forget", ...old.map(String)]);
    const pruned = await holdfastJson(place, ["prune", "--yes"]);
    assert.equal(pruned.code, 0, pruned.said);
    // Of the second there were a folder and a link: these are in records now.
    assert.equal(totalsOf(pruned.records).deleted, 2);
    const checked = await mustEnd(5, place, ["check", "--read-data", "--snapshots"]);
    assert.doesNotMatch(checked.said, /^failed: (?!.holdfast\/log\/)/m);
    await mustEnd(0, place, ["log", "verify"]);
    shell(folder, "rm -f state/job.db*");
    for (const prefix of [".holdfast/log/", ".holdfast/checkpoints/"]) await lose(place, prefix);
    await mustEnd(5, place, ["rebuild"]);
    await mustEnd(0, place, ["restore", "--at", "2100-01-01", "--to", `${folder}/out`]);
    assertSameTree(`${folder}/src`, `${folder}/out`);
  }));

Deno.test("delete is for packs, and prune's --max-dead", () =>
  withKeyedPlace(async ({ place: empty }) => {
    const place = await folderJob(empty);
    await changeAndBackUp(place, "echo 1 > a");
    for (const line of [["delete", "a", "--yes"], ["prune", "--max-dead", "10%", "--yes"]]) {
      const refused = await holdfast(place, line);
      assert.equal(refused.code, 2, refused.said);
      assert.match(refused.said, /this job has a mirror/);
    }
  }));
