import assert from "node:assert/strict";
import { storageByFolder } from "../../src/app/storage_by_folder.ts";
import { removedTotals } from "../../src/app/stored_totals.ts";
import { runTallies } from "../../src/app/run_costs.ts";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { priceBackup } from "../../src/core/cost/price_backup.ts";
import { priceRun, requestsIn } from "../../src/core/cost/price_run.ts";
import type { BackupPlan } from "../../src/core/plan/backup_plan.ts";
import { backupCostLines } from "../../src/report/backup_cost_text.ts";
import { openJobLog } from "../../src/sqlite/job_log.ts";
import { sha256 } from "../sqlite/log_fixture.ts";
import { inWorld, type World } from "./app_world.ts";

const PRICING = { prices: AWS_PRICES, region: "us-east-1" };
const DAY = 86_400_000_000_000n;
const MB = 2 ** 20;
const quiet = () => undefined;
const nobody = () => undefined;

/** The plan of a dry run, whose log is undone. */
async function planned(
  world: World,
  more: Parameters<World["backup"]>[0] = {},
): Promise<BackupPlan> {
  const { log } = world;
  const tools = { clock: world.clock, sha256 };
  world.log.close();
  world.log = openJobLog(world.stateFile, tools, { mode: "write", volatile: true });
  try {
    return (await world.backup({ ...more, dryRun: true })).plan!;
  } finally {
    world.log.close();
    world.log = openJobLog(world.stateFile, tools, { mode: "write" });
    assert.notEqual(world.log, log);
  }
}

function price(plan: BackupPlan) {
  return priceBackup(plan, { ...PRICING, tier: "Bulk", days: 1 });
}

const DEEP = { storageClass: "DEEP_ARCHIVE" };

async function archivedFiles(world: World): Promise<void> {
  for (let i = 0; i < 5; i++) world.write(`films/${i}`, `${i}`.repeat(MB / 4));
  await world.backup(DEEP);
}

Deno.test("a plan counts uploads by class, with the parts of large files", () =>
  inWorld(async (world) => {
    world.write("a", "x".repeat(3 * MB + 5));
    world.write("b", "small");
    const { uploads } = await planned(world, { ...DEEP, minArchiveSize: 1000 });
    const of = (storageClass: string) =>
      uploads.find((tally) => tally.storageClass === storageClass)!;
    // 4 parts, the first request and the last one; a PUT makes the other.
    assert.deepEqual([of("DEEP_ARCHIVE").objects, of("DEEP_ARCHIVE").parts], [1, 5]);
    assert.equal(of("DEEP_ARCHIVE").billed, 3 * MB + 5 + 32 * 1024);
    assert.deepEqual([of("STANDARD").objects, of("STANDARD").parts], [1, 0]);
  }));

Deno.test("renaming archived files: the plan has the price of an alias, of copies and of uploads", () =>
  inWorld(async (world) => {
    await archivedFiles(world);
    Deno.renameSync(`${world.source}/films`, `${world.source}/movies`);
    const plan = await planned(world, DEEP);
    assert.deepEqual(plan.renames.map(({ way }) => way), ["alias"]);
    const cost = price(plan);
    const { archived } = cost;
    assert.deepEqual([archived!.objects, archived!.bytes], [5, 5 * MB / 4]);
    assert.equal(archived!.alias.total.usd, 0);
    // 5 PUTs at 0.05 per 1,000, and 180 days of 5 × (256 + 32) KB at 0.00099 a GB-month.
    const fee = 5 * 288 / 1_048_576 * 0.00099 * 6;
    assert.ok(Math.abs(archived!.upload.total.usd - (0.00025 + fee)) < 1e-8);
    assert.ok(archived!.copy.total.usd > archived!.upload.total.usd);
    assert.match(
      backupCostLines(cost)[0],
      /^5 moved archived objects, 1\.25 MiB: as an alias \$0, copied \$0\.000\d after up to 48 hours, uploaded again \$0\.000\d$/,
    );
    assert.ok(cost.once.lines.every(({ what }) => !/COPY|early/.test(what)), "the alias is chosen");
  }, { versions: false }));

Deno.test("a rename in Standard costs its copies", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 5; i++) world.write(`a/${i}`, `${i}`);
    await world.backup();
    Deno.renameSync(`${world.source}/a`, `${world.source}/b`);
    const { archived, once } = price(await planned(world));
    assert.equal(archived, undefined);
    // Five files and the marker of their folder.
    assert.equal(once.lines.find(({ what }) => /^COPY/.test(what))?.quantity, 6 / 1000);
  }, { versions: false }));

