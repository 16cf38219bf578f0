/** A log that was taken over, and the segment is lost that told so. */
import assert from "node:assert/strict";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { inRun } from "../../src/app/run.ts";
import { continuation } from "../../src/app/rebuild_log.ts";
import { type Logs, type Machine, segmentKeys, withLogs } from "./log_places.ts";

const missing = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "gone" },
});

/** Runs by one machine, then by another one that has taken over; the key of the closing segment. */
async function takenOver(logs: Logs, host: string): Promise<{ other: Machine; closing: string }> {
  await logs.first.run([missing("one")]);
  const other = await logs.rebuild({ host });
  await other.takeOver();
  await other.run([missing("two")]);
  return { other, closing: segmentKeys(logs.store).at(-1)! };
}

Deno.test("rebuild follows a log of which the closing segment is lost", () =>
  withLogs(async (logs) => {
    const { other, closing } = await takenOver(logs, "other");
    logs.store.objects.delete(closing);
    const { report, log } = await logs.rebuild();
    assert.deepEqual(report.missing, []);
    assert.equal(log.genesis.log, other.log.genesis.log);
    assert.equal(log.hashAt(report.shipped.position), other.log.hashAt(report.shipped.position));
  }));

Deno.test("where two logs go on from one end, or the end is lost, rebuild names what it did not read", () =>
  withLogs(async (logs) => {
    const { other, closing } = await takenOver(logs, "other");
    const { store } = logs;
    store.objects.delete(closing);
    const kept = new Map(store.objects);
    const ours = segmentKeys(store);
    store.objects.delete(ours.at(-1)!);
    const cut = await logs.rebuild();
    assert.match(cut.report.missing.join("\n"), leadsNowhere(other));
    for (const [key, versions] of kept) store.objects.set(key, versions);
    // As if two had taken over at once, in a store that keeps neither from it.
    for (const key of segmentKeys(store, other.log.genesis.log)) store.objects.delete(key);
    const third = await logs.rebuild({ host: "third" });
    await third.takeOver();
    await third.run([missing("three")]);
    store.objects.delete(closing);
    for (const [key, versions] of kept) store.objects.set(key, versions);
    const { report, log } = await logs.rebuild();
    assert.equal(log.genesis.log, logs.first.log.genesis.log);
    for (const one of [other, third]) assert.match(report.missing.join("\n"), leadsNowhere(one));
  }));

Deno.test("a log of which a segment at its beginning is damaged is not followed, and named", () =>
  withLogs(async (logs) => {
    const { other, closing } = await takenOver(logs, "other");
    const { store } = logs;
    store.objects.delete(closing);
    const [key] = segmentKeys(store, other.log.genesis.log);
    const { body, head } = store.current(key)!;
    const { genesis: _, ...metadata } = head.metadata;
    for (const changed of [metadata, { ...head.metadata, genesis: "bm9uZQ" }]) {
      store.objects.set(key, [{ body, head: { ...head, metadata: changed } }]);
      assert.match((await logs.rebuild()).report.missing.join("\n"), leadsNowhere(other));
    }
    store.objects.delete(key);
    assert.match((await logs.rebuild()).report.missing.join("\n"), leadsNowhere(other));
  }));

Deno.test("what a restore elsewhere has written into a log of its own is no part of the job's log", () =>
  withLogs(async (logs) => {
    const { first } = logs;
    await first.run([missing("one")]);
    const guest = await logs.rebuild({ host: "guest" });
    const { log, environment } = guest;
    log.beginLog(continuation(log, environment, { key: guest.signer.key }));
    const run = { command: "restore", config: "c", shipper: guest.shipper() };
    await inRun(
      log,
      environment,
      run,
      () => Promise.resolve({ result: undefined, outcome: 0, totals: {} }),
    );
    assert.ok(segmentKeys(logs.store, log.genesis.log).length > 0);
    const { report } = await logs.rebuild();
    assert.deepEqual(report.missing, []);
    assert.equal(report.log.genesis.log, first.log.genesis.log);
  }));

function leadsNowhere({ log }: Machine): RegExp {
  return new RegExp(
    `^nothing leads to the log \\.holdfast/log/${log.genesis.log}/: what its \\d+ segments`,
    "m",
  );
}
