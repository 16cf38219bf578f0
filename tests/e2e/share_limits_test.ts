/** What neither a local folder nor a share can hold of a backup is listed at the end of the restore. */
import assert from "node:assert/strict";
import { hasCommand, run, shell, skip } from "../sources/tree_tools.ts";
import { holdfast, mustEnd } from "./holdfast.ts";
import { folderJob } from "./place.ts";
import { makeOld, passwordFile, shareJob, shareTest, smbclient } from "./share_job.ts";

const STREAMS = { config: ["vfs objects = streams_xattr"] };

/** Mounts a file system that has no attributes; false where that is refused, having said so. */
function mountBare(test: string, folder: string): boolean {
  Deno.mkdirSync(folder);
  try {
    run("mount", ["-t", "ramfs", "holdfast-test", folder]);
    return true;
  } catch {
    skip(test, "mount is refused");
    return false;
  }
}

const BARE = "what a local folder cannot hold of a share is listed, and the rest is there";
shareTest(BARE, async (empty, samba) => {
  shell(samba.data, "mkdir docs; echo one > docs/1; echo two > docs/2");
  Deno.writeTextFileSync(`${empty.folder}/zone`, "[ZoneTransfer]\r\nZoneId=3\r\n");
  smbclient(samba, `put "${empty.folder}/zone" "docs/1:Zone.Identifier"`);
  makeOld(samba.data);
  smbclient(samba, "setmode docs/1 +h; setmode docs/2 +h");
  const place = await shareJob(empty, samba, { config: ["smb_streams = true"] });
  await mustEnd(0, place, ["backup"]);
  const to = `${place.folder}/bare`;
  if (!mountBare(BARE, to)) return;
  try {
    const { said } = await mustEnd(0, place, ["restore", "--to", to]);
    assert.match(said, /2 entries: attribute user\.DOSATTRIB: ENOTSUP/);
    assert.match(said, /1 entry: attribute user\.DosStream\.Zone\.Identifier:\$DATA: ENOTSUP/);
    assert.equal(
      shell(to, "cat docs/1 docs/2; stat -c %y docs/1 | cut -c1-27"),
      "one\ntwo\n2020-02-02 02:02:02.1234567\n",
    );
  } finally {
    run("umount", [to]);
  }
}, STREAMS);

const PORT = "a security descriptor is not set where another server may have the standard port";
shareTest(PORT, async (empty, samba) => {
  if (!hasCommand(PORT, "setfattr")) return;
  const text = "REVISION:1,OWNER:S-1-5-21-1-2-3-1000,ACL:S-1-1-0:0/0/0x001f01ff";
  shell(
    `${empty.folder}/src`,
    `echo x > f; setfattr -n user.smb.security_descriptor -v '${text}' f`,
  );
  const place = await folderJob(empty);
  await mustEnd(0, place, ["backup"]);
  const login = ["--password-file", passwordFile(place, samba.password)];
  const ended = await holdfast(place, ["restore", "--to", `${samba.url}/back`, ...login]);
  assert.equal(ended.code, 0, ended.said);
  assert.match(ended.said, /1 entry: security descriptor: set at port 445 only/);
  assert.equal(Deno.readTextFileSync(`${samba.data}/back/f`), "x\n");
});
