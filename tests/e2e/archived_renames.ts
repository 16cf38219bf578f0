/** A renamed folder of so many archived files, counted in the requests that moto gets. */
import assert from "node:assert/strict";
import { freshBucket, withMoto } from "./each_store.ts";
import { startCountingProxy } from "./counting_proxy.ts";
import { holdfastJson, mustEnd } from "./holdfast.ts";
import { s3Job, settle, withPlace } from "./place.ts";
import { storageClassOf } from "./store_look.ts";
import { shell } from "../sources/tree_tools.ts";

export function testArchivedRename(files: number): void {
  Deno.test(`renaming a folder of ${files} archived files takes at most 10 requests, and no byte of them`, () =>
    withMoto((server) =>
      withPlace(async (empty) => {
        const src = `${empty.folder}/src`;
        Deno.mkdirSync(`${src}/before`);
        for (let i = 0; i < files; i++) Deno.writeTextFileSync(`${src}/before/${i}`, `file ${i}`);
        await settle();
        const proxy = startCountingProxy(server.endpoint);
        try {
          const bucket = await freshBucket(server);
          const list = `${empty.folder}/archived.tsv`;
          const config = ["min_archive_size = 0", `archived_list = "${list}"`];
          const init = ["--storage-class", "DEEP_ARCHIVE"];
          const place = await s3Job(
            empty,
            { ...server, endpoint: proxy.endpoint },
            bucket,
            { init, config },
          );
          await mustEnd(0, place, ["backup"]);
          assert.equal(await storageClassOf(server, bucket, "before/1"), "DEEP_ARCHIVE");
          assert.equal(Deno.readTextFileSync(list), "");
          shell(src, "mv before after");
          proxy.begin();
          const { code, said, records } = await holdfastJson(place, ["backup"]);
          const { requests } = proxy;
          assert.equal(code, 0, said);
          assert.ok(requests.length <= 10, requests.join("\n"));
          // What is written is the log; there is no RestoreObject, and nothing is copied.
          const written = requests.filter((line) => /^(PUT|POST|DELETE)/.test(line));
          assert.ok(written.every((line) => line.includes("/.holdfast/")), written.join("\n"));
          const { totals } = records.at(-1)!;
          assert.deepEqual([totals.objects, totals.bytes, totals.copied], [0, 0, 0]);
          const lines = Deno.readTextFileSync(list).split("\n");
          assert.equal(lines.length, files + 1);
          assert.ok(lines.includes("before/1\tafter/1"));
          console.log(`${files} archived files renamed: ${requests.length} requests`);
        } finally {
          await proxy.stop();
        }
      })
    ));
}
