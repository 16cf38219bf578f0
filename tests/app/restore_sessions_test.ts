/** Several restores in one run, each a session that a test writes. */
import assert from "node:assert/strict";
import { exitCodeOfAll, runSessions } from "../../src/app/restore.ts";
import type { RestoreReport } from "../../src/app/restore_deps.ts";
import type { RestoreSession } from "../../src/app/restore_session.ts";
import { noShipping } from "../../src/app/ship_log.ts";
import { type ErrorKind, HoldfastError } from "../../src/core/error.ts";
import { inWorld, type World } from "./app_world.ts";

const REPORT: RestoreReport = {
  ...{ job: 1, exitCode: 0, entries: 1, bytes: 2, present: 0, failed: 0, waiting: 0 },
  ...{ objects: { cold: 0, warming: 0, warm: 0 }, unapproved: 0, refused: 0 },
  ...{ isDeclined: false, limits: new Map(), targetLimits: [] },
};

type Step = "approve" | "begin" | "step" | "look" | "end";

/** Notes what it is called for; throws at one of its steps. */
function session(
  called: string[],
  name: string,
  { at, kind = "failed", delays = [] }: {
    readonly at?: Step;
    readonly kind?: ErrorKind;
    readonly delays?: number[];
  } = {},
): RestoreSession {
  const note = (step: Step) => {
    called.push(`${name} ${step}`);
    if (step === at) throw new HoldfastError(kind, `${name} stops`);
  };
  const left = [...delays];
  return {
    ...{ job: 1, plan: undefined as never, failure: undefined },
    approve: async () => {
      await note("approve");
      return true;
    },
    begin: () => note("begin"),
    step: async () => await note("step"),
    look: async () => await note("look"),
    delay: () => left.shift(),
    end: async () => {
      await note("end");
      return REPORT;
    },
    declined: () => ({ ...REPORT, isDeclined: true, exitCode: 6 }),
  };
}

function run(world: World, all: readonly RestoreSession[], more: { rest?: () => void } = {}) {
  const { log, environment } = world;
  const { signal } = new AbortController();
  return runSessions({
    ...{ log, environment, signal, emit() {}, shipper: noShipping, config: "", wait: true },
    ...{ rest() {}, ...more },
  }, all);
}

for (const at of ["approve", "begin", "step", "look", "end"] as const) {
  Deno.test(`a restore that fails at its "${at}" does not stop the one behind it`, () =>
    inWorld(async (world) => {
      const called: string[] = [];
      const first = session(called, "first", { at, delays: [1] });
      const second = session(called, "second", { delays: [1] });
      const [failed, done] = await run(world, [first, second]);
      assert.deepEqual([failed.failure?.message, failed.report], ["first stops", undefined]);
      assert.deepEqual(done, { report: REPORT });
      assert.deepEqual(called.filter((call) => call.startsWith("second")), [
        ...["second approve", "second begin", "second step", "second look", "second step"],
        "second end",
      ]);
      // Nothing more is tried of what has failed.
      assert.equal(called.findLast((call) => call.startsWith("first")), `first ${at}`);
      assert.equal(exitCodeOfAll([failed, done]), 1);
      const [{ data }] = world.events("RunFinished");
      assert.deepEqual(data, { outcome: 1, totals: { entries: "1", bytes: "2", failed: "0" } });
    }));
}

Deno.test("an interruption stops all restores of a run", () =>
  inWorld(async (world) => {
    const called: string[] = [];
    const first = session(called, "first", { at: "step", kind: "interrupted" });
    await assert.rejects(run(world, [first, session(called, "second")]), /first stops/);
    assert.ok(!called.includes("second step"));
    assert.equal(world.events("RunFinished")[0].data.outcome, 130);
  }));

Deno.test("what is read is let go of before each wait", () =>
  inWorld(async (world) => {
    const called: string[] = [];
    const rest = () => void called.push("rest");
    await run(world, [session(called, "one", { delays: [5, 5] })], { rest });
    assert.deepEqual(called.filter((call) => /rest|look/.test(call)), [
      ...["rest", "one look", "rest", "one look"],
    ]);
  }));

Deno.test("where all are declined there is no run", () =>
  inWorld(async (world) => {
    const declines = { ...session([], "one"), approve: () => Promise.resolve(false) };
    const [end] = await run(world, [declines]);
    assert.deepEqual([end.report?.isDeclined, exitCodeOfAll([end])], [true, 6]);
    assert.deepEqual(world.events("RunStarted"), []);
  }));
