/** Whole shares on each kind of server: 4,000 files, a file of 512 MiB, a folder of 100,000; packs. */
import assert from "node:assert/strict";
import { watchMemory } from "../../scripts/resident_memory.ts";
import { run, shell } from "../sources/tree_tools.ts";
import { endOf, holdfastJson, mustEnd, startHoldfast, totalsOf } from "./holdfast.ts";
import {
  differences,
  everyServer,
  makeOld,
  makeShare,
  shareJob,
  shareTest,
  smbclient,
  tellsSecret,
} from "./share_job.ts";

/** MiB of resident memory. */
const MOST_OF_PARENT = 256;
const MOST_OF_CHILD = 128;
const MOST_OF_CHILD_WITH_LARGE_FOLDER = 200;

function sha256Of(file: string): string {
  return run("sha256sum", ["--", file]).slice(0, 64);
}

function checkMemory(
  { parent, child }: { readonly parent: number; readonly child: number },
  mostOfChild: number,
): void {
  console.log(`resident: ${parent.toFixed(0)} MiB, a child ${child.toFixed(0)} MiB`);
  assert.ok(parent <= MOST_OF_PARENT, `parent: ${parent} MiB`);
  assert.ok(child <= mostOfChild, `child: ${child} MiB`);
}

everyServer("a file of 512 MiB is stored to the byte, and comes back", async (empty, samba) => {
  shell(samba.data, "head -c 536870912 /dev/urandom > large");
  makeOld(samba.data);
  const place = await shareJob(empty, samba);
  const child = await startHoldfast(place, ["backup"]);
  const [memory, ended] = await Promise.all([watchMemory(child), endOf(child)]);
  assert.equal(ended.code, 0, ended.said);
  const hash = sha256Of(`${samba.data}/large`);
  assert.equal(sha256Of(`${place.folder}/store/large`), hash);
  checkMemory(memory, MOST_OF_CHILD);
  await mustEnd(0, place, ["log", "verify"]);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
  assert.equal(sha256Of(`${place.folder}/back/large`), hash);
});

everyServer(
  "a folder of 100,000 files is listed whole, in bounded memory",
  async (empty, samba) => {
    shell(
      samba.data,
      "mkdir many; cd many; seq -f 'file %06g of a folder' 100000 | xargs -d '\\n' touch",
    );
    makeOld(samba.data);
    const place = await shareJob(empty, samba);
    const child = await startHoldfast(place, ["backup", "--dry-run"]);
    const [memory, ended] = await Promise.all([watchMemory(child), endOf(child)]);
    assert.match(ended.stdout, /100,001 entries/, ended.said);
    checkMemory(memory, MOST_OF_CHILD_WITH_LARGE_FOLDER);
  },
);

everyServer("4,000 files with all kinds of names come back as they were", async (empty, samba) => {
  makeShare(samba.data);
  const place = await shareJob(empty, samba);
  const first = await mustEnd(0, place, ["backup"]);
  assert.match(first.stdout, / 4,\d{3} entries/);
  assert.deepEqual(tellsSecret(place, samba, first), []);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
  assert.equal(differences(samba.data, `${place.folder}/back`), "");
  const second = await holdfastJson(place, ["backup"]);
  const { observed, objects, moved, removed } = totalsOf(second.records);
  assert.deepEqual([second.code, observed, objects, moved, removed], [0, 0, 0, 0, 0]);
  await mustEnd(0, place, ["log", "verify"]);
});

shareTest("packs hold a share, and give it back", async (empty, samba) => {
  makeShare(samba.data);
  const init = ["--layout", "pack", "--encryption", "none"];
  const place = await shareJob(empty, samba, { init });
  await mustEnd(0, place, ["backup"]);
  await mustEnd(0, place, ["restore", "--to", `${place.folder}/back`]);
  assert.equal(differences(samba.data, `${place.folder}/back`), "");
  const again = await holdfastJson(place, ["backup"]);
  assert.deepEqual([again.code, totalsOf(again.records).observed], [0, 0]);
  smbclient(samba, "setmode large +h");
  await mustEnd(0, place, ["backup"]);
  await mustEnd(0, place, ["log", "verify"]);
  // With tar alone: what has no owner belongs to whoever unpacks it.
  Deno.mkdirSync(`${place.folder}/untarred`);
  shell(
    `${place.folder}/untarred`,
    "for pack in ../store/packs/*/*; do zstd -dc $pack | tar -x --warning=no-unknown-keyword; done",
  );
  const unlike = differences(samba.data, `${place.folder}/untarred`).split("\n");
  // Folders get their times before they get what is in other packs.
  assert.deepEqual(unlike.filter((line) => line !== "" && !line.startsWith(".d..t......")), []);
});
