/** Entries that the user may not read: listed, never taken for removed, stored once they can be. */
import assert from "node:assert/strict";
import { hasCommand, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { holdfastJson, mustEnd, type Place } from "./holdfast.ts";
import { folderJob, makeSmallTree, settle, withPlace } from "./place.ts";

/** Root reads everything: it is put behind the same modes as anybody. */
const asAnybody = Deno.uid() === 0
  ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
  : [];

const name = "what cannot be read is listed with exit code 3, kept, and stored once it can be";
Deno.test(name, () =>
  withPlace(async (empty) => {
    if (!canCompare(name) || (asAnybody.length > 0 && !hasCommand(name, "setpriv"))) return;
    const { folder } = empty;
    const src = `${folder}/src`;
    makeSmallTree(src);
    const place = await folderJob(empty);
    await mustEnd(0, place, ["backup"]);
    shell(src, "echo new > new; chmod 000 new; chmod 000 docs; echo other > nothing");
    await settle();
    for (let run = 0; run < 2; run++) {
      assert.deepEqual(await failures(place), ["docs", "new"]);
    }
    const { stdout } = await mustEnd(0, place, ["ls", "--recursive", "docs"]);
    assert.equal(stdout, "docs/letters/\ndocs/letters/two.txt\ndocs/one.txt\n");
    const snapshots = await holdfastJson(place, ["snapshots"]);
    assert.deepEqual(snapshots.records.map(({ gaps }) => gaps), [0, 2, 2]);

    shell(src, "chmod 755 docs; chmod 644 new");
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["log", "verify"]);
    await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
    assertSameTree(src, `${folder}/out`);
  }));

async function failures(place: Place): Promise<string[]> {
  const ended = await holdfastJson(place, ["backup"], { before: asAnybody });
  assert.equal(ended.code, 3, ended.said);
  return ended.records.filter(({ record }) => record === "entry-error").map(({ path }) => path)
    .toSorted();
}
