/** The pack layout through the executable and each store. */
import assert from "node:assert/strict";
import { hasCommand, onLinux, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, onEachStore, withGateway, withMoto } from "./each_store.ts";
import { eventsOf, holdfast, holdfastJson, mustEnd, totalsOf } from "./holdfast.ts";
import { filesEnding, namesByIndex, namesByTar, packJob, withKeyedPlace } from "./pack_job.ts";
import { folderJob, makeSmallTree, s3Job, settle } from "./place.ts";
import { loggedRun } from "./request_log.ts";
import { storageClassOf } from "./store_look.ts";
import { makeNastyTree } from "./tree.ts";

onEachStore(
  (store) => `a nasty tree comes back from packs in ${store} as it was`,
  (test, init) =>
    withKeyedPlace(async (keyed) => {
      if (!onLinux || !canCompare(test)) return;
      const { folder } = keyed.place;
      makeNastyTree(test, `${folder}/src`);
      const place = await packJob(keyed, init);
      await mustEnd(0, place, ["backup"]);
      await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
      assertSameTree(`${folder}/src`, `${folder}/out`);
      for (const [file, most] of [["sparse", 100], ["all-hole", 0]] as const) {
        const kib = Number(shell(`${folder}/out`, `stat -c %b ${file}`)) / 2;
        assert.ok(kib <= most, `${file} takes ${kib} KiB`);
      }
      await mustEnd(0, place, ["log", "verify"]);
    }),
);

onEachStore(
  (store) =>
    `each snapshot comes back from packs in ${store}: edits, renames, duplicates, a large file`,
  (test, init) =>
    withKeyedPlace(async (keyed) => {
      if (!canCompare(test)) return;
      const { folder } = keyed.place;
      const src = `${folder}/src`;
      makeSmallTree(src);
      shell(src, "head -c 30000000 /dev/urandom > image; cp docs/one.txt copy");
      await settle();
      const place = await packJob(keyed, init, { config: ['part_size = "5 MiB"'] });
      const changes = [
        ":",
        "printf edited | dd of=image bs=1 seek=15000000 conv=notrunc 2>/dev/null; mv docs renamed",
        "rm -r pictures; cp image image2; echo more > more; chmod 600 nothing",
        "mv image deep; mkdir -p a/b; mv renamed a/b/docs; echo three > a/b/docs/one.txt",
      ];
      for (const [i, change] of changes.entries()) {
        shell(src, change);
        await settle();
        await mustEnd(0, place, ["backup", "--accept-deletions"]);
        shell(folder, `cp -a src then${i}`);
      }
      const snapshots = await eventsOf(place, "SnapshotCreated");
      for (const [i, { position }] of snapshots.entries()) {
        const to = `${folder}/out${i}`;
        await mustEnd(0, place, ["restore", "--snapshot", `${position}`, "--to", to]);
        assertSameTree(`${folder}/then${i}`, to);
      }
      await mustEnd(0, place, ["log", "verify"]);
    }),
);

Deno.test("an unchanged run and a renamed folder make few requests and send no pack", () =>
  withGateway((server) =>
    withKeyedPlace(async (keyed) => {
      const src = `${keyed.place.folder}/src`;
      shell(src, "mkdir many; for i in $(seq 300); do echo $i > many/$i; done");
      await settle();
      const bucket = await freshBucket(server);
      const place = await packJob(keyed, (at, options) => s3Job(at, server, bucket, options));
      const first = await loggedRun(place, server, ["backup"]);
      assert.equal(first.code, 0, first.said);
      assert.deepEqual(first.operations, { PutObject: 1 });
      const unchanged = await loggedRun(place, server, ["backup"]);
      console.log(`requests of an unchanged run: ${unchanged.count}`);
      assert.ok(unchanged.count <= 10, `${unchanged.count} requests`);
      assert.equal(unchanged.bytes, 0);
      shell(src, "mv many renamed; touch -d 2001-01-01 renamed/7");
      await settle();
      const renamed = await loggedRun(place, server, ["backup"]);
      assert.deepEqual(renamed.operations, {});
      assert.equal(renamed.bytes, 0);
      assert.ok(renamed.count <= 12, `${renamed.count} requests`);
    })
  ));

