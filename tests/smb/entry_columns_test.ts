import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesOfText, compareText, textOfBytes } from "../../src/core/path_text.ts";
import { packStat } from "../../src/core/stat_record.ts";
import { columnWriter, listingOf, readColumns } from "../../src/smb/entry_columns.ts";
import { entriesOf } from "../sources/tree_tools.ts";

function recordOf(id: bigint): Uint8Array {
  return packStat({
    ...{ type: "file", sparse: false, mode: 0o644, uid: 0, gid: 0, fileId: id, size: id },
    ...{ mtime: 1n, ctime: 2n, birth: 3n, rdev: 0n },
  });
}

function partsOf(names: readonly string[][]) {
  let id = 0n;
  return names.map((part) => {
    const columns = columnWriter();
    for (const name of part) columns.add(bytesOfText(name), recordOf(++id));
    return readColumns(columns.take());
  });
}

Deno.test("entries in parts come back as one listing in byte order", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[/\0]/.test(text));
  fc.assert(fc.property(fc.array(fc.array(name)), (names) => {
    const listed = entriesOf(listingOf(partsOf(names)));
    const texts = names.flat().map((text) => textOfBytes(bytesOfText(text)));
    assert.deepEqual(listed.map(({ name }) => name), [...new Set(texts)].sort(compareText));
    for (const { name, stat, links, mount } of listed) {
      assert.equal(stat.fileId, BigInt(texts.indexOf(name) + 1));
      assert.deepEqual([links, mount], [1, 0]);
    }
  }));
});

Deno.test("a folder without entries is an empty listing", () => {
  const listing = listingOf([]);
  assert.deepEqual([listing.count, listing.names.length, listing.failed.length], [0, 0, 0]);
  assert.equal(listingOf([readColumns(columnWriter().take())]).count, 0);
});

Deno.test("a name that no entry can have is listed as failed", () => {
  const listing = listingOf(partsOf([["a", "../b", "c"]]));
  assert.deepEqual(entriesOf(listing).map(({ name }) => name), ["a", "c"]);
  assert.deepEqual(listing.failed.map(({ name }) => name), ["..\ufffdb"]);
});