Deno.test("overwriting or deleting an archived object before its time is part of the price", () =>
  inWorld(async (world) => {
    await archivedFiles(world);
    world.clock.time += 100n * DAY;
    world.write("films/0", "other".repeat(100_000));
    Deno.removeSync(`${world.source}/films/1`);
    const { early } = await planned(world, { ...DEEP, delete: true });
    const byteDays = 2 * (256 + 32) * 1024 * 80;
    assert.deepEqual(early.map((tally) => [tally.storageClass, tally.objects, tally.byteDays]), [
      ["DEEP_ARCHIVE", 2, byteDays],
    ]);
    world.clock.time += 81n * DAY;
    assert.deepEqual((await planned(world, { ...DEEP, delete: true })).early, []);
  }, { versions: false }));

Deno.test("where the store keeps versions nothing is overwritten", () =>
  inWorld(async (world) => {
    await archivedFiles(world);
    world.write("films/0", "other".repeat(100_000));
    assert.deepEqual((await planned(world, DEEP)).early, []);
  }));

Deno.test("each folder has what is below it; hard links share one object; what is gone stays paid", () =>
  inWorld(async (world) => {
    await archivedFiles(world);
    Deno.linkSync(`${world.source}/films/0`, `${world.source}/link`);
    world.write("gone", "g".repeat(1000));
    await world.backup(DEEP);
    Deno.removeSync(`${world.source}/gone`);
    await world.backup(DEEP);
    const found: Record<string, number> = {};
    let bytes = 0;
    for await (
      const { path, tallies } of storageByFolder(world.log, { depth: 1, inPacks: false }, quiet)
    ) {
      const tally = tallies.get("DEEP_ARCHIVE");
      found[path] = tally?.objects ?? 0;
      bytes += tally?.bytes ?? 0;
    }
    assert.equal(Object.values(found).reduce((sum, count) => sum + count, 0), 5);
    assert.equal(bytes, 5 * MB / 4);
    const removed = [...removedTotals(world.log).values()];
    assert.deepEqual(removed.map(({ objects, bytes }) => [objects, bytes]), [[1, 1000]]);
  }));

Deno.test("what was moved and then removed stays paid under its old key, once", () =>
  inWorld(async (world) => {
    await archivedFiles(world);
    world.write("more/x", "x".repeat(5000));
    await world.backup(DEEP);
    const removed = () =>
      [...removedTotals(world.log).values()].map(({ objects, bytes }) => [objects, bytes]);
    Deno.renameSync(`${world.source}/films/0`, `${world.source}/one`);
    Deno.renameSync(`${world.source}/more`, `${world.source}/most`);
    await world.backup({ ...DEEP, renames: "alias" });
    assert.deepEqual(removed(), [], "they have their content under old keys, and are not gone");
    Deno.linkSync(`${world.source}/one`, `${world.source}/two`);
    await world.backup({ ...DEEP, renames: "alias" });
    Deno.removeSync(`${world.source}/one`);
    await world.backup({ ...DEEP, renames: "alias" });
    assert.deepEqual(removed(), [], "the other name has it still");
    Deno.removeSync(`${world.source}/two`);
    Deno.removeSync(`${world.source}/most/x`);
    await world.backup({ ...DEEP, renames: "alias" });
    assert.deepEqual(removed(), [[2, MB / 4 + 5000]]);
  }));

Deno.test("a run's cost is that of the requests which its events tell of", () =>
  inWorld(async (world) => {
    world.write("large", "x".repeat(3 * MB + 5));
    await archivedFiles(world);
    for await (const { tally } of runTallies(world.log, { most: 1, fateOf: nobody }, quiet)) {
      const upload = tally.uploads.get("DEEP_ARCHIVE")!;
      assert.deepEqual([upload.objects, upload.parts], [6, 5]);
      assert.equal(
        requestsIn(tally),
        world.store.requests.filter(({ operation, key }) =>
          /^(put|createUpload|uploadPart|completeUpload|complete|create)/.test(operation) &&
          !key.startsWith(".holdfast/")
        ).length,
      );
      const { total } = priceRun(tally, { ...PRICING, egress: true }, nobody);
      assert.ok(Math.abs(total.usd - (6 * 0.05 + 5 * 0.005 + 0.005) / 1000) < 1e-9, `${total.usd}`);
      return;
    }
    assert.fail("there is a run");
  }));
