import assert from "node:assert/strict";
import type { CopyPlan, WarmUpPlan } from "../../src/app/warm_up_renames.ts";
import type { BackupOptions, RunInput } from "../../src/cli/runner.ts";
import { costOf } from "../../src/core/cost/cost.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { renameWarmUps } from "../../src/wiring/rename_warm_ups.ts";

function priced(usd: number | undefined) {
  return costOf([{ what: "it", quantity: 1, unit: "unit", unitPrice: usd, usd }]);
}

function copies(usd: number | undefined, objects = 2): CopyPlan {
  return { objects, bytes: 20, cost: priced(usd) };
}

function plan(usd: number, later: CopyPlan, more: Partial<WarmUpPlan> = {}): WarmUpPlan {
  const quote = { ...priced(usd), groups: [], wait: { text: "up to 48 hours", atMost: 1 } };
  return { objects: 2, bytes: 20, quote, copies: later, wasApproved: false, ...more };
}

interface Asked {
  readonly left?: number;
  readonly versions?: boolean;
  readonly yes?: boolean;
  /** undefined: there is no terminal. */
  readonly answer?: boolean;
}

function setting({ left, versions = false, yes = false, answer }: Asked) {
  const [said, questions]: [string[], string[]] = [[], []];
  const input = {
    job: {
      ...{ tier: "Bulk", days: 7, prices: [], repository: { kind: "file" }, s3: {} },
      ...{ egress: "none", maxCost: left },
    },
    stateFile: "/state/job.db",
    globals: { yes },
    output: { signal: (signal: { text: string }) => void said.push(signal.text) },
    confirm(question: string) {
      questions.push(question);
      if (answer !== undefined) return Promise.resolve(answer);
      return Promise.reject(new HoldfastError("usage", "there is no terminal"));
    },
  } as unknown as RunInput<BackupOptions>;
  return { ...renameWarmUps(input, { left, versions }), said, questions };
}

Deno.test("a person is asked for the whole price: of the warm-up, the copies and the fees", async () => {
  const asked = setting({ answer: true });
  assert.equal(await asked.approve(plan(1, copies(2))), true);
  assert.deepEqual(asked.questions, [
    "ask for restored copies of 2 moved archived objects, 20 B, for 7 days, and copies of them " +
    "when they are warm: $3.00 in all, up to 48 hours?",
  ]);
  assert.match(asked.said[0], /^asking for restored copies of 2 .* \$3\.00 in all/);
});

Deno.test("what is declined, or asked of nobody, is held, and that is said", async () => {
  const declined = setting({ answer: false });
  assert.equal(await declined.approve(plan(1, copies(2))), false);
  assert.match(
    declined.said[0],
    /^not asked for: .*; that was declined: they stay under their old/,
  );
  const alone = setting({});
  assert.equal(await alone.approve(plan(1, copies(2))), false);
  assert.match(alone.said[0], /no max_cost, and no terminal to ask at/);
  assert.equal(await setting({ yes: true }).approve(plan(1, copies(2))), true);
});

Deno.test("what was approved before a run was cut off is asked for without another question", async () => {
  const again = setting({});
  assert.equal(await again.approve(plan(1, copies(2), { wasApproved: true })), true);
  assert.deepEqual(again.questions, []);
  const limited = setting({ left: 2.5 });
  assert.equal(await limited.approve(plan(1, copies(2), { wasApproved: true })), false);
});

Deno.test("max_cost is for the copies, too, and for all of a run", async () => {
  // The warm-up alone would fit.
  assert.equal(await setting({ left: 2.5, yes: true }).approve(plan(1, copies(2))), false);
  const both = setting({ left: 3.5 });
  assert.equal(both.mayCopy(copies(1)), true);
  assert.equal(await both.approve(plan(1, copies(2))), false, "2.50 are left of it");
  assert.match(both.said.at(-1)!, /that is more than max_cost leaves/);
  assert.equal(await both.approve(plan(0.5, copies(2))), true);
  assert.equal(both.mayCopy(copies(0.01)), false, "nothing is left");
  assert.match(both.said.at(-1)!, /^not made: copies of 2 moved .* \$0\.01; that is more than/);
  assert.equal(setting({ left: 100 }).mayCopy(copies(undefined)), false, "an unknown price");
  assert.equal(setting({}).mayCopy(copies(undefined)), true, "no limit");
});

Deno.test("what others have warmed up is asked about, too, and old versions are named", async () => {
  const asked = setting({ answer: true, versions: true });
  await asked.approve(plan(0, copies(2, 5), { objects: 0 }));
  assert.match(asked.questions[0], /^make copies of 5 moved archived objects, 20 B that others/);
  assert.match(asked.questions[0], /a month of the old versions, which are paid for until prune/);
  await asked.approve(plan(1, copies(2, 5)));
  assert.match(asked.questions[1], /copies of them and of 3 more that others have asked for/);
});
