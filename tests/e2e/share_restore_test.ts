/** `restore --to smb://…`, to real Samba. */
import assert from "node:assert/strict";
import type { Samba } from "../../scripts/samba_server.ts";
import { sambaFor } from "../servers/samba.ts";
import { shell } from "../sources/tree_tools.ts";
import { holdfast, mustEnd, type Place } from "./holdfast.ts";
import { folderJob } from "./place.ts";
import { differences, makeOld, passwordFile, shareJob, smbclient, withShare } from "./share_job.ts";

function test(name: string, use: (place: Place, samba: Samba) => Promise<void>): void {
  const config = ["vfs objects = streams_xattr"];
  Deno.test(name, async () => await withShare(await sambaFor(name, { config }), use));
}

function makeTree(folder: string): void {
  shell(
    folder,
    `mkdir -p docs/letters empty; echo one > docs/one.txt; echo two > docs/letters/zwei-ä.txt
     head -c 20000000 /dev/urandom > large; : > nothing; echo secret > hidden; echo fixed > readonly`,
  );
  makeOld(folder);
}

function attributesOf(samba: Samba, path: string): string {
  return /attributes: (\w*) \(/.exec(smbclient(samba, `allinfo "${path}"`))?.[1] ?? "";
}

test("a share is restored to itself with contents, times and attributes", async (empty, samba) => {
  makeTree(samba.data);
  smbclient(samba, "setmode hidden +h; setmode readonly +r; setmode docs +s");
  const place = await shareJob(empty, samba);
  await mustEnd(0, place, ["backup"]);
  const to = `${samba.url}/back/to here`;
  const first = await mustEnd(0, place, ["restore", "--to", to]);
  assert.match(first.stdout, /restored 10 entries/);
  assert.equal(differences(`${samba.data}/docs`, `${samba.data}/back/to here/docs`), "");
  shell(samba.data, "cmp large 'back/to here/large'; test -d 'back/to here/empty'");
  const names = ["hidden", "readonly", "docs", "large"];
  const attributes = names.map((name) => attributesOf(samba, `back/to here/${name}`));
  assert.deepEqual(attributes, ["H", "R", "SD", ""]);
  // Repeated, it finds all of it there.
  const again = await mustEnd(0, place, ["restore", "--to", to]);
  assert.match(again.stdout, /6 of them were there already/);
  shell(samba.data, "rm 'back/to here/large'; echo other > 'back/to here/nothing'");
  const kept = await holdfast(place, ["restore", "--to", to]);
  assert.deepEqual([kept.code, /nothing/.test(kept.said)], [3, true], kept.said);
  await mustEnd(0, place, ["restore", "--overwrite", "always", "--to", to]);
  shell(samba.data, "cmp large 'back/to here/large'; test ! -s 'back/to here/nothing'");
  assert.equal(attributesOf(samba, "back/to here/readonly"), "R");
  assert.equal(shell(samba.data, "find back -name '.holdfast*'"), "");
});

test(
  "a local folder is restored to a share, and what that cannot keep is told",
  async (empty, samba) => {
    const { folder } = empty;
    makeTree(`${folder}/src`);
    shell(
      `${folder}/src`,
      "ln -s large link; ln docs/one.txt one; setfattr -n user.note -v x large",
    );
    shell(`${folder}/src`, "echo colon > 'a:b'");
    const place = await folderJob(empty);
    await mustEnd(0, place, ["backup"]);
    const file = passwordFile(place, samba.password);
    const ended = await holdfast(place, [
      ...["restore", "--to", `${samba.url}/back`, "--password-file", file],
    ]);
    assert.equal(ended.code, 3, ended.said);
    assert.match(ended.said, /link.*a share has no symlinks/);
    assert.match(ended.said, /a:b/);
    assert.match(ended.said, /attribute user.note: a share has none/);
    assert.match(ended.said, /a share keeps no owner, mode/);
    shell(samba.data, "cmp back/one back/docs/one.txt; test ! -e back/a; test ! -e back/link");
    shell(samba.data, `cmp back/large ${folder}/src/large`);
  },
);

test("a share that cannot be opened is told, and nothing is restored", async (empty, samba) => {
  makeTree(samba.data);
  const place = await shareJob(empty, samba);
  await mustEnd(0, place, ["backup"]);
  const wrong = passwordFile(place, "a wrong one");
  const denied = await holdfast(place, [
    ...["restore", "--to", `${samba.url}/back`, "--password-file", wrong],
  ]);
  assert.deepEqual([denied.code, /refuses data as/.test(denied.said)], [1, true], denied.said);
  const none = `smb://${samba.user}@${samba.host}:${samba.port}/none`;
  passwordFile(place, samba.password);
  const gone = await holdfast(place, ["restore", "--to", none]);
  assert.deepEqual([gone.code, /has no share none/.test(gone.said)], [1, true], gone.said);
  assert.equal(shell(samba.data, "ls"), "docs\nempty\nhidden\nlarge\nnothing\nreadonly\n");
});
