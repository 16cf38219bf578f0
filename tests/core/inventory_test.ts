import assert from "node:assert/strict";
import { csvFields, csvReader } from "../../src/core/inventory/csv_fields.ts";
import { readInventoryManifest } from "../../src/core/inventory/inventory_manifest.ts";
import { inventoryObjects } from "../../src/core/inventory/inventory_row.ts";
import { isKind } from "../../src/core/error.ts";

const CSV_SCHEMA =
  "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass";

/** As the user guide shows it. */
function manifest(more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    sourceBucket: "example-source-bucket",
    destinationBucket: "arn:aws:s3:::example-inventory-destination-bucket",
    ...{ version: "2016-11-30", creationTimestamp: "1514944800000" },
    ...{ fileFormat: "CSV", fileSchema: CSV_SCHEMA },
    files: [{
      key: "Inventory/example-source-bucket/files/939c6d46.csv.gz",
      ...{ size: 2147483647, MD5checksum: "F11166069f1990abeb9c97ace9cdfabc" },
    }],
    ...more,
  });
}

Deno.test("a manifest says where the files are, when it was made, and what columns there are", () => {
  const read = readInventoryManifest(manifest());
  assert.equal(read.bucket, "example-inventory-destination-bucket");
  assert.equal(new Date(read.created).toISOString(), "2018-01-03T02:00:00.000Z");
  assert.deepEqual(read.columns.slice(0, 3), ["Bucket", "Key", "VersionId"]);
  assert.equal(read.files[0].md5, "f11166069f1990abeb9c97ace9cdfabc");
});

Deno.test("the columns of a Parquet report are those of its schema", () => {
  const fileSchema = "message s3.inventory { required binary bucket (UTF8); required binary key " +
    "(UTF8); optional boolean is_latest; optional int64 size; optional int64 last_modified_date " +
    "(TIMESTAMP_MILLIS); optional binary e_tag (UTF8); optional binary storage_class (UTF8); }";
  const { columns } = readInventoryManifest(manifest({ fileFormat: "Parquet", fileSchema }));
  const names = ["bucket", "key", "is_latest", "size", "last_modified_date", "e_tag"];
  assert.deepEqual(columns, [...names, "storage_class"]);
});

Deno.test("a report that cannot be compared is refused, with what to change", () => {
  const failing = (text: string) => {
    try {
      readInventoryManifest(text);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const orc = failing(manifest({ fileFormat: "ORC", fileSchema: "struct<bucket:string>" }));
  assert.ok(isKind(orc, "usage") && /CSV or Apache Parquet/.test(orc.hint!));
  const bare = failing(manifest({ fileSchema: "Bucket, Key, Size" }));
  assert.ok(isKind(bare, "usage") && /no column ETag, Storage class/.test(bare.message));
  for (const text of ["", "[]", "null", manifest({ files: [{}] }), manifest({ files: 1 })]) {
    assert.ok(isKind(failing(text), "damage"), text);
  }
});

Deno.test("rows of a CSV come whole, wherever the text is cut, with whatever quotes", () => {
  const text = '"b","a%20b","1"\n"b","c","2"\r\nb,,3\n"b","d""e",""';
  const rows = [["b", "a%20b", "1"], ["b", "c", "2"], ["b", "", "3"], ["b", 'd"e', ""]];
  for (let cut = 0; cut <= text.length; cut++) {
    const reader = csvReader();
    const found = [...reader.push(text.slice(0, cut)), ...reader.push(text.slice(cut))];
    assert.deepEqual([...found, ...reader.end()], rows, `cut at ${cut}`);
  }
  assert.deepEqual(csvFields('"a,b",c,"d"'), ["a,b", "c", "d"]);
});

Deno.test("keys of a CSV are decoded, those of Parquet are not, and only current objects count", () => {
  const columns = CSV_SCHEMA.split(", ");
  const row = (key: string, isLatest: string, isMarker: string) => [
    ...["b", key, "v", isLatest, isMarker, "7", "2026-11-01T00:00:00.000Z", "e", "GLACIER"],
  ];
  const ofCsv = inventoryObjects(columns, { isEncoded: true });
  const found = { size: 7, etag: "e", storageClass: "GLACIER" };
  assert.deepEqual(ofCsv(row("a%20b+%C3%A9%2B", "true", "false")), { key: "a b é+", ...found });
  assert.equal(ofCsv(row("a", "false", "false")), undefined);
  assert.equal(ofCsv(row("a", "TRUE", "True")), undefined);
  const ofParquet = inventoryObjects(columns, { isEncoded: false });
  assert.deepEqual(ofParquet(row("a%20b", "true", "false"))?.key, "a%20b");
  assert.throws(() => ofCsv(["b", "a"]), (error) => isKind(error, "damage"));
});
