/** Shares of real Samba, backed up by the executable: with defaults, signing and encryption demanded. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { holdfastJson, mustEnd, totalsOf } from "./holdfast.ts";
import { everyServer, makeOld, passwordFile, shareJob, shareTest, smbclient } from "./share_job.ts";

everyServer("hidden, system and read-only files keep their attributes", async (empty, samba) => {
  shell(samba.data, "echo 1 > hidden; echo 2 > system; echo 3 > readonly; mkdir secret; echo > x");
  makeOld(samba.data);
  smbclient(samba, "setmode hidden +h; setmode system +s; setmode readonly +ra; setmode secret +h");
  const place = await shareJob(empty, samba);
  await mustEnd(0, place, ["backup"]);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
  // What a Samba server reads of a folder that it shares.
  const kept = shell(`${place.folder}/back`, "getfattr -R -n user.DOSATTRIB -e hex . 2>&1 || true");
  const attributes = (name: string) =>
    new RegExp(`file: ${name}\\nuser.DOSATTRIB=0x0000050005000000110000000(.)`).exec(kept)?.[1];
  assert.deepEqual(["hidden", "system", "secret"].map(attributes), ["2", "4", "2"]);
  assert.match(kept, /file: readonly\nuser.DOSATTRIB=0x00000500050000001100000021/);
  assert.match(kept, /x: user.DOSATTRIB: No such attribute/);
  // Its change time is the time of modification: the attributes themselves tell.
  smbclient(samba, "setmode hidden -h; setmode x +h");
  const changed = await holdfastJson(place, ["backup"]);
  assert.deepEqual([totalsOf(changed.records).observed, totalsOf(changed.records).objects], [2, 0]);
  const { stdout } = await mustEnd(0, place, ["history", "x"]);
  assert.match(stdout, /DOS attributes none -> H/);
});

everyServer(
  "names that Windows cannot have are backed up by their short forms",
  async (empty, samba) => {
    shell(
      samba.data,
      "echo colon > 'a:b'; mkdir 'what?'; echo in > 'what?/file'; echo dot > 'end.'",
    );
    makeOld(samba.data);
    const place = await shareJob(empty, samba);
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
    const contents = shell(`${place.folder}/back`, "find . -type f -exec cat {} + | sort");
    assert.equal(contents, "colon\ndot\nin\n");
  },
);

shareTest("files that were moved one by one are read, and not sent again", async (empty, samba) => {
  shell(samba.data, "mkdir a b; echo one > a/1; echo two > a/2");
  makeOld(samba.data);
  const place = await shareJob(empty, samba);
  await mustEnd(0, place, ["backup"]);
  shell(samba.data, "mv a/1 b/one; mv a/2 b/two");
  const ended = await holdfastJson(place, ["backup"]);
  const { moved, objects, removed } = totalsOf(ended.records);
  assert.deepEqual([moved, objects, removed], [2, 0, 0]);
});

shareTest("a share without a config is backed up by sync", async (place, samba) => {
  shell(samba.data, "mkdir sub; echo 1 > sub/a");
  makeOld(samba.data);
  const file = passwordFile(place, samba.password);
  const free = { ...place, config: "", state: "" };
  await mustEnd(0, free, [
    ...["sync", `${samba.url}/sub`, `file://${place.folder}/store`],
    ...["--password-file", file],
  ]);
  assert.equal(Deno.readTextFileSync(`${place.folder}/store/a`), "1\n");
});
