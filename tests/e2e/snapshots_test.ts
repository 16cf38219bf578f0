/** Two states of a tree, and the older one back. */
import assert from "node:assert/strict";
import { onLinux, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, onEachStore, withGateway } from "./each_store.ts";
import { holdfastJson, mustEnd, type Place, recordsOf } from "./holdfast.ts";
import { makeSmallTree, s3Job, settle, withPlace } from "./place.ts";
import { listVersions } from "./store_look.ts";

/** Backs up `src`, edits it and backs up again; copies of both states are in `first` and `second`. */
async function backUpTwice(place: Place): Promise<{ first: number; between: string }> {
  await settle();
  shell(place.folder, "cp -a src first");
  const backup = await holdfastJson(place, ["backup"]);
  assert.equal(backup.code, 0, backup.said);
  await settle();
  const between = new Date().toISOString();
  await settle();
  shell(
    `${place.folder}/src`,
    `echo three > docs/three.txt; echo changed > docs/one.txt; rm nothing; chmod 700 docs/letters
     ln -sf elsewhere link; touch -d '2001-01-01 00:00:00.5 UTC' docs/letters/two.txt; rmdir empty`,
  );
  await settle();
  shell(place.folder, "cp -a src second");
  await mustEnd(0, place, ["backup"]);
  return { first: backup.records.at(-1)!.totals.snapshot, between };
}

onEachStore(
  (store) => `an older snapshot of ${store} comes back by its position and by time`,
  (test, init) =>
    withPlace(async (empty) => {
      if (!onLinux || !canCompare(test)) return;
      const { folder } = empty;
      makeSmallTree(`${folder}/src`);
      const place = await init(empty);
      const { first, between } = await backUpTwice(place);
      const older = [["--snapshot", `${first}`], ["--at", `${first}`], ["--at", between]];
      for (const [i, state] of older.entries()) {
        await mustEnd(0, place, ["restore", ...state, "--to", `${folder}/out-${i}`]);
        assertSameTree(`${folder}/first`, `${folder}/out-${i}`);
      }
      await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
      assertSameTree(`${folder}/second`, `${folder}/out`);
      await mustEnd(0, place, ["restore", "--snapshot", "latest", "--to", `${folder}/latest`]);
      assertSameTree(`${folder}/second`, `${folder}/latest`);

      const listed = await mustEnd(0, place, ["--json", "snapshots"]);
      assert.equal(recordsOf(listed).length, 2);
      const then = await mustEnd(0, place, ["ls", "--at", between, "docs"]);
      assert.equal(then.stdout, "docs/letters/\ndocs/one.txt\n");
      const now = await mustEnd(0, place, ["ls", "docs"]);
      assert.equal(now.stdout, "docs/letters/\ndocs/one.txt\ndocs/three.txt\n");
      await mustEnd(0, place, ["log", "verify"]);
    }),
);

Deno.test("what a bucket without versions has overwritten is listed as gone, and the rest restored", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      const { folder } = empty;
      makeSmallTree(`${folder}/src`);
      const place = await s3Job(empty, server, await freshBucket(server));
      const { first } = await backUpTwice(place);
      const args = ["restore", "--snapshot", `${first}`, "--to", `${folder}/out`];
      const restore = await holdfastJson(place, args);
      assert.equal(restore.code, 3, restore.said);
      const failed = restore.records.filter(({ record }) => record === "entry-error");
      assert.deepEqual(failed.map(({ path }) => path), ["docs/one.txt"]);
      assert.match(failed[0].reason, /gone.*another content now.*no version/);
      assert.throws(() => Deno.lstatSync(`${folder}/out/docs/one.txt`), Deno.errors.NotFound);
      const out = Deno.readTextFileSync(`${folder}/out/docs/letters/two.txt`);
      assert.equal(out, "two\n");
    })
  ));

Deno.test("a backup deletes and replaces nothing in the store, whatever went in the source", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      const bucket = await freshBucket(server, { versioning: true });
      const place = await s3Job(empty, server, bucket);
      await mustEnd(0, place, ["backup"]);
      const before = await listVersions(server, bucket);
      shell(`${empty.folder}/src`, "rm -r docs; echo other > nothing; mv pictures moved");
      await mustEnd(0, place, ["backup"]);
      const after = new Set(await listVersions(server, bucket));
      assert.deepEqual(before.filter((line) => !after.has(line)), []);
      assert.ok(after.size > before.length);
    })
  ));
