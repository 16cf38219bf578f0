/** What becomes of removed files, and when nothing is believed to be removed (tests/e2e/guards_test.ts). */
import assert from "node:assert/strict";
import { hasCommand, shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { eventsOf, holdfast, holdfastJson, mustEnd, type Place, totalsOf } from "./holdfast.ts";
import { type Mounts, withMounts } from "./mounted.ts";
import { addConfig, folderJob, s3Job, settle, withPlace } from "./place.ts";
import { listVersions } from "./store_look.ts";

/** A job with 70 entries, backed up once to a bucket; `first` is a copy of its source. */
function withBackup(
  versioning: boolean,
  use: (place: Place, keys: () => Promise<string[]>) => Promise<void>,
): Promise<void> {
  return withGateway((server) =>
    withPlace(async (empty) => {
      makeTree(empty);
      const bucket = await freshBucket(server, { versioning });
      const place = await s3Job(empty, server, bucket);
      await mustEnd(0, place, ["backup"]);
      await use(place, async () => currentKeys(await listVersions(server, bucket)));
    })
  );
}

function makeTree({ folder }: Place): void {
  shell(
    `${folder}/src`,
    `mkdir -p many few few/sub; for i in $(seq 60); do echo $i > many/$i; done
     for i in 1 2 3; do echo few $i > few/$i; done; echo sub > few/sub/4; ln -s 1 few/link`,
  );
  shell(folder, "cp -a src first");
}

/** Keys of what is not Holdfast's own, without those whose newest version is a delete marker. */
function currentKeys(versions: readonly string[]): string[] {
  const newest = new Map<string, boolean>();
  for (const line of versions) {
    const key = line.split(" ")[0];
    if (key.startsWith(".holdfast/")) continue;
    newest.set(key, (newest.get(key) ?? true) && !line.endsWith(" deleted"));
  }
  return [...newest].flatMap(([key, isThere]) => isThere ? [key] : []).sort();
}

const gone = ["few/", "few/1", "few/2", "few/3", "few/link", "few/sub/", "few/sub/4"];
const without = (keys: readonly string[], lost: readonly string[]) =>
  keys.filter((key) => !lost.includes(key));

for (const versioning of [false, true]) {
  const bucket = versioning ? "a bucket with versions" : "a bucket without versions";

  Deno.test(`objects of removed files stay in ${bucket}, and older snapshots are whole`, () =>
    withBackup(versioning, async (place, keys) => {
      const { folder } = place;
      const before = await keys();
      shell(`${folder}/src`, "rm -r few");
      const { code, records, said } = await holdfastJson(place, ["backup"]);
      assert.equal(code, 0, said);
      assert.deepEqual([totalsOf(records).removed, totalsOf(records).deleted], [7, 0]);
      assert.deepEqual(await keys(), before);
      const { stdout } = await mustEnd(0, place, ["history", "few/1"]);
      assert.match(stdout, /removed/);
      await restoresFirst(place, 0);
    }));

  for (const how of ["--delete", "delete = true"]) {
    Deno.test(`${how} deletes objects of removed files from ${bucket}`, () =>
      withBackup(versioning, async (place, keys) => {
        const { folder } = place;
        const before = await keys();
        const args = how === "--delete" ? ["backup", how] : ["backup"];
        if (args.length === 1) addConfig(place, [how]);
        // Removed in the sight of a run that was not to delete: of one that is, they go as well.
        shell(`${folder}/src`, "rm few/1");
        await mustEnd(0, place, ["backup", ...(how === "--delete" ? [] : ["--description", "x"])]);
        shell(`${folder}/src`, "rm -r few");
        await mustEnd(0, place, args);
        assert.deepEqual(await keys(), without(before, gone));
        await mustEnd(0, place, ["check"]);
        await mustEnd(0, place, ["log", "verify"]);
        await restoresFirst(place, versioning ? 0 : 3);
      }));
  }
}

/** The first snapshot; what is gone from the store is listed, and the rest is restored. */
async function restoresFirst(place: Place, code: 0 | 3): Promise<void> {
  const { folder } = place;
  const [{ position }] = await eventsOf(place, "SnapshotCreated");
  const args = ["restore", "--snapshot", `${position}`, "--to", `${folder}/out`];
  const ended = await mustEnd(code, place, args);
  if (code === 0 && canCompare("restore of the first snapshot")) {
    assertSameTree(`${folder}/first`, `${folder}/out`);
  }
  if (code === 0) return;
  for (const path of ["few/1", "few/sub/4"]) assert.ok(ended.said.includes(path), ended.said);
  shell(folder, "diff -r first/many out/many");
}

Deno.test("a dry run with --delete names what would be deleted, and deletes nothing", () =>
  withBackup(false, async (place, keys) => {
    const before = await keys();
    shell(`${place.folder}/src`, "rm -r few");
    const { stdout } = await mustEnd(0, place, ["--dry-run", "backup", "--delete"]);
    for (const key of gone) assert.ok(stdout.includes(key), `${key} is not in ${stdout}`);
    assert.deepEqual(await keys(), before);
  }));

Deno.test("a refused run deletes nothing, whatever was removed, and goes on once the source is back", () =>
  withBackup(false, async (place, keys) => {
    const { folder } = place;
    const before = await keys();
    shell(folder, "mv src/many gone; rm src/few/1");
    for (let run = 0; run < 2; run++) {
      const { code, said } = await holdfast(place, ["--yes", "backup", "--delete"]);
      assert.equal(code, 4, said);
    }
    assert.deepEqual(await keys(), before);
    assert.equal((await eventsOf(place, "SnapshotCreated")).length, 1);
    shell(folder, "mv gone src/many");
    await mustEnd(0, place, ["backup", "--delete"]);
    assert.deepEqual(await keys(), without(before, ["few/1"]));
    shell(folder, "rm -r src/many");
    assert.equal((await holdfast(place, ["backup", "--delete"])).code, 4);
    await mustEnd(0, place, ["backup", "--delete", "--accept-deletions"]);
    assert.deepEqual((await keys()).filter((key) => key.startsWith("many/")), []);
  }));

Deno.test("files that were moved are not missing, however many they are", () =>
  withBackup(false, async (place, keys) => {
    const { folder } = place;
    shell(`${folder}/src`, "mkdir other; mv many/* other/; rmdir many; mv few/* .; rmdir few");
    await settle();
    const { code, said, records } = await holdfastJson(place, ["backup"]);
    assert.equal(code, 0, said);
    assert.equal(totalsOf(records).bytes, 0);
    const found = shell(`${folder}/src`, "find . -type f -printf '%P\\n'").trim().split("\n");
    for (const path of found) assert.ok((await keys()).includes(path), path);
  }));

const linesOf = async (place: Place) =>
  (await mustEnd(0, place, ["ls", "-r"])).stdout.trim().split("\n");

const filesOf = (folder: string) => shell(folder, "find store -type f").trim().split("\n");

/** Refused with this guard, twice; the index and the store have all that they had. */
async function isRefused(place: Place, guard: string): Promise<void> {
  const { folder } = place;
  const [listed, stored] = [await linesOf(place), filesOf(folder)];
  for (let run = 0; run < 2; run++) {
    const { code, said } = await holdfast(place, ["--yes", "backup", "--delete"]);
    assert.equal(code, 4, said);
    assert.match(said, /--accept-deletions/);
  }
  const refused = await eventsOf(place, "ScanRefused");
  assert.deepEqual(refused.slice(-2).map(({ data }) => data.guard), [guard, guard]);
  assert.deepEqual(without(listed, await linesOf(place)), []);
  assert.deepEqual(without(stored, filesOf(folder)), []);
}

/** A job on a folder store; where `isBelow`, its source has a mount `few` with some of its entries. */
function onMounts(
  name: string,
  isBelow: boolean,
  use: (place: Place, few: string, mounts: Mounts) => Promise<void>,
): void {
  Deno.test(name, () =>
    withPlace((empty) =>
      withMounts(name, async (mounts) => {
        const src = `${empty.folder}/src`;
        const few = `${src}/few`;
        if (isBelow) {
          Deno.mkdirSync(few);
          mounts.mount(few);
        }
        makeTree(empty);
        const place = await folderJob(empty);
        await mustEnd(0, place, ["backup"]);
        await use(place, few, mounts);
      })
    ));
}

onMounts("another file system over the source is refused", false, async (place, _, mounts) => {
  const src = `${place.folder}/src`;
  mounts.mount(src);
  await isRefused(place, "foreign");
  shell(src, "mkdir many few; touch many/1 few/1");
  await isRefused(place, "foreign");
  mounts.unmount(src);
  await mustEnd(0, place, ["backup"]);
  assert.equal((await eventsOf(place, "GuardOverridden")).length, 0);
});

onMounts("a mount below the source that is gone is refused", true, async (place, few, mounts) => {
  mounts.unmount(few);
  await isRefused(place, "foreign");
  await mustEnd(0, place, ["backup", "--accept-deletions"]);
  assert.equal((await mustEnd(0, place, ["ls", "few"])).stdout, "");
});

onMounts("a mount that is gone with its folder is refused", true, async (place, few, mounts) => {
  mounts.unmount(few);
  Deno.removeSync(few);
  await isRefused(place, "foreign");
});

onMounts("a mount gone with a folder above it is refused", false, async (place, _, mounts) => {
  const { folder } = place;
  shell(folder, "mkdir -p src/above/mounted");
  mounts.mount(`${folder}/src/above/mounted`);
  shell(folder, "echo in > src/above/mounted/file");
  await mustEnd(0, place, ["backup"]);
  mounts.unmount(`${folder}/src/above/mounted`);
  shell(folder, "rm -r src/above");
  await isRefused(place, "foreign");
});

onMounts("another mount in its place is refused", true, async (place, few, mounts) => {
  mounts.unmount(few);
  mounts.mount(few);
  shell(few, "echo other > other");
  await isRefused(place, "foreign");
});

onMounts("a mount below the source that is empty is refused", true, async (place, few) => {
  shell(few, "rm -r *");
  await isRefused(place, "empty");
});

/** Root reads everything: it is put behind the same modes as anybody. */
const asAnybody = Deno.uid() === 0
  ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
  : [];

const unreadable =
  "a folder that cannot be read is kept with all that is in it, with --delete, too";
Deno.test(unreadable, () =>
  withBackup(false, async (place, keys) => {
    if (asAnybody.length > 0 && !hasCommand(unreadable, "setpriv")) return;
    const before = await keys();
    const listed = (await mustEnd(0, place, ["ls", "-r"])).stdout;
    shell(`${place.folder}/src`, "chmod 000 many few/sub");
    for (const args of [["backup", "--delete"], ["backup", "--delete", "--accept-deletions"]]) {
      const { code, said } = await holdfast(place, args, { before: asAnybody });
      assert.equal(code, 3, said);
    }
    shell(`${place.folder}/src`, "chmod 755 many few/sub");
    assert.deepEqual(await keys(), before);
    assert.equal((await mustEnd(0, place, ["ls", "-r"])).stdout, listed);
    assert.equal((await eventsOf(place, "ScanRefused")).length, 0);
  }));
