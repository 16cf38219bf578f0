/** A nasty tree through the executable and a store, against what rsync sees. */
import assert from "node:assert/strict";
import { onLinux, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { onEachStore } from "./each_store.ts";
import { mustEnd } from "./holdfast.ts";
import { withPlace } from "./place.ts";
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
