/** Folders of a share that are recorded and not entered. */
import assert from "node:assert/strict";
import { DOS_HIDDEN, DOS_REPARSE_POINT } from "../../src/core/dos_attributes.ts";
import { bytesOfText } from "../../src/core/path_text.ts";
import { type EntryStat, NO_OWNER, packStat } from "../../src/core/stat_record.ts";
import { columnWriter, listingOf, readColumns } from "../../src/smb/entry_columns.ts";
import type { ListedFolder } from "../../src/smb/share_calls.ts";
import { shareFolder } from "../../src/sources/smb/share_folder.ts";
import type { ShareWalk } from "../../src/sources/smb/share_walk.ts";
import { entriesOf } from "./tree_tools.ts";

const folder: EntryStat = {
  ...{ type: "folder", sparse: false, mode: 0o755, uid: NO_OWNER, gid: NO_OWNER, size: 0n },
  ...{ fileId: 0n, mtime: 1n, ctime: 1n, birth: 1n, rdev: 0n, dos: 0 },
};

/** A walk of one folder with these folders in it, which notes what is listed ahead. */
function walkOf(stats: Readonly<Record<string, Partial<EntryStat>>>) {
  const columns = columnWriter();
  for (const [name, stat] of Object.entries(stats)) {
    columns.add(bytesOfText(name), packStat({ ...folder, ...stat }));
  }
  const listed: ListedFolder = {
    listing: listingOf([readColumns(columns.take())]),
    record: undefined,
  };
  const expected: string[] = [];
  const ahead: ShareWalk["ahead"] = {
    ...{ take: () => Promise.resolve(listed), put() {}, leave() {} },
    expect: (paths) => void expected.push(...paths),
  };
  const walk: Partial<ShareWalk> = { ahead, identity: "", racyWindow: 0n, root: ["share"] };
  return { expected, walk: walk as ShareWalk };
}

Deno.test("a folder with a reparse point is an entry with nothing below it, and is not listed", async () => {
  const { walk, expected } = walkOf({
    junction: { dos: DOS_REPARSE_POINT | DOS_HIDDEN, fileId: 7n },
    plain: { dos: DOS_HIDDEN, fileId: 8n },
  });
  const root = shareFolder(walk, { path: "", ids: new Set([1n]) });
  const entries = entriesOf(await root.list());
  assert.deepEqual(entries.map(({ name }) => name), ["junction", "plain"]);
  assert.equal(entries[0].stat.dos, DOS_REPARSE_POINT | DOS_HIDDEN);
  assert.deepEqual(expected, ["plain"]);
  assert.equal((await root.enter("junction").list()).count, 0);
  assert.equal((await root.enter("plain").list()).count, 2);
  assert.throws(() => root.enter("junction").enter("below"), /not a folder any more/);
});

Deno.test("a folder that is one of those above it is not entered, for it has no end", async () => {
  const { walk, expected } = walkOf({ loop: { fileId: 1n }, unknown: { fileId: 0n } });
  const root = shareFolder(walk, { path: "a", ids: new Set([1n, 2n]) });
  await root.list();
  assert.deepEqual(expected, ["a/unknown"]);
  assert.equal((await root.enter("loop").list()).count, 0);
});
