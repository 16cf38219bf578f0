/** The delete guard: what is gone by accident stays in the index and in the store. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { eventsOf, holdfast, holdfastJson, mustEnd, type Place } from "./holdfast.ts";
import { folderJob, makeSmallTree, withPlace } from "./place.ts";

const snapshotsOf = (place: Place) => eventsOf(place, "SnapshotCreated");
const storeOf = ({ folder }: Place) => shell(folder, "find store/.holdfast-store -type f | sort");

/** A job with 110 entries, backed up once, and a copy of its source in `first`. */
function withBackup(use: (place: Place) => Promise<void>): Promise<void> {
  return withPlace(async (empty) => {
    const src = `${empty.folder}/src`;
    makeSmallTree(src);
    shell(src, "mkdir many; for i in $(seq 100); do echo $i > many/$i; done");
    shell(empty.folder, "cp -a src first");
    const place = await folderJob(empty);
    await mustEnd(0, place, ["backup"]);
    await use(place);
  });
}

const losses: [what: string, lose: string, guard: string, said: RegExp][] = [
  ["gone", "mv src gone", "absent", /entries of .*src missing, and it is not there/],
  ["empty", "mv src gone; mkdir src", "empty", /entries of .*src missing, and it is empty/],
  [
    "short of more than max_delete",
    "rm -r src/many",
    "max_delete",
    /more is missing than max_delete/,
  ],
];

for (const [what, lose, guard, said] of losses) {
  Deno.test(`a source that is ${what} is refused, and nothing of it is let go`, () =>
    withBackup(async (place) => {
      const store = storeOf(place);
      shell(place.folder, lose);
      for (let run = 0; run < 2; run++) {
        const ended = await holdfast(place, ["backup"]);
        assert.equal(ended.code, 4, ended.said);
        assert.match(ended.said, said);
        assert.match(ended.said, /nothing was removed and there is no snapshot/);
        assert.match(ended.said, /--accept-deletions/);
      }
      // An answer to another question than this one.
      assert.equal((await holdfast(place, ["--yes", "backup"])).code, 4);
      const refused = await eventsOf(place, "ScanRefused");
      assert.deepEqual(refused.map(({ data }) => data.guard), [guard, guard, guard]);
      assert.equal((await snapshotsOf(place)).length, 1);
      await mustEnd(0, place, ["log", "verify"]);
      const out = `${place.folder}/out`;
      await mustEnd(0, place, ["restore", "--to", out]);
      assertSameTree(`${place.folder}/first`, out);
      const kept = new Set(storeOf(place).split("\n"));
      assert.deepEqual(store.split("\n").filter((file) => !kept.has(file)), []);
    }));
}

Deno.test("--accept-deletions lets go what is really gone, which stays in older snapshots", () =>
  withBackup(async (place) => {
    const store = storeOf(place);
    const { folder } = place;
    shell(folder, "rm -r src/many; cp -a src second");
    assert.equal((await holdfast(place, ["backup"])).code, 4);
    const accepted = await holdfastJson(place, ["backup", "--accept-deletions"]);
    assert.equal(accepted.code, 0, accepted.said);
    assert.equal(accepted.records.at(-1)!.totals.removed, 101);
    assert.equal((await eventsOf(place, "GuardOverridden")).length, 1);
    await mustEnd(0, place, ["backup"]);
    const [first] = await snapshotsOf(place);
    await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
    assertSameTree(`${folder}/second`, `${folder}/out`);
    const older = ["restore", "--snapshot", `${first.position}`, "--to", `${folder}/older`];
    await mustEnd(0, place, older);
    assertSameTree(`${folder}/first`, `${folder}/older`);
    const kept = new Set(storeOf(place).split("\n"));
    assert.deepEqual(store.split("\n").filter((file) => !kept.has(file)), []);
  }));

Deno.test("a few removed entries need nobody's word", () =>
  withBackup(async (place) => {
    shell(`${place.folder}/src`, "rm many/1 many/2; rm -r docs");
    const { code, records, said } = await holdfastJson(place, ["backup"]);
    assert.equal(code, 0, said);
    assert.equal(records.at(-1)!.totals.removed, 6);
  }));
