import assert from "node:assert/strict";
import { restoreFates, runTallies } from "../../src/app/run_costs.ts";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { priceRun } from "../../src/core/cost/price_run.ts";
import { inWorld, type World } from "./app_world.ts";
import { basedOn } from "./based_log.ts";
import { failure } from "./memory_store.ts";
import { simulatedArchive } from "./simulated_archive.ts";

const PRICING = { prices: AWS_PRICES, region: "us-east-1", egress: false };
const quiet = () => undefined;

/** US dollars of the restores in the log, the newest first, without what sending the log costs. */
async function costs({ log }: World): Promise<number[]> {
  const fateOf = restoreFates(log);
  const found: number[] = [];
  for await (const { run, tally } of runTallies(log, { most: 10, fateOf }, quiet)) {
    if (run.command !== "restore") continue;
    const { total } = priceRun({ ...tally, uploads: new Map() }, PRICING, fateOf);
    assert.deepEqual(total.unknown, []);
    found.push(Number(total.usd.toFixed(9)));
  }
  return found;
}

async function archived(world: World) {
  for (const name of ["a", "b", "c", "d"]) world.write(name, name.repeat(1000));
  await world.backup({ storageClass: "DEEP_ARCHIVE" });
  return simulatedArchive(world);
}

Deno.test("a restore costs its quote once, however many runs it takes", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    let quoted = 0;
    const show = ({ quote }: { quote: { total: { usd: number } } }) => quoted = quote.total.usd;
    assert.equal((await world.restore(to, { cold: { show } })).exitCode, 13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 13);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    const [last, second, first] = await costs(world);
    assert.deepEqual([last, second], [0, 0]);
    assert.ok(first > 0 && Math.abs(first - quoted) < 1e-8, `${first}, not ${quoted}`);
  }));

Deno.test("what was asked for of a restore that was cancelled is paid, and no more", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    let asked = 0;
    archive.before = () => {
      if (++asked > 1) throw failure("denied", "AccessDenied", "a");
    };
    const to = `${world.folder}/back`;
    await world.restore(to).catch(() => {});
    const [planned] = await costs(world);
    const reached = archive.asked.length;
    assert.ok(reached >= 1 && reached < 4, `${reached}`);
    const data = { job: 1, reason: "a test" };
    world.log.append("ee".repeat(16), [{ type: "RestoreCancelled", data }]);
    const [cancelled] = await costs(world);
    assert.ok(Math.abs(cancelled - planned / 4) < 1e-9, `${cancelled} of ${planned}`);
    world.verify();
  }));

Deno.test("where a checkpoint hides what was asked for, all of the quote counts", () =>
  inWorld(async (world) => {
    await archived(world);
    await world.restore(`${world.folder}/back`);
    const data = { job: 1, reason: "a test" };
    world.log.append("ee".repeat(16), [{ type: "RestoreCancelled", data }]);
    const based = basedOn(world.log, `${world.stateFile}.based`);
    try {
      assert.equal(restoreFates(world.log)(1)?.share, 1);
      assert.equal(restoreFates(based)(1)?.share, 1);
      assert.equal(restoreFates(based)(2), undefined);
    } finally {
      based.close();
    }
  }));
