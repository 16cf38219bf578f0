import assert from "node:assert/strict";
import { standingOf } from "../../src/app/survey_restores.ts";
import { warmthSurvey } from "../../src/app/survey_warmth.ts";
import type { RestoreState } from "../../src/core/cold/restore_state.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { askFor, inAwaitingLog } from "./awaiting_log.ts";
import { type ListedStore, listedStore } from "./listed_store.ts";

const COUNT = 100_000;
const DAY = 24 * 3_600_000;
const NOW = 1_700_000_000_000;

const keys = Array.from(
  { length: COUNT },
  (_, i) => `d${`${i >> 10}`.padStart(3, "0")}/${i + COUNT}`,
);

async function standing(log: JobLog, { store }: ListedStore) {
  const now = () => NOW;
  const survey = warmthSurvey({ store, signal: new AbortController().signal, now });
  const row = log.index.restores.job(1)!;
  return await standingOf(log.index, row, {
    survey,
    now: NOW,
    simulatedWait: undefined,
    intents: new Set(),
  });
}

Deno.test("how a restore of 100,000 objects stands takes pages of LIST alone, from cold to expired", () =>
  inAwaitingLog(keys.map((key) => ({ key })), async (log) => {
    const listed = listedStore(keys);
    const { requests } = listed;
    async function check(state: "cold" | "warming" | "warm", restore: RestoreState | undefined) {
      Object.assign(requests, { list: 0, head: 0 });
      listed.restoreOf = () => restore;
      const { objects, expiry } = await standing(log, listed);
      assert.deepEqual(objects, { cold: 0, warming: 0, warm: 0, [state]: COUNT });
      assert.deepEqual(requests, { list: COUNT / 1000, head: 0 });
      return expiry;
    }
    await check("cold", undefined);
    askFor(log, keys.map((key) => ({ key })));
    await check("warming", { kind: "warming" });
    assert.equal(await check("warm", { kind: "warm", expiry: NOW + DAY }), NOW + DAY);
    // The log has heard of the copies, and knows when they were to go.
    for (let at = 0; at < COUNT; at += 1000) {
      const expiry = new Date(NOW - DAY).toISOString();
      const objects = keys.slice(at, at + 1000).map((key) => ({ key, expiry }));
      log.append("r", [{ type: "ObjectWarm", data: { objects } }]);
    }
    await check("cold", undefined);
  }));

Deno.test("also among others: a page tells of what is on it", () => {
  const ours = keys.filter((_, i) => i % 3 === 0);
  return inAwaitingLog(ours.map((key) => ({ key })), async (log) => {
    const listed = listedStore(keys);
    listed.restoreOf = () => ({ kind: "warming" });
    assert.equal((await standing(log, listed)).objects.warming, ours.length);
    assert(listed.requests.list <= COUNT / 1000 + 1 && listed.requests.head === 0);
  });
});

Deno.test("what is scattered among a hundred times as many is looked at by HEAD, and some pages", () => {
  const ours = keys.filter((_, i) => i % 97 === 0);
  return inAwaitingLog(ours.map((key) => ({ key })), async (log) => {
    const listed = listedStore(keys);
    listed.restoreOf = () => ({ kind: "warming" });
    assert.equal((await standing(log, listed)).objects.warming, ours.length);
    const { list, head } = listed.requests;
    // A page tells of ten, and costs as much as twelve HEADs.
    assert(list < 20 && head > ours.length * 0.8 && head <= ours.length, `${list} and ${head}`);
  });
});
