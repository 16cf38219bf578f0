/** A renamed folder of so many files, counted in versitygw's access log. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { mustEnd } from "./holdfast.ts";
import { s3Job, settle, withPlace } from "./place.ts";
import { loggedRun } from "./request_log.ts";

const WAYS = [
  ["copy", { versioning: false }],
  ["alias", { versioning: true }],
] as const;

/** Two tests: by copy in a bucket that keeps no versions, and by alias in one that does. */
export function testRenamedFolder(files: number): void {
  for (const [way, bucketOptions] of WAYS) {
    const name =
      `a renamed folder of ${files} files is settled by ${way} and sends no byte of them`;
    Deno.test(name, async () => {
      if (!canCompare(name)) return;
      await withGateway((server) =>
        withPlace(async (empty) => {
          const src = `${empty.folder}/src`;
          makeFolder(`${src}/before`, files);
          await settle();
          const place = await s3Job(empty, server, await freshBucket(server, bucketOptions));
          await mustEnd(0, place, ["backup"]);
          shell(src, "mv before after");
          const renamed = await loggedRun(place, server, ["backup"]);
          assert.equal(renamed.code, 0, renamed.said);
          assert.equal(renamed.bytes, 0);
          assert.equal(renamed.totals.objects, way === "copy" ? 1 : 0, "the marker alone");
          assert.deepEqual(
            renamed.operations,
            way === "alias" ? {} : {
              CopyObject: files,
              // The marker of the folder, which is empty.
              PutObject: 1,
              DeleteObjects: Math.ceil((files + 1) / 1000),
            },
          );
          if (way === "alias") assert.ok(renamed.count <= 10, `${renamed.count} requests`);
          const unchanged = await loggedRun(place, server, ["backup"]);
          assert.deepEqual([unchanged.code, unchanged.operations], [0, {}], unchanged.said);
          assert.ok(unchanged.count <= 10, `${unchanged.count} requests`);
          console.log(
            `${files} files renamed by ${way}: ${renamed.count} requests, ${renamed.seconds} s; ` +
              `unchanged: ${unchanged.count} requests`,
          );
          await mustEnd(0, place, ["check"]);
          await mustEnd(0, place, ["restore", "--to", `${place.folder}/out`]);
          assertSameTree(src, `${place.folder}/out`);
        })
      );
    });
  }
}

function makeFolder(folder: string, files: number): void {
  Deno.mkdirSync(folder);
  for (let i = 0; i < files; i++) Deno.writeTextFileSync(`${folder}/${i}`, `file ${i}`);
}
