/** A machine that has lost the database of a job in the pack layout. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { freshBucket, type InitJob, onEachStore, withGateway } from "./each_store.ts";
import { holdfast, holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { packJob, withKeyedPlace } from "./pack_job.ts";
import { folderJob, makeSmallTree, s3Job, settle } from "./place.ts";
import { accessLog } from "./store_look.ts";

/** Three backups of a small tree, with a large file, a renamed folder and a removed file. */
function withBackups(init: InitJob, use: (place: Place) => Promise<void>): Promise<void> {
  return withKeyedPlace(async (keyed) => {
    const src = `${keyed.place.folder}/src`;
    makeSmallTree(src);
    shell(src, "head -c 20000000 /dev/urandom > image; cp docs/one.txt copy");
    await settle();
    const place = await packJob(keyed, init);
    for (const change of [":", "mv docs renamed; chmod 600 copy", "echo new > new; rm copy"]) {
      shell(src, change);
      await settle();
      await mustEnd(0, place, ["backup", "--accept-deletions"]);
    }
    await use(place);
  });
}

async function assertServes(place: Place, listed: string): Promise<void> {
  assert.equal((await mustEnd(0, place, ["ls", "-r", "-l"])).stdout, listed);
  await mustEnd(0, place, ["log", "verify"]);
  const next = await holdfastJson(place, ["backup"]);
  assert.equal(totalsOf(next.records).bytes, 0, next.said);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/out`]);
  assertSameTree(`${place.folder}/src`, `${place.folder}/out`);
}

onEachStore(
  (store) => `a lost database of packs is rebuilt from ${store}`,
  (_, init) =>
    withBackups(init, async (place) => {
      const listed = (await mustEnd(0, place, ["ls", "-r", "-l"])).stdout;
      const { digests } = totalsOf((await holdfastJson(place, ["replay"])).records);
      shell(place.folder, "rm state/job.db*");
      const { records, code, said } = await holdfastJson(place, ["rebuild"]);
      assert.equal(code, 0, said);
      const totals = totalsOf(records);
      assert.deepEqual([totals.way, totals.missing], ["segments", []]);
      // What was not shipped of the lost log is the record of its last segment.
      for (const [name, digest] of Object.entries(totals.digests)) {
        if (name !== "segments") assert.equal(digest, digests[name], name);
      }
      await assertServes(place, listed);
    }),
);

/** What a folder store counts as its objects below a prefix. */
function loseFolder({ folder }: Place, prefix: string): void {
  const parts = prefix.split("/").map((name) => `${name}+`).join("/");
  shell(folder, `rm -r 'store/.holdfast-store/current/${parts}'`);
}

Deno.test("without any segment the index comes back from pack indexes and renames objects", () =>
  withBackups(folderJob, async (place) => {
    const listed = (await mustEnd(0, place, ["ls", "-r", "-l"])).stdout;
    shell(place.folder, "rm state/job.db*");
    loseFolder(place, ".holdfast/log");
    const { records, code, said } = await holdfastJson(place, ["rebuild"]);
    assert.equal(code, 5, said);
    const { way, missing } = totalsOf(records);
    assert.equal(way, "metadata");
    assert.ok(missing.every((line: string) => line.startsWith("the snapshot ")), said);
    await assertServes(place, listed);
  }));

Deno.test("a rebuild without the secret key says what it needs, and leaves nothing", () =>
  withBackups(folderJob, async (place) => {
    shell(place.folder, "rm state/job.db*");
    const state = shell(place.folder, "ls state");
    const { HOLDFAST_IDENTITY_FILE: _, ...env } = place.env!;
    for (const lost of [undefined, ".holdfast/log", ".holdfast/renames"]) {
      if (lost !== undefined) loseFolder(place, lost);
      const { code, said, stderr } = await holdfast({ ...place, env }, ["rebuild"]);
      assert.equal(code, 12, said);
      assert.match(stderr, /--identity/);
      assert.equal(shell(place.folder, "ls state | grep -v -e lock -e writer"), state);
    }
  }));

Deno.test("a rebuild reads nothing of any pack", () =>
  withGateway((server) =>
    withKeyedPlace(async (keyed) => {
      const { folder } = keyed.place;
      makeSmallTree(`${folder}/src`);
      const bucket = await freshBucket(server);
      const place = await packJob(keyed, (at, options) => s3Job(at, server, bucket, options));
      await mustEnd(0, place, ["backup"]);
      // The log as it was when the run began, so that all of it comes from the index.
      const segments = `${server.folder}/data/${bucket}/.holdfast/log`;
      shell(folder, `rm state/job.db*; rm -r '${segments}'`);
      const requests = accessLog(server.folder);
      await requests();
      const { code, said } = await holdfast(place, ["rebuild"]);
      assert.equal(code, 5, said);
      const made = await requests();
      const ofPacks = made.filter(({ line }) => / packs\//.test(line));
      assert.deepEqual(ofPacks, []);
      assert.ok(made.some(({ line }) => / \.holdfast\/index\//.test(line)));
      console.log(`requests of a rebuild from one index: ${made.length}`);
      await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
      assertSameTree(`${folder}/src`, `${folder}/out`);
    })
  ));
