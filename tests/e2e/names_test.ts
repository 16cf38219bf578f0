/** Every name that a file can have, through the executable and each store. */
import assert from "node:assert/strict";
import { textOfJson } from "../../src/core/path_text.ts";
import { onLinux, shell, touchAll } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, type InitJob, withGateway, withMoto } from "./each_store.ts";
import { holdfastJson, type JsonRecord, mustEnd, type Place } from "./holdfast.ts";
import { folderJob, s3Job, settle, withPlace } from "./place.ts";
import { allEscaped, makeOddNames } from "./tree.ts";

const wholeStores: [string, (run: (init: InitJob) => Promise<void>) => Promise<void>][] = [
  ["the folder store", (run) => run(folderJob)],
  ["moto", (run) =>
    withMoto(async (server) => {
      const bucket = await freshBucket(server);
      await run((place, options) => s3Job(place, server, bucket, options));
    })],
];

for (const [store, withStore] of wholeStores) {
  const name = `every odd name comes back from ${store}`;
  Deno.test(name, () =>
    withStore((init) =>
      withPlace(async (empty) => {
        if (!onLinux || !canCompare(name)) return;
        makeOddNames(`${empty.folder}/src`);
        touchAll(`${empty.folder}/src`, [allEscaped]);
        const place = await init(empty);
        await mustEnd(0, place, ["backup"]);
        await mustEnd(0, place, ["restore", "--to", `${empty.folder}/out`]);
        assertSameTree(`${empty.folder}/src`, `${empty.folder}/out`);
      })
    ));

  Deno.test(`a file and later a folder of the same name are both restored from ${store}`, () =>
    withStore((init) => withPlace((empty) => fileThenFolder(empty, init))));
}

async function fileThenFolder(empty: Place, init: InitJob): Promise<void> {
  const src = `${empty.folder}/src`;
  Deno.writeTextFileSync(`${src}/a`, "a file");
  shell(empty.folder, "cp -a src first");
  await settle();
  const place = await init(empty);
  const first = await holdfastJson(place, ["backup"]);
  shell(src, "rm a; mkdir a; echo below > a/b");
  shell(empty.folder, "cp -a src second");
  await settle();
  const second = await holdfastJson(place, ["backup"]);
  assert.equal(second.code, 0, second.said);
  for (const [name, { records }] of [["first", first], ["second", second]] as const) {
    const snapshot = String(records.at(-1)!.totals.snapshot);
    const out = `${empty.folder}/out-${name}`;
    await mustEnd(0, place, ["restore", "--snapshot", snapshot, "--to", out]);
    assertSameTree(`${empty.folder}/${name}`, out);
  }
}

Deno.test("versitygw holds all odd names but those too long for it, which are entry errors", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      if (!onLinux || !canCompare("odd names on versitygw")) return;
      const src = `${empty.folder}/src`;
      const out = `${empty.folder}/out`;
      makeOddNames(src);
      touchAll(src, [allEscaped]);
      const place = await s3Job(empty, server, await freshBucket(server));
      const backup = await holdfastJson(place, ["backup"]);
      assert.equal(backup.code, 3, backup.said);
      assert.deepEqual(failedPaths(backup.records), [allEscaped]);
      const restore = await holdfastJson(place, ["restore", "--to", out]);
      assert.equal(restore.code, 3, restore.said);
      assert.deepEqual(failedPaths(restore.records), [allEscaped]);
      shell(src, `rm -- "$(printf '\\201%.0s' $(seq 255))"; touch -r ../out .`);
      assertSameTree(src, out);
    })
  ));

Deno.test("where versitygw cannot hold a folder beside a file, its entries are errors and no more", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      const src = `${empty.folder}/src`;
      Deno.writeTextFileSync(`${src}/a`, "a file");
      Deno.writeTextFileSync(`${src}/c`, "another");
      const place = await s3Job(empty, server, await freshBucket(server));
      const first = await holdfastJson(place, ["backup"]);
      shell(src, "rm a; mkdir a; echo below > a/b; echo new > c");
      const second = await holdfastJson(place, ["backup"]);
      assert.equal(second.code, 3, second.said);
      assert.deepEqual(failedPaths(second.records).toSorted(), ["a", "a/b"]);
      const snapshot = String(first.records.at(-1)!.totals.snapshot);
      const out = `${empty.folder}/out`;
      await mustEnd(0, place, ["restore", "a", "--snapshot", snapshot, "--to", out]);
      assert.equal(Deno.readTextFileSync(`${out}/a`), "a file");
      await mustEnd(0, place, ["restore", "c", "--to", out]);
      assert.equal(Deno.readTextFileSync(`${out}/c`), "new\n");
    })
  ));

function failedPaths(records: readonly JsonRecord[]): string[] {
  return records.filter(({ record }) => record === "entry-error").map(({ path }) =>
    textOfJson(path)
  );
}
