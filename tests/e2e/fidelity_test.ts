/** A nasty tree through the executable and a store, against what rsync sees. */
import assert from "node:assert/strict";
import { onLinux, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { onEachStore } from "./each_store.ts";
import { mustEnd } from "./holdfast.ts";
import { folderJob, withPlace } from "./place.ts";
import { makeNastyTree } from "./tree.ts";

onEachStore(
  (store) => `a nasty tree comes back from ${store} as it was`,
  (test, init) =>
    withPlace(async (empty) => {
      if (!onLinux || !canCompare(test)) return;
      const src = `${empty.folder}/src`;
      const out = `${empty.folder}/out`;
      makeNastyTree(test, src);
      const place = await init(empty);
      await mustEnd(0, place, ["backup"]);
      await mustEnd(0, place, ["restore", "--to", out]);
      assertSameTree(src, out);
      for (const [file, most] of [["sparse", 100], ["all-hole", 0]] as const) {
        const kib = Number(shell(out, `stat -c %b ${file}`)) / 2;
        assert.ok(kib <= most, `${file} takes ${kib} KiB`);
      }
      await mustEnd(0, place, ["log", "verify"]);
    }),
);

Deno.test({
  name: "a time after the year 2262 becomes the last one that a stat record holds, not one in 1900",
  ignore: !onLinux,
  fn: () =>
    withPlace(async (empty) => {
      shell(empty.folder, "touch -d '2300-01-01 UTC' src/late; touch -d '2262-04-11 UTC' src/last");
      const place = await folderJob(empty);
      await mustEnd(0, place, ["backup"]);
      await mustEnd(0, place, ["restore", "--to", `${empty.folder}/out`]);
      const times = shell(`${empty.folder}/out`, "TZ=UTC stat -c '%n %y' *");
      assert.equal(
        times,
        "last 2262-04-11 00:00:00.000000000 +0000\nlate 2262-04-11 23:47:16.854775807 +0000\n",
      );
      const again = await mustEnd(0, place, ["--json", "backup"]);
      assert.match(again.stdout, /"observed":0,/);
    }),
});
