/** What a share has beside contents and times: streams, previous versions, security descriptors. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Samba } from "../../scripts/samba_server.ts";
import { sambaFor } from "../servers/samba.ts";
import { holdFile } from "../servers/smb_lock.ts";
import { run, shell, skip } from "../sources/tree_tools.ts";
import { holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { addConfig } from "./place.ts";
import { makeOld, shareJob, smbclient, withShare } from "./share_job.ts";

function test(
  name: string,
  config: string[],
  use: (place: Place, samba: Samba) => Promise<void>,
): void {
  Deno.test(name, async () => await withShare(await sambaFor(name, { config }), use));
}

test("alternate data streams come back", ["vfs objects = streams_xattr"], async (empty, samba) => {
  shell(samba.data, "echo doc > letter.doc; echo plain > plain; mkdir folder; echo big > big");
  Deno.writeTextFileSync(`${empty.folder}/zone`, "[ZoneTransfer]\r\nZoneId=3\r\n");
  const zone = `${empty.folder}/zone`;
  smbclient(
    samba,
    `put "${zone}" "letter.doc:Zone.Identifier"; put "${zone}" "letter.doc:two words"`,
  );
  smbclient(samba, `put "${zone}" "folder:note"`);
  makeOld(samba.data);
  const place = await shareJob(empty, samba, { config: ["smb_streams = true"] });
  await mustEnd(0, place, ["backup"]);
  await mustEnd(0, place, ["restore", "--to", `${samba.url}/back`]);
  for (const path of ["letter.doc:Zone.Identifier", "letter.doc:two words", "folder:note"]) {
    smbclient(samba, `get "back/${path}" "${empty.folder}/got"`);
    assert.equal(Deno.readTextFileSync(`${empty.folder}/got`), Deno.readTextFileSync(zone));
  }
  // A local folder keeps them as a Samba server does that shares it.
  await mustEnd(0, place, ["restore", "letter.doc", "--to", `${empty.folder}/back`]);
  const kept = (folder: string) => shell(folder, "getfattr -d -m user.DosStream -e hex letter.doc");
  assert.equal(kept(`${empty.folder}/back`), kept(samba.data));
  const again = await holdfastJson(place, ["backup"]);
  assert.equal(totalsOf(again.records).objects > 0, true);
  const still = await holdfastJson(place, ["backup"]);
  assert.equal(totalsOf(still.records).observed <= 1, true, still.said);
});

const SHADOW = ["vfs objects = shadow_copy2", "shadow:snapdir = {data}/.snap"];

test(
  "a previous version of a share is backed up in place of what is there now",
  [...SHADOW, "shadow:basedir = {data}"],
  async (empty, samba) => {
    shell(
      samba.data,
      `mkdir -p sub .snap/@GMT-2026.01.01-00.00.00 .snap/@GMT-2026.03.01-10.20.30
       echo first > sub/f; cp -a sub .snap/@GMT-2026.01.01-00.00.00
       echo second > sub/f; cp -a sub .snap/@GMT-2026.03.01-10.20.30; echo now > sub/f`,
    );
    const place = await shareJob(empty, samba, {
      path: "/sub",
      config: ['smb_snapshot = "latest"'],
    });
    await mustEnd(0, place, ["backup"]);
    assert.equal(Deno.readTextFileSync(`${place.folder}/store/f`), "second\n");
    shell(
      samba.data,
      "mkdir .snap/@GMT-2026.04.01-00.00.00; cp -a sub .snap/@GMT-2026.04.01-00.00.00",
    );
    const next = await holdfastJson(place, ["backup"]);
    assert.deepEqual([next.code, totalsOf(next.records).objects], [0, 1], next.said);
    assert.equal(Deno.readTextFileSync(`${place.folder}/store/f`), "now\n");
    const config = Deno.readTextFileSync(place.config);
    const older = config.replace('"latest"', '"@GMT-2026.01.01-00.00.00"');
    Deno.writeTextFileSync(place.config, older);
    await mustEnd(0, place, ["backup"]);
    assert.equal(Deno.readTextFileSync(`${place.folder}/store/f`), "first\n");
  },
);

test(
  "a file that a program holds open is backed up as the previous version has it",
  [...SHADOW, "shadow:basedir = {data}"],
  async (empty, samba) => {
    const version = ".snap/@GMT-2026.01.01-00.00.00";
    shell(samba.data, `mkdir -p ${version}; echo old > open.pst; cp -a open.pst ${version}`);
    shell(samba.data, "echo now > open.pst");
    const held = await holdFile(samba, "open.pst");
    try {
      const place = await shareJob(empty, samba);
      assert.match((await mustEnd(3, place, ["backup"])).said, /open\.pst.*EBUSY/);
      addConfig(place, ['smb_snapshot = "latest"']);
      await mustEnd(0, place, ["backup", "--accept-deletions"]);
      assert.equal(Deno.readTextFileSync(`${place.folder}/store/open.pst`), "old\n");
    } finally {
      await held.release();
    }
  },
);

const ACLS = "security descriptors come back, at the port that every Windows server has";
Deno.test(ACLS, () => {
  // libsmbclient reads them at port 445 alone: in a network of its own nobody else has that.
  if (Deno.uid() !== 0) return skip(ACLS, "only root may make a network for smbd");
  const script = fileURLToPath(new URL("share_acls.ts", import.meta.url));
  const line = 'ip link set lo up && exec "$@"';
  const deno = [Deno.execPath(), "run", "-A", "--no-check", script];
  console.log(run("unshare", ["-n", "sh", "-c", line, "sh", ...deno]));
});

test(
  "security descriptors need the standard port, and the config says so",
  [],
  async (empty, samba) => {
    const place = await shareJob(empty, samba);
    addConfig(place, ["smb_acls = true"]);
    const ended = await mustEnd(2, place, ["backup"]);
    assert.match(ended.said, /smb_acls: security descriptors are read at port 445 only/);
  },
);
