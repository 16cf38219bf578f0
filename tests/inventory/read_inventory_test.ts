import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { readInventoryManifest } from "../../src/core/inventory/inventory_manifest.ts";
import { readInventory } from "../../src/inventory/read_inventory.ts";
import { withFolder } from "../sources/tree_tools.ts";
import {
  type Format,
  type MadeReport,
  madeReport,
  type ReportedObject,
} from "./inventory_report.ts";

const BUCKETS = { source: "photos", reports: "reports" };

function object(key: string, more: Partial<ReportedObject> = {}): ReportedObject {
  return { key, size: 2 ** 40, etag: `e-${key.length}`, storageClass: "STANDARD", ...more };
}

async function keysOf({ manifest, files }: MadeReport, folder: string): Promise<string[]> {
  const report = readInventory(readInventoryManifest(manifest), {
    folder,
    open: ({ key }) => Promise.resolve(new Blob([files.get(key)! as BlobPart]).stream()),
  });
  const found: string[] = [];
  for await (const page of report.objects()) {
    for (const { key, size, etag, storageClass } of page) {
      assert.deepEqual([size, etag], [2 ** 40, `e-${key.length}`]);
      found.push(`${key} ${storageClass}`);
    }
  }
  return found;
}

for (const format of ["CSV", "Parquet"] as Format[]) {
  const parts = [
    [object("z"), object("a b+c%20é\u{10FFFF}"), object("old", { isLatest: false }), object("p/q")],
    [object("gone", { isMarker: true }), object("cold", { storageClass: "GLACIER" })],
  ];

  Deno.test(`a report in ${format} is read file by file, current objects only`, () =>
    withFolder(async (folder) => {
      const found = await keysOf(madeReport(format, BUCKETS, parts), folder);
      const wanted = ["z", "a b+c%20é\u{10FFFF}", "p/q"].map((key) => `${key} STANDARD`);
      assert.deepEqual(found, [...wanted, "cold GLACIER"]);
      assert.deepEqual([...Deno.readDirSync(folder)], [], "nothing is left behind");
    }));

  Deno.test(`a file of a report in ${format} that is cut or another one is damage`, () =>
    withFolder(async (folder) => {
      const made = madeReport(format, BUCKETS, parts);
      const [[key, body]] = made.files;
      const other = madeReport(format, BUCKETS, [[object("x")]]).files.get(key)!;
      for (const bad of [body.subarray(0, body.length - 9), other, new Uint8Array(100)]) {
        const files = new Map([...made.files, [key, bad]]);
        const failed = await keysOf({ ...made, files }, folder).catch((error) => error);
        assert.ok(isKind(failed, "damage"), `${failed}`);
        assert.ok(failed.context.file === key || failed.message.includes(key), "which file?");
      }
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    }));
}
