/** Upkeep of a repository: check, forget, prune, undo. */
import assert from "node:assert/strict";
import { onLinux, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { onEachStore } from "./each_store.ts";
import { holdfast, holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { makeSmallTree, settle, withPlace } from "./place.ts";

async function changeAndBackUp(place: Place, command: string, copy: string): Promise<number> {
  await settle();
  shell(`${place.folder}/src`, command);
  await settle();
  shell(place.folder, `cp -a src ${copy}`);
  const ended = await holdfastJson(place, ["backup", "--accept-deletions"]);
  assert.equal(ended.code, 0, ended.said);
  return totalsOf(ended.records).snapshot;
}

onEachStore(
  (store) => `${store} is checked, pruned of what was forgotten, and a run is undone`,
  (test, init) =>
    withPlace(async (empty) => {
      if (!onLinux || !canCompare(test)) return;
      const { folder } = empty;
      makeSmallTree(`${folder}/src`);
      const place = await init(empty);
      const first = await changeAndBackUp(place, "echo gone > gone", "first");
      await changeAndBackUp(place, "echo more > docs/one.txt; rm gone; mv docs papers", "second");
      await changeAndBackUp(place, "rm -r papers; echo other > nothing", "third");

      const refused = await holdfast(place, ["undo", "ffffffff"]);
      assert.equal(refused.code, 2, refused.said);
      const dry = await mustEnd(0, place, ["undo", "last", "--dry-run"]);
      assert.match(dry.stdout, /^revert papers\/one\.txt: back as it was/m);
      await mustEnd(0, place, ["undo", "last"]);
      const head = await holdfastJson(place, ["status"]);
      const position = head.records.find(({ record }) => record === "status")!.position;
      await mustEnd(0, place, ["restore", "--at", `${position}`, "--to", `${folder}/undone`]);
      assertSameTree(`${folder}/second`, `${folder}/undone`);
      await mustEnd(0, place, ["log", "verify"]);

      await mustEnd(0, place, ["forget", `${first}`]);
      const asked = await holdfast(place, ["prune"]);
      assert.equal(asked.code, 2, asked.said);
      const plan = totalsOf((await holdfastJson(place, ["prune", "--dry-run"])).records);
      assert.ok(plan.planned > 0);
      const pruned = await holdfastJson(place, ["prune", "--yes"]);
      assert.equal(pruned.code, 0, pruned.said);
      assert.equal(totalsOf(pruned.records).deleted, plan.planned);
      assert.equal(totalsOf((await holdfastJson(place, ["prune", "--yes"])).records).planned, 0);

      const checked = await holdfastJson(place, ["check", "--read-data", "--snapshots"]);
      assert.equal(checked.code, 0, checked.said);
      await mustEnd(0, place, ["restore", "--to", `${folder}/again`]);
      assertSameTree(`${folder}/second`, `${folder}/again`);
      await mustEnd(0, place, ["backup", "--accept-deletions"]);
      await mustEnd(0, place, ["restore", "--to", `${folder}/now`]);
      assertSameTree(`${folder}/third`, `${folder}/now`);
      await mustEnd(0, place, ["check", "--read-data=50%"]);
      await mustEnd(0, place, ["log", "verify"]);
    }),
);
