/** Restores from a folder store that simulates archive classes, by the executable. */
import assert from "node:assert/strict";
import { coldJob, loseDatabase, requestsMade, setClock } from "./cold_job.ts";
import { assertSameTree } from "./compare.ts";
import { eventsOf, holdfast, holdfastJson, mustEnd, type Place, recordsOf } from "./holdfast.ts";
import { makeSmallTree, withPlace } from "./place.ts";

async function archived(place: Place): Promise<string> {
  makeSmallTree(`${place.folder}/src`);
  await coldJob(place);
  await mustEnd(0, place, ["backup"]);
  return `${place.folder}/out`;
}

Deno.test("a restore from an archive is planned, asked for, listed, and finished days later", () =>
  withPlace(async (place) => {
    const to = await archived(place);
    const planned = await mustEnd(0, place, ["restore", "--to", to, "--dry-run"]);
    assert.match(planned.said, /bulk \(chosen\) .* up to 48 hours/);
    assert.match(planned.said, /price: \$/);
    assert.deepEqual(requestsMade(place), []);

    // Nobody is there to be asked.
    assert.equal((await holdfast(place, ["restore", "--to", to])).code, 2);
    assert.deepEqual(requestsMade(place), []);
    const first = await mustEnd(13, place, ["restore", "--to", to, "--yes"]);
    assert.match(first.said, /`holdfast restores resume 1` or `holdfast restore --wait` goes on/);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    const [listed] = (await holdfastJson(place, ["restores"])).records;
    assert.deepEqual([listed.record, listed.number, listed.state, listed.warming], [
      ...["restore", 1, "open", 3],
    ]);

    setClock(place, 47);
    assert.equal((await holdfast(place, ["restores", "resume", "1"])).code, 13);
    setClock(place, 49);
    const [warm] = (await holdfastJson(place, ["restore-status"])).records;
    assert.deepEqual([warm.warming, warm.warm, typeof warm.first_expiry], [0, 3, "string"]);
    await mustEnd(0, place, ["restore", "--wait"]);
    assertSameTree(`${place.folder}/src`, to);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    assert.match((await mustEnd(0, place, ["restores"])).said, /no restore is open/);
    const [shown] = recordsOf(await mustEnd(0, place, ["--json", "restores", "show", "1"]));
    assert.deepEqual([shown.state, shown.exit, shown.objects], ["finished", 0, 3]);
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("the same command again goes on with the same restore", () =>
  withPlace(async (place) => {
    const to = await archived(place);
    await mustEnd(13, place, ["restore", "--to", to, "--yes"]);
    await mustEnd(13, place, ["restore", "--to", to]);
    setClock(place, 49);
    await mustEnd(0, place, ["restore", "--to", to]);
    assertSameTree(`${place.folder}/src`, to);
    assert.deepEqual((await eventsOf(place, "RestorePlanned")).length, 1);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
  }));

Deno.test("above --max-cost a restore ends with 6, and within it needs no question", () =>
  withPlace(async (place) => {
    const to = await archived(place);
    const refused = await mustEnd(6, place, [
      ...["restore", "--to", to, "--yes", "--max-cost", "0.000001"],
    ]);
    assert.match(refused.said, /above less than \$0\.0001|above \$/);
    assert.deepEqual(requestsMade(place), []);
    await mustEnd(13, place, ["restore", "--to", to, "--max-cost", "1"]);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
  }));

Deno.test("copies that expired wait for approval with 6, and `restores resume --yes` asks again", () =>
  withPlace(async (place) => {
    const to = await archived(place);
    await mustEnd(13, place, ["restore", "--to", to, "--yes", "--days", "1", "--request-only"]);
    setClock(place, 24 * 9);
    const held = await mustEnd(6, place, ["restore", "--wait"]);
    assert.match(held.said, /waits for approval: `holdfast restores resume 1`/);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    await mustEnd(13, place, ["restores", "resume", "1", "--yes"]);
    assert.deepEqual(requestsMade(place), [2, 2, 2]);
    setClock(place, 24 * 9 + 49);
    await mustEnd(0, place, ["restores", "resume", "1"]);
    assertSameTree(`${place.folder}/src`, to);
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("a restore survives the loss of the database", () =>
  withPlace(async (place) => {
    const to = await archived(place);
    await mustEnd(13, place, ["restore", "--to", to, "--yes"]);
    loseDatabase(place);
    await mustEnd(0, place, ["rebuild"]);
    const [listed] = (await holdfastJson(place, ["restores"])).records;
    assert.deepEqual([listed.number, listed.state, listed.warming], [1, "open", 3]);
    setClock(place, 49);
    await mustEnd(0, place, ["restores", "resume", "1"]);
    assertSameTree(`${place.folder}/src`, to);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("a machine without the database restores by repeating the command, and asks once", () =>
  withPlace(async (place) => {
    const to = await archived(place);
    const guest = { ...place, state: `${place.folder}/elsewhere/job.db` };
    await mustEnd(13, guest, ["restore", "--to", to, "--yes"]);
    const again = await mustEnd(13, guest, ["restore", "--to", to]);
    assert.match(again.said, /repeat the command to go on/);
    setClock(place, 49);
    await mustEnd(0, guest, ["restore", "--to", to]);
    assertSameTree(`${place.folder}/src`, to);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    assert.equal((await holdfast(guest, ["restores", "resume", "1"])).code, 10);
  }));

Deno.test("two restores share the requests of what both need, and a cancelled one ends nothing else", () =>
  withPlace(async (place) => {
    const to = await archived(place);
    await mustEnd(13, place, ["restore", "--to", to, "--yes"]);
    await mustEnd(13, place, ["restore", "docs", "--to", `${to}2`]);
    await mustEnd(13, place, ["restore", "--to", `${to}3`]);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    const cancelled = await mustEnd(0, place, ["restores", "cancel", "3"]);
    assert.match(cancelled.said, /restore 3 is cancelled; 3 objects are warming, and paid for/);
    assert.equal((await holdfast(place, ["restores", "resume", "3"])).code, 2);
    setClock(place, 49);
    await mustEnd(0, place, ["restore", "--wait"]);
    assertSameTree(`${place.folder}/src`, to);
    assertSameTree(`${place.folder}/src/docs`, `${to}2/docs`);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("--wait waits for what is warming", () =>
  withPlace(async (place) => {
    makeSmallTree(`${place.folder}/src`);
    await coldJob(place);
    Deno.writeTextFileSync(
      place.config,
      Deno.readTextFileSync(place.config).replace("warm_up=24h", "warm_up=2s"),
    );
    await mustEnd(0, place, ["backup"]);
    const to = `${place.folder}/out`;
    await mustEnd(0, place, ["restore", "--to", to, "--yes", "--wait"]);
    assertSameTree(`${place.folder}/src`, to);
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
  }));

Deno.test("without --to only --wait has a meaning", () =>
  withPlace(async (place) => {
    await archived(place);
    for (const args of [["restore"], ["restore", "docs", "--wait"], ["restores", "show", "x"]]) {
      assert.equal((await holdfast(place, args)).code, 2);
    }
    assert.match((await mustEnd(0, place, ["restore", "--wait"])).said, /no restore is open/);
  }));
