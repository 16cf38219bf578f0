import assert from "node:assert/strict";
import type { PackedFile } from "../../src/ports/work_tables.ts";
import { sqliteWorkTables } from "../../src/sqlite/work_tables.ts";
import { databaseFolder } from "./log_fixture.ts";

function packedFile(more: Partial<PackedFile>): PackedFile {
  return {
    ...{ pack: 1, at: 512, size: 2 ** 40, chunked: false, sha256: new Uint8Array(32).fill(7) },
    ...{ folder: 1, name: Uint8Array.of(0xff, 0x61), replace: false, ...more },
  };
}

Deno.test("files to be restored come in the order of the packs, those in chunks by themselves", () => {
  const folder = databaseFolder();
  try {
    const queue = sqliteWorkTables(folder).restores();
    const files = [
      packedFile({ pack: 1, at: 512, replace: true }),
      packedFile({ pack: 1, at: 512, folder: 2 }),
      packedFile({ pack: 1, at: 2 ** 40 }),
      packedFile({ pack: 2, at: 0, name: new TextEncoder().encode("é") }),
      packedFile({ pack: 10, at: 0 }),
    ];
    const large = packedFile({ pack: 3, chunked: true });
    for (const file of [large, ...files.toReversed()]) queue.add(file);
    assert.deepEqual([...queue.inOrder(false)], files);
    assert.deepEqual([...queue.inOrder(true)], [large]);
    queue.close();
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("more files than a page has are all there, each once", () => {
  const folder = databaseFolder();
  try {
    const queue = sqliteWorkTables(folder).restores();
    for (let i = 0; i < 2500; i++) queue.add(packedFile({ at: (i * 7919) % 2500 }));
    const places = [...queue.inOrder(false)].map(({ at }) => at);
    assert.deepEqual(places, Array.from({ length: 2500 }, (_, at) => at));
    queue.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
