/** Restores into shares that wait for what is archived, and what is planned of them. */
import assert from "node:assert/strict";
import type { Samba, SambaOptions } from "../../scripts/samba_server.ts";
import { sambaFor } from "../servers/samba.ts";
import { withSamba } from "../smb/share_fixture.ts";
import { shell } from "../sources/tree_tools.ts";
import { coldJob, requestsMade, setClock } from "./cold_job.ts";
import { mustEnd, type Place } from "./holdfast.ts";
import { differences, makeOld, passwordFile, shareTest, tellsSecret } from "./share_job.ts";

function withServers(
  name: string,
  second: SambaOptions,
  use: (place: Place, first: Samba, second: Samba) => Promise<void>,
): void {
  shareTest(name, async (place, first) => {
    await withSamba(await sambaFor(name, second), (other) => use(place, first, other));
  });
}

withServers(
  "restores into shares of several servers go on together, each with its own login",
  { guests: true },
  async (empty, first, second) => {
    shell(`${empty.folder}/src`, "mkdir a b; echo 1 > a/1; echo 2 > a/2; echo 3 > b/3");
    const place = await coldJob(empty);
    await mustEnd(0, place, ["backup"]);
    const login = ["--password-file", passwordFile(place, first.password)];
    const guest = `smb://${second.host}:${second.port}/${second.share}`;
    await mustEnd(13, place, ["restore", "a", "--to", `${first.url}/out`, "--yes", ...login]);
    await mustEnd(13, place, ["restore", "b", "--to", `${guest}/out`, "--yes"]);
    assert.equal(shell(first.data, "find out -type f"), "");
    setClock(place, 49);
    const dry = await mustEnd(0, place, ["restore", "--wait", "--dry-run", ...login]);
    assert.match(dry.said, /plan of restore 1: [^]*plan of restore 2: /);
    const done = await mustEnd(0, place, ["restore", "--wait", ...login]);
    assert.equal(
      shell(first.data, "cd out; find . -type f | sort; cat a/1 a/2"),
      "./a/1\n./a/2\n1\n2\n",
    );
    assert.equal(shell(second.data, "cd out; find . -type f; cat b/3"), "./b/3\n3\n");
    assert.deepEqual(requestsMade(place), [1, 1, 1]);
    assert.deepEqual(tellsSecret(place, first, done), []);
    await mustEnd(0, place, ["log", "verify"]);
  },
);

shareTest("without a terminal a restore into a share needs the password", async (empty, samba) => {
  shell(`${empty.folder}/src`, "mkdir a b; echo 1 > a/1; echo 2 > b/2");
  const place = await coldJob(empty);
  await mustEnd(0, place, ["backup"]);
  const login = ["--password-file", passwordFile(place, samba.password)];
  await mustEnd(13, place, ["restore", "a", "--to", `${samba.url}/out`, "--yes", ...login]);
  await mustEnd(13, place, ["restore", "b", "--to", `${place.folder}/out`, "--yes"]);
  const local = await mustEnd(2, place, ["restores", "resume", "2", ...login]);
  assert.match(local.said, /--password-file has no meaning for a local folder/);
  setClock(place, 49);
  const waited = await mustEnd(1, place, ["restore", "--wait"]);
  assert.match(waited.said, /restore 1 has stopped: there is no password of .*--password-file/);
  // The other one is done all the same.
  assert.equal(Deno.readTextFileSync(`${place.folder}/out/b/2`), "2\n");
  await mustEnd(1, place, ["restores", "resume", "1"]);
  await mustEnd(0, place, ["restores", "resume", "1", ...login]);
  assert.equal(Deno.readTextFileSync(`${samba.data}/out/a/1`), "1\n");
});

shareTest(
  "a share that is archived is restored to itself by the job's own login, and planned before",
  async (empty, samba) => {
    shell(samba.data, "mkdir docs; echo one > docs/1; echo two > docs/2; echo three > 3");
    makeOld(samba.data);
    const init = ["--password-file", passwordFile(empty, samba.password)];
    const place = await coldJob(empty, { sources: [`${samba.url}/docs`], init });
    await mustEnd(0, place, ["backup"]);
    const to = `${samba.url}/back/docs`;
    const cold = await coldOf(place, to);
    assert.deepEqual([cold, shell(samba.data, "ls")], [2, "3\ndocs\n"], "nothing is made");
    await mustEnd(13, place, ["restore", "1", "--to", to, "--yes"]);
    setClock(place, 49);
    await mustEnd(0, place, ["restores", "resume", "1"]);
    assert.equal(shell(samba.data, "cmp docs/1 back/docs/1; ls back/docs"), "1\n");
    // One of the two is there already.
    assert.equal(await coldOf(place, to), 1);
    await mustEnd(13, place, ["restore", "--to", to, "--yes"]);
    await mustEnd(0, place, ["restore", "--wait", "--dry-run"]);
    setClock(place, 99);
    await mustEnd(0, place, ["restore", "--wait"]);
    assert.equal(differences(`${samba.data}/docs`, `${samba.data}/back/docs`), "");
    assert.equal(await coldOf(place, to), 0);
    passwordFile(place, "a wrong one");
    const denied = await mustEnd(1, place, ["restore", "--to", to, "--dry-run"]);
    assert.match(denied.said, /refuses data as/);
    const none = await mustEnd(1, place, [
      ...["restore", "--dry-run", "--to", to.replace("/data/", "/none/")],
      ...["--password-file", init[1]],
    ]);
    assert.match(none.said, /refuses none as|has no share none/);
  },
);

/** Archived objects that the plan of a restore would wait for. */
async function coldOf(place: Place, to: string): Promise<number> {
  const { stdout } = await mustEnd(0, place, ["restore", "--to", to, "--dry-run"]);
  return Number(
    /cold: (\d+) object/.exec(stdout)?.[1] ?? /warming: (\d+) object/.exec(stdout)?.[1] ?? 0,
  );
}
