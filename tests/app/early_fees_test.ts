import assert from "node:assert/strict";
import { type EarlyTally, priceDeletion } from "../../src/core/cost/price_deletion.ts";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { isKind } from "../../src/core/error.ts";
import { earlyLines } from "../../src/report/early_text.ts";
import { openJobLog } from "../../src/sqlite/job_log.ts";
import { sha256 } from "../sqlite/log_fixture.ts";
import { planFees } from "../../src/app/plan_fees.ts";
import { checkMaxCost } from "../../src/core/cost/max_cost.ts";
import { inWorld, type World } from "./app_world.ts";
import { basedOn } from "./based_log.ts";

const DAY = 86_400_000_000_000n;
const DEEP = { storageClass: "DEEP_ARCHIVE" } as const;
const PRICING = { prices: AWS_PRICES, region: "us-east-1" };

/** What a run says before it writes, and how many writes there were by then. */
function told(world: World) {
  const early: EarlyTally[] = [];
  let written = 0;
  const tellEarly = (told: readonly EarlyTally[]) => {
    early.push(...told);
    written = world.store.count("put") + world.store.count("copy") + world.store.count("delete");
  };
  return { early, deps: { tellEarly }, written: () => written };
}

async function archived(world: World): Promise<void> {
  for (let i = 0; i < 5; i++) world.write(`films/${i}`, `${i}`.repeat(262_144));
  await world.backup(DEEP);
}

Deno.test("a run tells what it overwrites and deletes too early before it does", () =>
  inWorld(async (world) => {
    const first = told(world);
    for (let i = 0; i < 5; i++) world.write(`films/${i}`, `${i}`.repeat(262_144));
    await world.backup({ ...DEEP, deps: first.deps });
    assert.deepEqual(first.early, [], "a first backup overwrites nothing");
    world.clock.time += 100n * DAY;
    world.write("films/0", "another size");
    world.write("films/1", "x".repeat(262_144));
    Deno.removeSync(`${world.source}/films/2`);
    const before = world.store.count("put");
    const { early, deps, written } = told(world);
    await world.backup({ ...DEEP, delete: true, deps });
    const byteDays = 3 * (256 + 32) * 1024 * 80;
    assert.deepEqual(early.map((tally) => [tally.storageClass, tally.objects, tally.byteDays]), [
      ["DEEP_ARCHIVE", 3, byteDays],
    ]);
    assert.equal(written(), before);
    assert.match(
      earlyLines(early, PRICING)[0],
      /^overwrites or deletes at most 3 objects, .*, in DEEP_ARCHIVE for less than 180 days: the rest of these days is charged, less than \$0\.0001$/,
    );
  }, { versions: false }));

Deno.test("nothing is told where versions are kept, or where the minimum is over", () =>
  inWorld(async (world) => {
    await archived(world);
    world.write("films/0", "other");
    const { early, deps } = told(world);
    await world.backup({ ...DEEP, delete: true, deps });
    assert.deepEqual(early, []);
  }));

Deno.test("after the minimum duration there is no fee", () =>
  inWorld(async (world) => {
    await archived(world);
    world.clock.time += 181n * DAY;
    world.write("films/0", "other");
    const { early, deps } = told(world);
    await world.backup({ ...DEEP, deps });
    assert.deepEqual(early, []);
  }, { versions: false }));

Deno.test("sending a moved archived file again tells the fee of its old object", () =>
  inWorld(async (world) => {
    await archived(world);
    Deno.renameSync(`${world.source}/films`, `${world.source}/movies`);
    const alias = told(world);
    await world.backup({ ...DEEP, dryRun: false, renames: "alias", deps: alias.deps });
    assert.deepEqual(alias.early, []);
    Deno.renameSync(`${world.source}/movies/1`, `${world.source}/one`);
    const { early, deps } = told(world);
    await world.backup({ ...DEEP, archivedRenames: "upload", deps });
    assert.deepEqual(early.map(({ objects }) => objects), [1]);
  }, { versions: false }));

Deno.test("where the log begins at a checkpoint a fee is unknown, and never nothing", () =>
  inWorld(async (world) => {
    await archived(world);
    const based = basedOn(world.log, `${world.stateFile}.based`);
    world.log.close();
    world.clock.time += 10n * DAY;
    world.write("films/0", "another size");
    world.write("films/1", "x".repeat(262_144));
    Deno.removeSync(`${world.source}/films/2`);
    const { file } = based;
    based.close();
    const open = (volatile: boolean) =>
      openJobLog(file, { clock: world.clock, sha256 }, { mode: "write", volatile });
    world.log = open(true);
    const { plan } = await world.backup({ ...DEEP, delete: true, dryRun: true });
    world.log.close();
    world.log = open(false);
    const { early, deps } = told(world);
    await world.backup({ ...DEEP, delete: true, deps });
    // The row of a file whose size has changed has forgotten what was stored of it.
    const unknown = { objects: 1, bytes: undefined, byteDays: undefined };
    const expected = [
      { storageClass: "DEEP_ARCHIVE", objects: 2, bytes: 524_288, byteDays: undefined },
      { storageClass: "a class that nobody knows", ...unknown },
    ];
    assert.deepEqual(early, expected);
    assert.deepEqual(plan?.early, expected);
    const { total } = priceDeletion({ requests: 1, early }, PRICING);
    assert.deepEqual([total.usd, total.unknown.length], [0, 2]);
    assert.throws(() => checkMaxCost(total, 1000), (error) => isKind(error, "cost"));
    assert.deepEqual(earlyLines(early, PRICING), [
      "overwrites or deletes at most 2 objects, 512 KiB, in DEEP_ARCHIVE, perhaps for less than " +
      "180 days: the rest of these days is charged, and nobody knows how much that is",
      "overwrites or deletes at most 1 object, in a class that nobody knows: " +
      "whether the class has a minimum duration is not known",
    ]);
  }, { versions: false }));

Deno.test("the size of an object whose entry was moved since is the index's, or unknown", () =>
  inWorld(async (world) => {
    await archived(world);
    const stored = world.events("ObjectsStored").find(({ data }) => data.class !== "STANDARD")!
      .position;
    Deno.renameSync(`${world.source}/films`, `${world.source}/movies`);
    await world.backup({ ...DEEP, renames: "alias" });
    const now = Number(world.clock.time / 1_000_000n);
    const feeOf = (path: string) => {
      const fees = planFees(world.log, now);
      fees.deleted({ path, key: "films/1", stored });
      return fees.early().map(({ bytes, byteDays }) => [bytes, byteDays]);
    };
    assert.deepEqual(feeOf("movies/1"), [[262_144, (256 + 32) * 1024 * 180]]);
    assert.deepEqual(feeOf("nobody/1"), [[undefined, undefined]]);
  }, { versions: false }));

Deno.test("each file goes into the class that its rule says", () =>
  inWorld(async (world) => {
    world.write("a.raw", "raw");
    world.write("b.txt", "text");
    const matches = (path: string) => path.endsWith(".raw");
    const classes = [{ storageClass: "GLACIER", matches }];
    await world.backup({ storageClass: "STANDARD_IA", classes });
    const classOf = (key: string) => world.store.current(key)!.head.storageClass;
    assert.deepEqual([classOf("a.raw"), classOf("b.txt")], ["GLACIER", "STANDARD_IA"]);
    world.verify();
  }));
