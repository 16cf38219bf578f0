import assert from "node:assert/strict";
import type { ColdDeps } from "../../src/app/restore_deps.ts";
import type { RestorePlan } from "../../src/core/cold/restore_plan.ts";
import { AWS_PRICES } from "../../src/core/cost/aws_prices.ts";
import { quoteRestore } from "../../src/core/cost/quote_restore.ts";
import { restorePlanLines, restorePlanRecord } from "../../src/report/restore_plan_text.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { simulatedArchive } from "./simulated_archive.ts";

const FILES = ["a", "b", "d/c", "d/e/f"];

async function archived(world: World, storageClass = "DEEP_ARCHIVE") {
  for (const path of FILES) world.write(path, `content of ${path}`);
  await world.backup({ storageClass });
  return simulatedArchive(world);
}

function jobOf(world: World, job = 1) {
  return world.log.index.restores.job(job)!;
}

function tiersAsked({ asked }: ReturnType<typeof simulatedArchive>): string[] {
  return asked.map(({ request }) => request.tier);
}

/** Approves every plan, and keeps it. */
function keptPlans() {
  const plans: RestorePlan[] = [];
  return { plans, cold: { approve: (plan: RestorePlan) => Promise.resolve(plans.push(plan) > 0) } };
}

const noQuestion = { approve: () => Promise.reject(new Error("nothing has to be approved")) };

/** Approved, and nothing asked for. */
async function interrupted(world: World, archive: ReturnType<typeof simulatedArchive>, to: string) {
  archive.before = (key) => {
    throw failure("unreachable", "SocketError", key);
  };
  await assert.rejects(world.restore(to, { cold: { rate: 1 } }), { kind: "unreachable" });
  archive.before = () => {};
  world.reopen();
}

Deno.test("a limit below what was approved, and not asked for yet, stops a resumed restore", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await interrupted(world, archive, to);
    const approved = jobOf(world).approved! / 1e9;
    const less = { budget: approved / 2 };
    await assert.rejects(world.restore(to, { resume: 1, warmUp: less }), { kind: "cost" });
    assert.equal(archive.asked.length, 0);
    const enough = { budget: approved * 1.01 };
    const report = await world.restore(to, { resume: 1, warmUp: enough, cold: noQuestion });
    assert.deepEqual([report.exitCode, report.objects.warming], [13, 4]);
    world.verify();
  }));

Deno.test("unattended, a limit below what was approved asks for nothing, and downloads what is warm", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await interrupted(world, archive, to);
    for (const key of ["a", "b"]) {
      await world.store.requestRestore({ key }, { tier: "Bulk", days: 3 });
    }
    archive.later(13);
    const { approved } = jobOf(world);
    const less = { budget: approved! / 2e9, isUnattended: true };
    const report = await world.restore(to, { resume: 1, warmUp: less, cold: noQuestion });
    assert.deepEqual([report.exitCode, report.unapproved, report.entries], [6, 2, 2]);
    assert.equal(archive.asked.length, 2);
    assert.equal(jobOf(world).approved, approved);
    // The limit was that process's: what a person has approved stays approved.
    const rest = await world.restore(to, {
      ...{ resume: 1, warmUp: { isUnattended: true }, cold: noQuestion },
    });
    assert.deepEqual([rest.exitCode, rest.objects.warming], [13, 2]);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    world.verify();
  }));

Deno.test("a limit stops no restore that asks for nothing any more", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await world.restore(to);
    archive.later(13);
    const report = await world.restore(to, { resume: 1, warmUp: { budget: 0.000001 } });
    assert.deepEqual([report.exitCode, archive.asked.length], [0, 4]);
  }));

Deno.test("a faster tier makes what is warming faster, once it is approved", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await world.restore(to);
    const plans: RestorePlan[] = [];
    const approve = (plan: RestorePlan) => Promise.resolve(plans.push(plan) > 0);
    const warmUp = { tier: "Standard" } as const;
    const report = await world.restore(to, { resume: 1, warmUp, cold: { approve } });
    assert.deepEqual([report.exitCode, plans[0].asked.objects], [13, 4]);
    assert.deepEqual(archive.asked.slice(4).map(({ request }) => request.tier), [
      ...["Standard", "Standard", "Standard", "Standard"],
    ]);
    await world.restore(to, { resume: 1 });
    assert.equal(archive.asked.length, 8);
    archive.later(7);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    world.verify();
  }));

