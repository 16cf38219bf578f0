/** What can go wrong with a share, on each kind of server, through the executable. */
import assert from "node:assert/strict";
import type { Samba } from "../../scripts/samba_server.ts";
import { freePort } from "../servers/free_port.ts";
import { holdFile } from "../servers/smb_lock.ts";
import { shell } from "../sources/tree_tools.ts";
import {
  endOf,
  holdfast,
  holdfastJson,
  mustEnd,
  type Place,
  startHoldfast,
  totalsOf,
} from "./holdfast.ts";
import { editConfig } from "./place.ts";
import {
  differences,
  everyServer,
  makeOld,
  makeShare,
  passwordFile,
  shareJob,
} from "./share_job.ts";

everyServer(
  "what keeps a share from being backed up is named, and nothing is deleted",
  async (empty, samba) => {
    shell(samba.data, "seq 50 | xargs touch");
    makeOld(samba.data);
    const place = await shareJob(empty, samba);
    await mustEnd(0, place, ["backup"]);
    const wrong: [string | RegExp, string, RegExp][] = [
      [`/${samba.share}"`, '/none"', /has no share none/],
      [`/${samba.share}"`, `/${samba.share}/none"`, /the source is not there: \/\/.*\/data\/none/],
      [`:${samba.port}/`, `:${freePort()}/`, /cannot reach .*ECONNREFUSED/],
      [/password_file = .*/, 'password_env = "NOBODY_SET_IT"', /NOBODY_SET_IT.* is not set/],
      [/password_file = .*/, "", /there is no password of .*, and no terminal to ask for it at/],
      [/password_file = .*/, 'password_file = "none"', /password file .*none cannot be read/],
    ];
    const right = Deno.readTextFileSync(place.config);
    for (const [from, to, message] of wrong) {
      editConfig(place, from, to);
      const ended = await holdfast(place, ["backup"]);
      assert.equal(ended.code, 4, ended.said);
      assert.match(ended.said, message);
      assert.match(ended.said, /guard: 50 entries .*nothing was removed/);
      Deno.writeTextFileSync(place.config, right);
    }
    passwordFile(place, "a wrong one");
    const ended = await holdfast(place, ["backup"]);
    assert.deepEqual([ended.code, /refuses data as/.test(ended.said)], [4, true], ended.said);
    passwordFile(place, samba.password);
    assert.equal(totalsOf((await holdfastJson(place, ["backup"])).records).entries, 50);
  },
);

everyServer(
  "a share that was never backed up and cannot be opened is an error",
  async (empty, samba) => {
    const place = await shareJob(empty, samba);
    passwordFile(place, "a wrong one");
    const denied = await holdfast(place, ["backup"]);
    assert.deepEqual([denied.code, /refuses data as/.test(denied.said)], [1, true], denied.said);
    assert.match(denied.said, /look at user, domain and password/);
    passwordFile(place, samba.password);
    editConfig(place, `/${samba.share}"`, '/none"');
    const none = await holdfast(place, ["backup"]);
    assert.deepEqual([none.code, /has no share none/.test(none.said)], [2, true], none.said);
  },
);

everyServer(
  "a locked file is listed as unreadable, and backed up when it is free",
  async (empty, samba) => {
    shell(samba.data, "echo mail > open.pst; echo x > other");
    makeOld(samba.data);
    const place = await shareJob(empty, samba);
    const held = await holdFile(samba, "open.pst");
    const locked = await holdfast(place, ["backup"]);
    assert.equal(locked.code, 3, locked.said);
    assert.match(locked.said, /open\.pst.*EBUSY: locked by another program/);
    await held.release();
    for (let tries = 0; (await holdfast(place, ["backup"])).code !== 0; tries++) {
      assert.ok(tries < 50, "it stays locked");
    }
    await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
    assert.equal(differences(samba.data, `${place.folder}/back`), "");
  },
);

everyServer(
  "a server that is killed and started again in the middle interrupts nothing",
  (empty, samba) =>
    disturbed(empty, samba, async () => {
      await samba.kill();
      await samba.start();
    }),
);

everyServer(
  "a server that hangs for a while interrupts nothing",
  (empty, samba) =>
    disturbed(empty, samba, async () => {
      samba.freeze();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      samba.resume();
    }),
);

/** A first backup, disturbed twice while it stores files, is whole. */
async function disturbed(empty: Place, samba: Samba, disturb: () => Promise<void>): Promise<void> {
  makeShare(samba.data, 10);
  const place = await shareJob(empty, samba);
  const child = await startHoldfast(place, ["backup"]);
  let ended = false;
  child.status.then(() => (ended = true));
  for (const stored of [30, 300]) {
    while (!ended && filesIn(`${place.folder}/store`) < stored) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(ended, false, "it ended before it was disturbed");
    await disturb();
  }
  const { code, said } = await endOf(child);
  assert.equal(code, 0, said);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
  assert.equal(differences(samba.data, `${place.folder}/back`), "");
}

function filesIn(folder: string): number {
  return Number(shell(folder, "find . -type f 2>/dev/null | wc -l"));
}

everyServer(
  "a file that changes while it is read is stored as it was in the end",
  async (empty, samba) => {
    const path = `${samba.data}/growing`;
    Deno.writeFileSync(path, new Uint8Array(40 * 1024 * 1024).fill(1));
    const place = await shareJob(empty, samba);
    const child = await startHoldfast(place, ["backup"]);
    let ended = false;
    child.status.then(() => (ended = true));
    for (let i = 0; !ended; i++) {
      using file = Deno.openSync(path, { write: true });
      file.seekSync(i * 4096, Deno.SeekMode.Start);
      file.writeSync(new Uint8Array(4096).fill(2));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { code, said } = await endOf(child);
    assert.equal(code, 0, said);
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
    assert.equal(differences(samba.data, `${place.folder}/back`), "");
  },
);
