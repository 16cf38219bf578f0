/** What a second machine may do with a job: all that looks, and nothing that writes. Jobs side by side. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { eventsOf, holdfast, holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { edit, on, withMachines } from "./machines.ts";
import { besides, makeSmallTree, s3Repository, withPlace, withServer } from "./place.ts";
import { listVersions } from "./store_look.ts";

const looks: readonly (readonly string[])[] = [
  ["ls", "-r", "-l"],
  ["ls", "--remote"],
  ["snapshots"],
  ["find", "*.txt", "--all"],
  ["history", "docs/one.txt"],
  ["diff", "12", "latest"],
  ["status"],
  ["stats"],
  ["cost"],
  ["restores"],
  ["restore-status"],
  ["uploads"],
  ["log", "--type", "SnapshotCreated"],
  ["log", "verify"],
  ["check"],
  ["check", "--read-data", "--snapshots"],
  ["reconcile"],
];

const writes: readonly (readonly string[])[] = [
  ["backup"],
  ["forget", "--keep-last", "1"],
  ["prune"],
  ["undo", "last"],
  ["heal"],
  ["check", "--repair"],
  ["reconcile", "--fix"],
  ["log", "ship"],
  ["log", "checkpoint"],
];

Deno.test("a second machine looks at all of a job, by its config or its URL, and writes nothing", () =>
  withGateway((server) =>
    withMachines(server, async ({ one, two, bucket, folder }) => {
      await edit(one, "echo more > docs/one.txt");
      await on(one, 0, ["backup"]);
      const before = await listVersions(server, bucket);
      const [url, ...options] = s3Repository(server, bucket);
      const nothing = { ...two, config: "", state: "" };
      for (const look of looks) {
        const by = await on(two, 0, look);
        const from = await on(nothing, 0, [...look, "--from", url, ...options]);
        if (["ls", "snapshots", "find", "history"].includes(look[0])) {
          const here = await on(one, 0, look);
          assert.equal(by.stdout, here.stdout, look.join(" "));
          assert.equal(from.stdout, here.stdout, look.join(" "));
        }
      }
      await on(two, 0, ["log", "export", "--output", `${folder}/log.jsonl`]);
      const lines = Deno.readTextFileSync(`${folder}/log.jsonl`);
      assert.match(lines, /"type":"SnapshotCreated"/);
      assert.deepEqual(await listVersions(server, bucket), before);
      for (const write of writes) {
        const { code, said } = await holdfast(two, ["--yes", ...write], { before: two.before });
        assert.equal(code, 10, `${write.join(" ")}: ${said}`);
      }
      assert.deepEqual(await listVersions(server, bucket), before);
      await on(two, 0, ["restore", "--to", `${folder}/out`]);
      assertSameTree(one.source, `${folder}/out`);
      assert.ok(!shell(folder, "find laptop -name '*.db*'").includes(".db"));
      await on(one, 0, ["backup"]);
      await on(one, 0, ["log", "verify"]);
    }, { versioning: true })
  ));

Deno.test("what a reader's check finds is told, with the exit code, and recorded by the writer alone", () =>
  withGateway((server) =>
    withMachines(server, async ({ one, two, bucket }) => {
      shell(server.folder, `echo other > data/${bucket}/docs/one.txt`);
      const guest = await on(two, 5, ["check"]);
      assert.match(guest.said, /docs\/one\.txt: damaged/);
      assert.match(guest.said, /not recorded/);
      // With a database for reading, too.
      await on(two, 0, ["rebuild"]);
      assert.match((await on(two, 5, ["check"])).said, /not recorded/);
      await on(two, 12, ["--yes", "check", "--repair"]);
      assert.equal((await eventsOf(one, "ObjectDamaged")).length, 0);
      await on(one, 5, ["check"]);
      assert.equal((await eventsOf(one, "ObjectDamaged")).length, 1);
      // A machine that was taken over looks at what the repository holds now.
      await on(two, 0, ["--yes", "takeover"]);
      await on(two, 0, ["backup"]);
      const old = await on(one, 0, ["check"]);
      assert.match(old.said, /taken over by/);
      await on(one, 0, ["reconcile"]);
      await on(one, 11, ["reconcile", "--fix"]);
    })
  ));

Deno.test("jobs beside each other in one bucket never meet", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      const place = withServer(empty, server);
      const bucket = await freshBucket(server);
      const [, ...options] = s3Repository(server, bucket);
      const jobs = ["a", "ab", "a-b"];
      for (const prefix of jobs) {
        const job = besides(place, prefix);
        makeSmallTreeOf(place, prefix);
        await init(job, prefix, options, bucket);
        await mustEnd(0, job, ["backup"]);
      }
      for (const prefix of jobs) {
        const job = besides(place, prefix);
        const { records } = await holdfastJson(job, ["reconcile"]);
        assert.equal(totalsOf(records).unknown_objects, 0);
        await mustEnd(0, job, ["check", "--read-data"]);
        await mustEnd(0, job, ["restore", "--to", `${place.folder}/${prefix}-out`]);
        assertSameTree(`${place.folder}/${prefix}-src`, `${place.folder}/${prefix}-out`);
        await mustEnd(0, job, ["log", "verify"]);
      }
    })
  ));

function makeSmallTreeOf({ folder }: Place, prefix: string): void {
  Deno.mkdirSync(`${folder}/${prefix}-src`);
  makeSmallTree(`${folder}/${prefix}-src`);
  shell(folder, `echo ${prefix} > ${prefix}-src/whose`);
}

function init(job: Place, prefix: string, options: readonly string[], bucket: string) {
  const source = `${job.folder}/${prefix}-src`;
  const at = `s3://${bucket}/${prefix}`;
  const command = ["--job", "e2e", "init", "--source", source, "--repository", at, ...options];
  return mustEnd(0, job, command);
}

Deno.test("two jobs with one prefix, or one within the other's, are refused, and nothing is written", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      const place = withServer(empty, server);
      const bucket = await freshBucket(server);
      const [, ...options] = s3Repository(server, bucket);
      const source = `${place.folder}/src`;
      const first = besides(place, "first");
      const command = (at: string) => [
        ...["--job", "e2e", "init", "--source", source, "--repository", at, ...options],
      ];
      await mustEnd(0, first, command(`s3://${bucket}/a/x`));
      await mustEnd(0, first, ["backup"]);
      const before = await listVersions(server, bucket);
      const refusals: readonly (readonly [string, RegExp])[] = [
        [`s3://${bucket}/a/x`, /holds another repository already/],
        [`s3://${bucket}/a/x/deep/er`, /lies within the repository at s3:\/\/[^/]+\/a\/x/],
        [`s3://${bucket}/a`, /another repository within it, at s3:\/\/[^/]+\/a\/x/],
        [`s3://${bucket}`, /another repository within it/],
      ];
      for (const [at, why] of refusals) {
        const other = besides(place, "other");
        for (const dry of [["--dry-run"], []]) {
          const { code, said } = await holdfast(other, [...dry, ...command(at)]);
          if (dry.length > 0 && at.endsWith("/a/x")) continue;
          assert.equal(code, 10, said);
          assert.match(said, why);
        }
        const sync = { ...other, config: "", state: "" };
        const synced = await holdfast(sync, ["sync", source, at, ...options]);
        assert.equal(synced.code, 10, synced.said);
      }
      assert.deepEqual(await listVersions(server, bucket), before);
      await mustEnd(0, besides(place, "beside"), command(`s3://${bucket}/a/xx`));
    })
  ));

Deno.test("reconcile leaves a repository alone that an older program has put within its prefix", () =>
  withGateway((server) =>
    withMachines(server, async ({ one, bucket }) => {
      const inner = `${server.folder}/data/${bucket}/inner`;
      shell(
        server.folder,
        `mkdir -p ${inner}/.holdfast/log; cp data/${bucket}/.holdfast/repository.json ${inner}/.holdfast
         echo x > ${inner}/file; echo x > ${inner}/.holdfast/log/x; echo x > data/${bucket}/stray`,
      );
      const told = await on(one, 0, ["--yes", "reconcile", "--fix", "--delete-unknown"]);
      assert.match(told.said, /another repository is at inner\//);
      assert.match(told.said, /deleted 1 unknown object/);
      assert.equal(shell(inner, "cat file .holdfast/log/x"), "x\nx\n");
    })
  ));

Deno.test("a folder store within another one is refused", () =>
  withPlace(async (place) => {
    const command = (at: string) => [
      ...["--job", "e2e", "init", "--source", `${place.folder}/src`],
      ...["--repository", `file://${place.folder}/${at}`],
    ];
    await mustEnd(0, place, command("store"));
    const refused = await mustEnd(10, besides(place, "two"), command("store/docs/inner"));
    assert.match(refused.said, /lies within the repository at file:/);
    await mustEnd(0, besides(place, "three"), command("store-beside"));
  }));