for (const again of ["Standard", undefined] as const) {
  const how = again === undefined ? "without a word on the tier" : "with the tier named again";
  Deno.test(`a faster tier that was approved outlives a process that dies before its requests, ${how}`, () =>
    inWorld(async (world) => {
      const archive = await archived(world);
      const to = `${world.folder}/back`;
      await world.restore(to);
      archive.before = (key) => {
        throw failure("unreachable", "SocketError", key);
      };
      const faster = { resume: 1, warmUp: { tier: "Standard" } } as const;
      await assert.rejects(world.restore(to, { ...faster, cold: { rate: 1 } }));
      archive.before = () => {};
      world.reopen();
      assert.deepEqual([jobOf(world).tier, archive.asked.length], ["Standard", 4]);
      const { quoted } = jobOf(world);
      const warmUp = again === undefined ? {} : { tier: again };
      await world.restore(to, { resume: 1, warmUp, cold: noQuestion });
      assert.deepEqual(tiersAsked(archive).slice(4), FILES.map(() => "Standard"));
      assert.equal(jobOf(world).quoted, quoted);
      await world.restore(to, { resume: 1, warmUp, cold: noQuestion });
      assert.equal(archive.asked.length, 8);
      archive.later(7);
      assert.equal((await world.restore(to, { resume: 1, cold: noQuestion })).exitCode, 0);
      world.verify();
    }));
}

Deno.test("a faster tier that the service refused is asked for by the next process, once", () =>
  inWorld(async (world) => {
    const archive = await archived(world, "GLACIER");
    const to = `${world.folder}/back`;
    await world.restore(to);
    archive.before = (key) => {
      throw failure("refused", "GlacierExpeditedRetrievalNotAvailable", key);
    };
    const warmUp = { tier: "Expedited" } as const;
    const first = await world.restore(to, { resume: 1, warmUp });
    assert.deepEqual([first.exitCode, first.refused, first.objects.warming], [6, 4, 4]);
    archive.before = () => {};
    const second = await world.restore(to, { resume: 1, cold: noQuestion });
    assert.deepEqual([second.exitCode, second.refused], [13, 0]);
    assert.deepEqual(tiersAsked(archive).slice(4), FILES.map(() => "Expedited"));
    await world.restore(to, { resume: 1, cold: noQuestion });
    assert.equal(archive.asked.length, 8);
    world.verify();
  }));

Deno.test("a new restore makes faster what another one has warming, once that is approved", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    await world.restore(`${world.folder}/one`);
    const same = keptPlans();
    const to = `${world.folder}/two`;
    await world.restore(`${world.folder}/same`, { cold: same.cold });
    assert.deepEqual([same.plans, archive.asked.length], [[], 4]);
    const faster = keptPlans();
    const warmUp = { tier: "Standard" } as const;
    const report = await world.restore(to, { warmUp, cold: faster.cold });
    assert.deepEqual([report.exitCode, faster.plans[0].asked.objects], [13, 4]);
    assert.deepEqual(tiersAsked(archive).slice(4), FILES.map(() => "Standard"));
    archive.later(7);
    assert.equal((await world.restore(to, { resume: report.job })).exitCode, 0);
    world.verify();
  }));

/** As if there were 500 GiB to download: what is asked for costs cents beside it. */
function withEgress(): Pick<ColdDeps, "quote"> {
  const setting = { prices: AWS_PRICES, region: "us-east-1", egress: true };
  return {
    quote(groups, as) {
      const large = groups.map((group) => ({
        ...group,
        fetched: group.fetched > 0 ? 500 * 2 ** 30 : 0,
      }));
      return quoteRestore(large, { ...setting, ...as });
    },
  };
}

Deno.test("downloads are charged once: asking again for one expired copy costs what that request costs", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    const prices = withEgress();
    await world.restore(to, { cold: prices });
    const { quoted } = jobOf(world);
    assert(quoted! > 30e9, "egress is in the first quote");
    archive.later(24 * 10);
    const { plans, cold } = keptPlans();
    const budget = (quoted! + 1e9) / 1e9;
    const warmUp = { budget };
    const report = await world.restore(to, { resume: 1, warmUp, cold: { ...cold, ...prices } });
    assert.deepEqual([report.exitCode, report.objects.warming], [13, 4]);
    assert.equal(plans.length, 1);
    const { quoted: after, extra } = jobOf(world);
    assert(after! + extra - quoted! < 1e9, `${after} + ${extra} - ${quoted}`);
    world.verify();
  }));

Deno.test("a plan says what a resumed restore has left to download, beside its price", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    const prices = withEgress();
    const shown: RestorePlan[] = [];
    const show = (plan: RestorePlan) => void shown.push(plan);
    await world.restore(to, { cold: { ...prices, show } });
    archive.later(24 * 10);
    await world.restore(to, { resume: 1, cold: { ...prices, show } });
    assert.equal(shown[0].downloads, undefined);
    assert(shown[0].quote.total.usd > 30 && shown[1].quote.total.usd < 1);
    assert(shown[1].downloads!.total.usd > 30);
    const said = restorePlanLines(shown[1]).join("\n");
    assert.match(said, /^left to download: 500 GiB, \$45.*, in the price of the first plan$/m);
  }));

