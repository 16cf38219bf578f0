/** Several restores of one job, and what a process leaves behind that dies or waits. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { openJobLog } from "../../src/sqlite/job_log.ts";
import { shell } from "../sources/tree_tools.ts";
import { coldJob, requestsMade, setClock, stopClock } from "./cold_job.ts";
import { assertSameTree } from "./compare.ts";
import { eventsOf, holdfast, holdfastJson, mustEnd, type Place } from "./holdfast.ts";
import { makeSmallTree, withPlace } from "./place.ts";
import { until, watch } from "./watched_run.ts";

/** Two restores whose copies have expired: of `a`, with one file, and of `b`, with two. */
async function twoExpired(place: Place): Promise<void> {
  shell(`${place.folder}/src`, "mkdir a b; echo 1 > a/1; echo 2 > b/2; echo 3 > b/3");
  await coldJob(place);
  await mustEnd(0, place, ["backup"]);
  for (const name of ["a", "b"]) {
    const to = `${place.folder}/out-${name}`;
    await mustEnd(13, place, ["restore", name, "--to", to, "--yes", "--days", "1"]);
  }
  setClock(place, 24 * 9);
  assert.deepEqual(requestsMade(place), [1, 1, 1]);
}

async function approvedOf(place: Place): Promise<number[]> {
  const { records } = await holdfastJson(place, ["restores"]);
  return records.map(({ approved_usd }) => approved_usd);
}

Deno.test("`restore --wait --max-cost` is one limit for all that is open", () =>
  withPlace(async (place) => {
    await twoExpired(place);
    const [a, b] = await approvedOf(place);
    const one = a;
    assert.ok(one > 0);
    // What they have cost already is above this: nothing is asked for.
    await mustEnd(6, place, ["restore", "--wait", "--max-cost", a.toFixed(9)]);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    assert.deepEqual(await approvedOf(place), [a, b]);
    // Room for the first one's object again, and for half of one of the second's.
    const limit = a + b + 1.5 * one;
    const waiting = await watch(place, ["restore", "--wait", "--max-cost", limit.toFixed(9)]);
    await until(waiting, () => waiting.isWaiting());
    await waiting.kill();
    assert.deepEqual(requestsMade(place).sort(), [1, 1, 2]);
    const approved = await approvedOf(place);
    const sum = approved.reduce((total, usd) => total + usd, 0);
    assert.ok(sum <= limit + 1e-8, `${approved} above ${limit}`);
  }));

Deno.test("what stops one restore does not stop the others of `restore --wait`", () =>
  withPlace(async (place) => {
    shell(`${place.folder}/src`, "mkdir a b; echo 1 > a/1; echo 2 > b/2");
    await coldJob(place);
    await mustEnd(0, place, ["backup"]);
    const to = (name: string) => `${place.folder}/out-${name}`;
    for (const name of ["a", "b"]) {
      await mustEnd(13, place, ["restore", name, "--to", to(name), "--yes"]);
    }
    setClock(place, 49);
    Deno.removeSync(to("a"), { recursive: true });
    Deno.writeTextFileSync(to("a"), "where a folder was");
    const { said } = await mustEnd(1, place, ["restore", "--wait"]);
    assert.match(said, /restore 1 has stopped: cannot make the target/);
    assert.equal(Deno.readTextFileSync(`${to("b")}/b/2`), "2\n");
    const [left, ...more] = (await holdfastJson(place, ["restores"])).records;
    assert.deepEqual([left.number, more], [1, []]);
    Deno.removeSync(to("a"));
    await mustEnd(0, place, ["restore", "--wait"]);
    assert.equal(Deno.readTextFileSync(`${to("a")}/a/1`), "1\n");
    assert.deepEqual(requestsMade(place), [1, 1]);
    await mustEnd(0, place, ["log", "verify"]);
  }));

/** As a process leaves it that was killed before it had told what the restore waits for. */
function cutOffWhilePlanned({ state }: Place, to: string): void {
  const { sha256 } = platformHashing;
  const clock = { now: () => BigInt(Date.now()) * 1_000_000n, sleep: () => Promise.resolve() };
  const log = openJobLog(state, { clock, sha256 }, { mode: "write" });
  try {
    const { position } = log.index.snapshots().at(-1)!;
    const job = log.index.restores.nextNumber();
    const config = "00".repeat(32);
    log.append("ab".repeat(16), [
      {
        type: "RunStarted",
        data: {
          command: "restore",
          job: "e2e",
          host: "h",
          user: "u",
          pid: 1,
          program: "p",
          config,
        },
      },
      {
        type: "RestorePlanned",
        data: {
          ...{ to, position, overwrite: "never", job, tier: "Bulk", days: 7 },
          selection: { paths: [], include: [], exclude: [] },
          ...{ entries: "9", bytes: "200012", objects: 3, objectBytes: "200012" },
          ...{ quote: "0.01", approved: "0.01" },
        },
      },
    ], { durable: true });
  } finally {
    log.close();
  }
}

