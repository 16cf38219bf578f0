import assert from "node:assert/strict";
import type { PathText } from "../../src/core/path_text.ts";
import { packStat } from "../../src/core/stat_record.ts";
import { filesAhead } from "../../src/sources/smb/files_ahead.ts";

function recordOf(size: number, type: "file" | "folder" = "file"): Uint8Array {
  return packStat({
    ...{ type, sparse: false, mode: 0o644, uid: 0, gid: 0, fileId: 1n, size: BigInt(size) },
    ...{ mtime: 1n, ctime: 1n, birth: 0n, rdev: 0n },
  });
}

function reader(fails: (path: PathText) => boolean = () => false) {
  const asked: PathText[] = [];
  const ahead = filesAhead((path, into) => {
    asked.push(path);
    if (fails(path)) return Promise.reject(new Error("no"));
    into.fill(7);
    return Promise.resolve({ length: into.length, record: recordOf(into.length) });
  });
  return { asked, ahead };
}

Deno.test("a file that is expected is read once, and taken once", async () => {
  const { asked, ahead } = reader();
  ahead.expect("a", recordOf(3));
  ahead.expect("a", recordOf(3));
  assert.deepEqual(asked, ["a"]);
  assert.deepEqual([...(await ahead.take("a"))!.content], [7, 7, 7]);
  assert.equal(ahead.take("a"), undefined);
  assert.equal(ahead.take("b"), undefined);
});

Deno.test("folders, empty and large files are not read ahead, and no more than so many", () => {
  const { asked, ahead } = reader();
  ahead.expect("folder", recordOf(0, "folder"));
  ahead.expect("empty", recordOf(0));
  ahead.expect("large", recordOf(2 * 1024 * 1024));
  assert.deepEqual(asked, []);
  for (let i = 0; i < 40; i++) ahead.expect(`file ${i}`, recordOf(1));
  assert.equal(asked.length, 16);
});

Deno.test("a failure is heard by whoever takes the file, and by nobody else", async () => {
  const { ahead } = reader((path) => path !== "good");
  ahead.expect("bad", recordOf(1));
  ahead.expect("never taken", recordOf(1));
  await new Promise((resolve) => setTimeout(resolve, 0));
  await assert.rejects(ahead.take("bad")!, /no/);
});
