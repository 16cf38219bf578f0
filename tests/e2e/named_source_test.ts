/** A source is its name: it may get one later, and may leave the config. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { holdfast, mustEnd } from "./holdfast.ts";
import { editConfig, folderJob, makeSmallTree, settle, withPlace } from "./place.ts";

Deno.test("a source gets a name, then others beside it, and leaves the config", () =>
  withPlace(async (empty) => {
    const { folder } = empty;
    makeSmallTree(`${folder}/src`);
    shell(folder, "mkdir other; echo other > other/one");
    await settle();
    const place = await folderJob(empty);
    const setSources = (...sources: [name: string, path: string][]) => {
      const tables = sources.map(([name, path]) =>
        `{ path = ${JSON.stringify(`${folder}/${path}`)}, name = ${JSON.stringify(name)} }`
      );
      editConfig(place, /sources = .*/, `sources = [${tables.join(", ")}]`);
    };
    await mustEnd(0, place, ["backup"]);
    const first = (await mustEnd(0, place, ["--json", "snapshots"])).stdout;
    const { position } = JSON.parse(first.trim().split("\n").at(-1)!);

    setSources(["docs", "other"]);
    const refused = await holdfast(place, ["backup"]);
    assert.equal(refused.code, 2, refused.said);
    assert.match(refused.said, /name it first: back up/);

    setSources(["home", "src"], ["docs", "other"]);
    const planned = await mustEnd(0, place, ["--dry-run", "backup"]);
    assert.match(planned.said, /the source without a name is the source home now/);
    const named = await mustEnd(0, place, ["--json", "backup"]);
    const summary = JSON.parse(named.stdout.trim().split("\n").at(-1)!);
    assert.equal(summary.totals.objects, 1, "only what is in the new source is stored");
    assert.equal((await mustEnd(0, place, ["ls"])).stdout, "docs/\nhome/\n");
    await mustEnd(0, place, ["restore", "--to", `${folder}/now`]);
    assertSameTree(`${folder}/src`, `${folder}/now/home`);
    assertSameTree(`${folder}/other`, `${folder}/now/docs`);
    const then = ["restore", "--snapshot", `${position}`, "--to", `${folder}/then`];
    await mustEnd(0, place, then);
    assertSameTree(`${folder}/src`, `${folder}/then`);
    await mustEnd(0, place, ["log", "verify"]);

    setSources(["home", "src"]);
    const left = /source docs is not in the config any more.*kept \(1 entry\)/;
    assert.match((await mustEnd(0, place, ["backup"])).said, left);
    const status = await mustEnd(0, place, ["status"]);
    assert.match(status.stdout, /not in the config +source docs: its 1 entry is kept/);
    assert.equal((await mustEnd(0, place, ["ls", "docs"])).stdout, "docs/one\n");
    await mustEnd(0, place, ["log", "verify"]);
  }));