Deno.test("each plan is shown: of what is above the limit, of what is warming, of what is readable", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const shown: RestorePlan[] = [];
    const show = (plan: RestorePlan) => void shown.push(plan);
    const to = `${world.folder}/back`;
    await assert.rejects(world.restore(to, { warmUp: { maxCost: 0.00001 }, cold: { show } }));
    await world.restore(to, { cold: { show } });
    await world.restore(`${world.folder}/two`, { cold: { show, ...noQuestion } });
    archive.later(13);
    await world.restore(to, { resume: 1, cold: { show, ...noQuestion } });
    assert.deepEqual(
      shown.map(({ cold, warming, warm, asked }) =>
        [cold, warming, warm, asked].map(({ objects }) => objects)
      ),
      [[4, 0, 0, 4], [4, 0, 0, 4], [0, 4, 0, 0], [0, 0, 4, 0]],
    );
  }));

Deno.test("a plan has the price and the wait of each class by each tier that it has", () =>
  inWorld(async (world) => {
    world.write("deep", "x");
    await world.backup({ storageClass: "DEEP_ARCHIVE" });
    world.write("flexible", "y");
    await world.backup({ storageClass: "GLACIER" });
    simulatedArchive(world);
    const { plans, cold } = keptPlans();
    await world.restore(`${world.folder}/back`, { cold });
    const { classes } = restorePlanRecord(plans[0]);
    assert.deepEqual(classes.map((one) => [one.class, one.tiers.map(({ tier }) => tier)]), [
      ["DEEP_ARCHIVE", ["bulk", "standard"]],
      ["GLACIER", ["bulk", "standard", "expedited"]],
    ]);
    const table = restorePlanLines(plans[0]).filter((line) => /^(DEEP|GLACIER|all)/.test(line))
      .map((line) => line.replace(/ {2,}/g, "|").split("|"));
    assert.deepEqual(table.map(([place, tier]) => `${place} ${tier}`), [
      "DEEP_ARCHIVE bulk (chosen)",
      "DEEP_ARCHIVE standard",
      "GLACIER bulk (chosen)",
      "GLACIER standard",
      "GLACIER expedited",
      "all bulk (chosen)",
      "all standard",
      "all expedited",
    ]);
    assert.deepEqual(table.map(([, , , wait]) => wait), [
      "up to 48 hours",
      "up to 12 hours",
      "5 to 12 hours",
      "3 to 5 hours",
      "1 to 5 minutes (objects below 250 MB)",
      "up to 48 hours",
      "up to 12 hours",
      "up to 12 hours: DEEP_ARCHIVE by Standard",
    ]);
  }));

Deno.test("what waits for approval goes before what is warming: exit code 6", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    await world.restore(to, { warmUp: { days: 1 } });
    archive.later(24 * 4);
    await world.store.requestRestore({ key: "a" }, { tier: "Bulk", days: 1 });
    const report = await world.restore(to, { resume: 1, warmUp: { isUnattended: true } });
    assert.deepEqual([report.exitCode, report.unapproved, report.objects.warming], [6, 3, 1]);
  }));

Deno.test("a limit on a restore of nothing archived is kept for what turns out to be", () =>
  inWorld(async (world) => {
    for (const path of FILES) world.write(path, `content of ${path}`);
    await world.backup();
    const archive = simulatedArchive(world);
    archive.archive("a", "GLACIER");
    const to = `${world.folder}/back`;
    const report = await world.restore(to, { warmUp: { budget: 1 }, cold: noQuestion });
    assert.deepEqual([report.exitCode, report.objects.warming, archive.asked.length], [13, 1, 1]);
    assert(jobOf(world).extra > 0);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1, cold: noQuestion })).exitCode, 0);
    world.verify();
  }));

Deno.test("a restore that died while it was planned goes on under its number, without a question", () =>
  inWorld(async (world) => {
    const archive = await archived(world);
    const to = `${world.folder}/back`;
    const { append } = world.log;
    Object.assign(world.log, {
      append(...args: Parameters<typeof append>) {
        const [, events] = args;
        if (Array.isArray(events) && events.some(({ type }) => type === "ObjectsAwaited")) {
          throw new Error("killed");
        }
        return append(...args);
      },
    });
    await assert.rejects(world.restore(to, { warmUp: { budget: 3 } }), /killed/);
    world.reopen();
    assert.deepEqual([jobOf(world).state, archive.asked.length], ["planning", 0]);
    const tooLittle = { resume: 1, warmUp: { isUnattended: true, budget: 1e-7 } };
    await assert.rejects(world.restore(to, tooLittle), { kind: "cost" });
    const report = await world.restore(to, {
      ...{ resume: 1, warmUp: { isUnattended: true }, cold: noQuestion },
    });
    assert.deepEqual([report.job, report.exitCode, report.objects.warming], [1, 13, 4]);
    const { state, approved } = jobOf(world);
    assert.deepEqual([state, approved, archive.asked.length], ["open", 3e9, 4]);
    archive.later(13);
    assert.equal((await world.restore(to, { resume: 1 })).exitCode, 0);
    world.verify();
  }));