Deno.test("a restore that died while it was planned is listed, and goes on without a question", () =>
  withPlace(async (place) => {
    makeSmallTree(`${place.folder}/src`);
    await coldJob(place);
    await mustEnd(0, place, ["backup"]);
    const to = `${place.folder}/out`;
    cutOffWhilePlanned(place, to);
    const [listed] = (await holdfastJson(place, ["restores"])).records;
    assert.deepEqual([listed.number, listed.state, listed.objects], [1, "planning", 3]);
    const dry = await mustEnd(0, place, ["restore", "--wait", "--dry-run"]);
    assert.match(dry.said, /plan of restore 1: .*\n.*cold: 3 objects[^]*\nprice: /);
    // Nobody is there to be asked.
    const waiting = await watch(place, ["restore", "--wait"]);
    await until(waiting, () => waiting.isWaiting());
    await waiting.kill();
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    const free = await mustEnd(0, place, ["restores", "resume", "1", "--dry-run"]);
    assert.match(lastLine(free.said), /^price: \$0$/);
    setClock(place, 49);
    await mustEnd(0, place, ["restores", "resume", "1"]);
    assertSameTree(`${place.folder}/src`, to);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    cutOffWhilePlanned(place, to);
    await mustEnd(0, place, ["restores", "cancel", "2"]);
    assert.match((await mustEnd(0, place, ["restore", "--wait"])).said, /no restore is open/);
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("a restore that waits keeps no backup from writing its log back, and restores the state it was planned for", () =>
  withPlace(async (place) => {
    const { folder } = place;
    shell(`${folder}/src`, "mkdir -p a/b; echo 1 > a/b/1; echo 2 > a/2; mkdir c; echo 3 > c/3");
    shell(folder, "cp -a src before");
    await coldJob(place, { warmUp: "10s" });
    await mustEnd(0, place, ["backup"]);
    stopClock(place);
    const waiting = await watch(place, ["restore", "--to", `${folder}/out`, "--yes", "--wait"]);
    await until(waiting, () => waiting.isWaiting());
    shell(`${folder}/src`, "mkdir 0; mv a/b 0/; rm a/2; echo other > c/3; echo new > c/4");
    await mustEnd(0, place, ["backup"]);
    await until(waiting, () => isWrittenBack(place));
    setClock(place, 1);
    assert.equal(await waiting.ended, 0, waiting.said());
    assertSameTree(`${folder}/before`, `${folder}/out`);
  }));

/** Whether SQLite's log can be emptied: no transaction is open that began before its end. */
function isWrittenBack({ state }: Place): boolean {
  const db = new DatabaseSync(state);
  try {
    return (db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number }).busy === 0;
  } finally {
    db.close();
  }
}

Deno.test("each dry run of a restore ends with its price, also where nothing is cold", () =>
  withPlace(async (place) => {
    makeSmallTree(`${place.folder}/src`);
    await coldJob(place, { storageClass: "GLACIER_IR" });
    await mustEnd(0, place, ["backup"]);
    const to = `${place.folder}/out`;
    const { said } = await mustEnd(0, place, ["restore", "--to", to, "--dry-run"]);
    assert.match(said, /Retrieval from GLACIER_IR|retrieval.*GLACIER_IR/i);
    assert.match(lastLine(said), /^price: (\$|less than \$)/);
    await mustEnd(6, place, ["restore", "--to", to, "--dry-run", "--max-cost", "0"]);
  }));

Deno.test("the dry run of what goes on tells what is still to be paid, and asks for nothing", () =>
  withPlace(async (place) => {
    await twoExpired(place);
    const before = (await eventsOf(place, "RunStarted")).length;
    const one = await mustEnd(0, place, ["restores", "resume", "1", "--dry-run"]);
    assert.match(one.said, /plan of restore 1/);
    assert.match(one.said, /to be asked for: 1 object,/);
    assert.match(lastLine(one.said), /^price: (\$|less than \$)/);
    const all = await mustEnd(0, place, ["restore", "--wait", "--dry-run"]);
    assert.match(all.said, /to be asked for: 2 objects,/);
    assert.match(lastLine(all.said), /^price of all: (\$|less than \$)/);
    const faster = ["restores", "resume", "2", "--tier", "standard", "--dry-run"];
    assert.match((await mustEnd(0, place, faster)).said, /by tier standard/);
    assert.equal((await holdfast(place, [...faster, "--max-cost", "0"])).code, 6);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    assert.equal((await eventsOf(place, "RunStarted")).length, before);
  }));

function lastLine(said: string): string {
  return said.trimEnd().split("\n").at(-1)!;
}