Deno.test("on moto packs are in DEEP_ARCHIVE, and all that a rebuild needs in STANDARD", () =>
  withMoto((server) =>
    withKeyedPlace(async (keyed) => {
      const { folder } = keyed.place;
      shell(`${folder}/src`, "head -c 300000 /dev/urandom > large");
      const bucket = await freshBucket(server);
      const place = await packJob(keyed, (at, options) => s3Job(at, server, bucket, options), {
        init: ["--storage-class", "DEEP_ARCHIVE"],
      });
      await mustEnd(0, place, ["backup"]);
      const [{ data }] = await eventsOf(place, "PackStored");
      assert.equal(await storageClassOf(server, bucket, data.key), "DEEP_ARCHIVE");
      const id = data.pack as string;
      const index = `.holdfast/index/${id.slice(0, 2)}/${id}.idx.zst.age`;
      for (const key of [index, ".holdfast/repository.json"]) {
        assert.equal(await storageClassOf(server, bucket, key), "STANDARD");
      }
      shell(`${folder}/src`, "echo small > small");
      await mustEnd(0, place, ["backup"]);
      const [, small] = await eventsOf(place, "PackStored");
      assert.equal(await storageClassOf(server, bucket, small.data.key), "STANDARD");
    })
  ));

Deno.test("a missing or wrong identity ends with 12 and writes nothing", () =>
  withKeyedPlace(async (keyed) => {
    const { folder, env } = keyed.place;
    makeSmallTree(`${folder}/src`);
    const place = await packJob(keyed, folderJob);
    await mustEnd(0, place, ["backup"]);
    const { HOLDFAST_IDENTITY_FILE: _, ...without } = env;
    const none = await holdfast({ ...place, env: without }, ["restore", "--to", `${folder}/out`]);
    assert.equal(none.code, 12, none.said);
    assert.match(none.stderr, /--identity/);
    await mustEnd(0, { ...place, config: "", state: "" }, [
      ...["key", "generate", "--output", `${folder}/other.txt`],
    ]);
    const wrong = await holdfast(place, [
      ...["restore", "--identity", `${folder}/other.txt`, "--to", `${folder}/out`],
    ]);
    assert.equal(wrong.code, 12, wrong.said);
    assert.equal(shell(folder, "ls out 2>/dev/null | wc -l").trim(), "0");
    // Backing up needs recipients only.
    shell(`${folder}/src`, "echo more > more");
    await mustEnd(0, { ...place, env: without }, ["backup"]);
  }));

for (
  const [what, damage] of [
    ["bit-flipped", (file: string) => flip(file, 5000)],
    ["truncated", (file: string) => Deno.truncateSync(file, Deno.statSync(file).size - 30_000)],
    [
      "foreign",
      (file: string) => Deno.writeFileSync(file, new Uint8Array(Deno.statSync(file).size)),
    ],
  ] as const
) {
  Deno.test(`a ${what} pack is named with the entries it hits, and the rest is restored`, () =>
    withGateway((server) =>
      withKeyedPlace(async (keyed) => {
        const { folder } = keyed.place;
        const src = `${folder}/src`;
        shell(src, "head -c 100000 /dev/urandom > hit");
        const bucket = await freshBucket(server);
        const place = await packJob(keyed, (at, options) => s3Job(at, server, bucket, options));
        await mustEnd(0, place, ["backup"]);
        shell(src, "echo fine > fine");
        await mustEnd(0, place, ["backup"]);
        const [{ data }] = await eventsOf(place, "PackStored");
        damage(`${server.folder}/data/${bucket}/${data.key}`);
        const ended = await holdfastJson(place, ["restore", "--to", `${folder}/out`]);
        assert.equal(ended.code, 5, ended.said);
        const failed = ended.records.filter(({ record }) => record === "entry-error");
        assert.deepEqual(failed.map(({ path }) => path), ["hit"]);
        assert.match(ended.said, new RegExp(data.pack));
        assert.equal(Deno.readTextFileSync(`${folder}/out/fine`), "fine\n");
        assert.equal(totalsOf(ended.records).failed, 1);
      })
    ));
}

function flip(file: string, at: number): void {
  const bytes = Deno.readFileSync(file);
  bytes[at] ^= 1;
  Deno.writeFileSync(file, bytes);
}

const tools = "age, zstd and tar read a pack, and find in it what its index says";
Deno.test(tools, () =>
  withKeyedPlace(async (keyed) => {
    if (!["age", "zstd", "tar"].every((command) => hasCommand(tools, command))) return;
    const { folder } = keyed.place;
    makeSmallTree(`${folder}/src`);
    shell(`${folder}/src`, "head -c 20000000 /dev/urandom > image");
    const place = await packJob(keyed, folderJob, { config: ['part_size = "5 MiB"'] });
    await mustEnd(0, place, ["backup"]);
    const [pack] = filesEnding(`${folder}/store/packs`, ".age");
    const [index] = filesEnding(`${folder}/store/.holdfast/index`, ".age");
    const byTar = namesByTar(folder, keyed.identity, pack);
    assert.ok(byTar.length > 10, byTar.join(", "));
    assert.deepEqual(byTar, namesByIndex(folder, keyed.identity, index));
  }));
