/** A server that is lost for good in the middle of a run: nothing is taken for deleted. */
import assert from "node:assert/strict";
import type { Samba } from "../../scripts/samba_server.ts";
import { shell } from "../sources/tree_tools.ts";
import { type Ended, endOf, mustEnd, type Place, startHoldfast } from "./holdfast.ts";
import { differences, makeOld, makeShare, shareJob, shareTest } from "./share_job.ts";

/** A lost server is tried again for 2 minutes. */
const LONGEST_MS = 10 * 60_000;

/** The server notes each folder that it lists in its log. */
const COUNTED = [
  ...["log level = 1", "full_audit:syslog = no", "full_audit:failure = none"],
  ...["vfs objects = full_audit", "full_audit:success = fdopendir"],
];

function listingsOf({ data }: Samba): number {
  return Deno.readTextFileSync(`${data}/../log`).split("|fdopendir|ok|").length - 1;
}

/** A backup whose server is killed for good as soon as it is far enough. */
async function lostDuring(
  place: Place,
  samba: Samba,
  isFarEnough: () => boolean,
): Promise<Ended> {
  const child = await startHoldfast(place, ["backup"], { longest: LONGEST_MS });
  let hasEnded = false;
  child.status.then(() => (hasEnded = true));
  while (!isFarEnough()) {
    assert.equal(hasEnded, false, "it ended before the server was lost");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await samba.kill();
  return await endOf(child);
}

async function pathsOf(place: Place): Promise<string[]> {
  return (await mustEnd(0, place, ["ls", "--recursive"])).stdout.split("\n");
}

async function snapshotsOf(place: Place): Promise<number> {
  const { stdout } = await mustEnd(0, place, ["snapshots", "--json"]);
  return stdout.split("\n").filter((line) => line.includes('"record":"snapshot"')).length;
}

/** The server is there again: one run makes up for all. */
async function carriesOn(place: Place, samba: Samba): Promise<void> {
  await samba.start();
  await mustEnd(0, place, ["backup"]);
  assert.equal(await snapshotsOf(place), 2);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
  await mustEnd(0, place, ["log", "verify"]);
}

shareTest(
  "a server that is lost while folders are listed is refused by the guard, the other source is stored",
  async (empty, samba) => {
    shell(samba.data, "seq 4000 | sed 's,^,folder,' | xargs mkdir; echo 1 > folder9/file");
    makeOld(samba.data);
    const local = `${empty.folder}/local`;
    shell(empty.folder, "mkdir local; echo before > local/file");
    const sources = [`share=${samba.url}`, `local=${local}`];
    const place = await shareJob(empty, samba, { sources });
    await mustEnd(0, place, ["backup"]);
    const before = await pathsOf(place);
    const known = listingsOf(samba);
    shell(samba.data, "rmdir folder1 folder3999; echo 2 > folder9/other; echo 3 > folder2/new");
    Deno.writeTextFileSync(`${local}/new`, "new");
    const ended = await lostDuring(place, samba, () => listingsOf(samba) >= known + 100);
    assert.equal(ended.code, 4, ended.said);
    assert.match(ended.said, /the server was lost|nothing listens at its port/);
    assert.match(ended.said, /guard: 4,001 entries .*nothing was removed and there is no snapshot/);
    assert.equal(Deno.readTextFileSync(`${place.folder}/store/local/new`), "new");
    const after = new Set(await pathsOf(place));
    assert.deepEqual(before.filter((path) => !after.has(path)), []);
    assert.equal(await snapshotsOf(place), 1);
    await carriesOn(place, samba);
    assert.equal(differences(samba.data, `${place.folder}/back/share`), "");
    assert.equal(differences(local, `${place.folder}/back/local`), "");
  },
  { config: COUNTED },
);

shareTest(
  "a server that is lost while files are stored fails the run, which the next one carries on",
  async (empty, samba) => {
    makeShare(samba.data, 5);
    const place = await shareJob(empty, samba);
    await mustEnd(0, place, ["backup"]);
    const before = await pathsOf(place);
    shell(samba.data, "mkdir new; cd new; seq 4000 | split -l 1 -a 4");
    makeOld(`${samba.data}/new`);
    const stored = () => Number(shell(place.folder, "ls store/new 2>/dev/null | wc -l"));
    const ended = await lostDuring(place, samba, () => stored() >= 30);
    assert.equal(ended.code, 1, ended.said);
    assert.match(ended.said, /the server was lost: .*[^]*run again: it carries on/);
    const after = new Set(await pathsOf(place));
    assert.deepEqual(before.filter((path) => !after.has(path)), []);
    assert.equal(await snapshotsOf(place), 1);
    assert.ok(stored() < 4000, "it was not lost in the middle");
    await carriesOn(place, samba);
    assert.equal(differences(samba.data, `${place.folder}/back`), "");
  },
);
