/** Renames of archived objects and rules for classes, by the executable. */
import assert from "node:assert/strict";
import { testArchivedRename } from "./archived_renames.ts";
import { coldJob, requestsMade, setClock } from "./cold_job.ts";
import { assertSameTree } from "./compare.ts";
import { freshBucket, withMoto } from "./each_store.ts";
import { eventsOf, holdfast, mustEnd, type Place, recordsOf } from "./holdfast.ts";
import { addConfig, editConfig, initJob, s3Job, settle, withPlace } from "./place.ts";
import { storageClassOf } from "./store_look.ts";
import { shell } from "../sources/tree_tools.ts";

testArchivedRename(500);

/** Two archived files in a folder, backed up and then renamed. */
async function renamed(place: Place, way: string): Promise<void> {
  shell(`${place.folder}/src`, "mkdir films; echo one > films/1; echo two > 'films/a film'");
  await settle();
  await coldJob(place);
  const list = `archived_list = "${place.folder}/archived.tsv"`;
  editConfig(place, "min_archive_size = 0", `min_archive_size = 0\n${list}\n${way}`);
  await mustEnd(0, place, ["backup"]);
  shell(`${place.folder}/src`, "mv films movies");
}

const listed = ({ folder }: Place) => Deno.readTextFileSync(`${folder}/archived.tsv`);
const both = "films/1\tmovies/1\nfilms/a film\tmovies/a film\n";

function stored({ folder }: Place, path: string): boolean {
  try {
    return Deno.statSync(`${folder}/store/${path}`).isFile;
  } catch {
    return false;
  }
}

async function restored(place: Place): Promise<void> {
  const to = `${place.folder}/out`;
  await mustEnd(13, place, ["restore", "--to", to, "--yes"]);
  // Asked for at 49 hours at the latest, and there for 7 days.
  setClock(place, 100);
  await mustEnd(0, place, ["restore", "--wait"]);
  assertSameTree(`${place.folder}/src`, to);
  await mustEnd(0, place, ["log", "verify"]);
}

Deno.test("an archived folder that is renamed stays where it is, and status and archived_list say so", () =>
  withPlace(async (place) => {
    await renamed(place, "");
    const plan = await mustEnd(0, place, ["backup", "--dry-run"]);
    assert.match(plan.stdout, /leave films\/ as the alias target of movies\//);
    assert.match(
      plan.stdout,
      /2 moved archived objects, .*: as an alias .*, copied .* after up to 48 hours, uploaded again /,
    );
    await mustEnd(0, place, ["backup"]);
    assert.equal(listed(place), both);
    const status = await mustEnd(0, place, ["status"]);
    assert.match(status.stdout, /unsettled renames +0, and 1 settled as aliases/);
    assert.match(status.stdout, /alias +movies\/ is under films\//);
    const [record, ...renames] = recordsOf(await mustEnd(0, place, ["--json", "status"]));
    assert.deepEqual([record.renames_unsettled, record.renames_aliased], [0, 1]);
    const moved = { path: "movies", folder: true, key: "films/", aliased: true };
    assert.deepEqual(record.renames, [moved]);
    assert.deepEqual(renames, [{ record: "rename", ...moved }]);
    // As a shell reads it.
    shell(
      place.folder,
      `printf '%s\\n' 'movies/1 films/1' 'movies/a film films/a film' > wanted
       while IFS="$(printf '\\t')" read -r old new; do echo "$new $old"; done < archived.tsv > got
       cmp wanted got`,
    );
  }));

Deno.test('archived_renames = "copy": asked for once, when approved; copied by a later run', () =>
  withPlace(async (place) => {
    await renamed(place, 'archived_renames = "copy"');
    const plan = await mustEnd(0, place, ["backup", "--dry-run"]);
    assert.match(
      plan.stdout,
      /warm up films\/ and then copy it to movies\/: archived_renames = "copy"/,
    );
    // Nobody is there to be asked: the backup is done, and the renames wait.
    const held = await mustEnd(6, place, ["backup"]);
    assert.match(held.stderr, /not asked for: restored copies of 2 moved archived objects/);
    assert.deepEqual(requestsMade(place), []);
    assert.match(held.stdout, /snapshot \d+/);
    const asked = await mustEnd(0, place, ["backup", "--yes"]);
    assert.match(
      asked.stderr,
      /asking for restored copies of 2 moved archived objects, .* \$0.*48 hours/,
    );
    assert.deepEqual(requestsMade(place), [1, 1]);
    assert.equal(listed(place), both);
    const status = await mustEnd(0, place, ["status"]);
    assert.match(status.stdout, /unsettled renames +1\n/);
    assert.match(status.stdout, /unsettled rename +movies\/ is under films\//);
    const shown = await mustEnd(0, place, ["restores", "show", "0"]);
    assert.match(shown.stdout, /state +settling/);
    assert.match(shown.stdout, /archived +2 objects/);
    setClock(place, 47);
    await mustEnd(0, place, ["backup"]);
    assert.equal(stored(place, "movies/1"), false);
    setClock(place, 49);
    const settled = await mustEnd(0, place, ["backup"]);
    assert.match(settled.stdout, /copied 2 objects in the store, deleted \d objects/);
    assert.deepEqual([stored(place, "movies/1"), stored(place, "films/1")], [true, false]);
    assert.equal(listed(place), "");
    assert.deepEqual(requestsMade(place).length <= 2, true);
    assert.match((await mustEnd(0, place, ["status"])).stdout, /unsettled renames +0\n/);
    assert.equal((await eventsOf(place, "WarmUpPlanned")).length, 1);
    await restored(place);
  }));

Deno.test('archived_renames = "copy" asks for nothing that max_cost does not allow, and backs up', () =>
  withPlace(async (place) => {
    await renamed(place, 'archived_renames = "copy"');
    editConfig(place, /\[\[prices\]\]/, priceRows(0));
    editConfig(place, "min_archive_size", "max_cost = 0\nmin_archive_size");
    const held = await holdfast(place, ["backup"]);
    assert.equal(held.code, 6, held.said);
    assert.match(held.stderr, /not asked for: .*that is more than max_cost leaves/);
    assert.match(held.stdout, /snapshot \d+/);
    assert.deepEqual(requestsMade(place), []);
    editConfig(place, "max_cost = 0", "max_cost = 1");
    await mustEnd(0, place, ["backup"]);
    assert.deepEqual(requestsMade(place), [1, 1]);
  }));

Deno.test("max_cost is for the copies, too: they are held, and not asked for, where they are too dear", () =>
  withPlace(async (place) => {
    await renamed(place, 'archived_renames = "copy"');
    // A thousand COPYs cost 10 USD: two of them 2 cents. The warm-up costs next to nothing.
    editConfig(place, /\[\[prices\]\]/, priceRows(10));
    editConfig(place, "min_archive_size", "max_cost = 0.01\nmin_archive_size");
    const dear = await holdfast(place, ["backup"]);
    assert.equal(dear.code, 6, dear.said);
    assert.match(dear.stderr, /not asked for: .*: \$0\.02.* in all.*more than max_cost leaves/);
    assert.deepEqual(requestsMade(place), []);
    editConfig(place, "max_cost = 0.01", "max_cost = 1");
    await mustEnd(0, place, ["backup"]);
    assert.deepEqual(requestsMade(place), [1, 1]);
    setClock(place, 49);
    editConfig(place, "max_cost = 1", "max_cost = 0.01");
    const held = await holdfast(place, ["backup"]);
    assert.equal(held.code, 6, held.said);
    assert.match(held.stderr, /not made: copies of 2 moved archived objects.*more than max_cost/);
    assert.match(held.stdout, /snapshot \d+/);
    assert.deepEqual([stored(place, "movies/1"), stored(place, "films/1")], [false, true]);
    editConfig(place, "max_cost = 0.01", "max_cost = 1");
    await mustEnd(0, place, ["backup"]);
    assert.deepEqual([stored(place, "movies/1"), stored(place, "films/1")], [true, false]);
    await mustEnd(0, place, ["log", "verify"]);
  }));

/** What the others of cold_job.ts leave unknown: free, but for a thousand PUTs into the archive. */
function priceRows(usd: number): string {
  const rows = ([
    ["put", "DEEP_ARCHIVE", usd],
    ["put", "STANDARD", 0],
    ["storage", "DEEP_ARCHIVE", 0],
    ["delete", "", 0],
  ] as const).map(([item, storageClass, usd]) =>
    [
      ...["[[prices]]", 'region = "file"', `item = "${item}"`, `usd = ${usd}`],
      ...(storageClass === "" ? [] : [`storage_class = "${storageClass}"`]),
      ...['source = "a test"', 'date = "2026-11-21"', ""],
    ].join("\n")
  );
  return `${rows.join("\n")}\n[[prices]]`;
}

Deno.test('archived_renames = "upload" sends the files again, and their objects move', () =>
  withPlace(async (place) => {
    await renamed(place, 'archived_renames = "upload"');
    const plan = await mustEnd(0, place, ["backup", "--dry-run"]);
    assert.match(plan.stdout, /upload again what is under films\/ to movies\//);
    await mustEnd(0, place, ["backup"]);
    assert.deepEqual([stored(place, "movies/1"), stored(place, "films/1")], [true, false]);
    assert.equal(listed(place), "");
    assert.deepEqual(requestsMade(place), []);
    await restored(place);
  }));

Deno.test("a list that cannot be written fails the run, which has backed up", () =>
  withPlace(async (place) => {
    shell(`${place.folder}/src`, "echo one > one");
    await initJob(place, [`file://${place.folder}/store`], {
      config: [`archived_list = "${place.folder}/nowhere/list"`],
    });
    const ended = await mustEnd(1, place, ["backup"]);
    assert.match(ended.stderr, /archived_list cannot be written.*the backup itself is done/);
    // All else is as ever: what was done is told.
    assert.match(ended.stdout, /stored \d+ objects?, /);
    assert.match(ended.stdout, /snapshot \d+/);
    assert.equal((await eventsOf(place, "SnapshotCreated")).length, 1);
    const [summary] = recordsOf(await mustEnd(1, place, ["--json", "backup"]))
      .filter(({ record }) => record === "summary");
    assert.equal(summary.exit, 1);
  }));

Deno.test("on moto each file is in the class of the first rule that fits, and stays there", () =>
  withMoto((server) =>
    withPlace(async (empty) => {
      const src = `${empty.folder}/src`;
      shell(
        src,
        `mkdir -p photos tmp; head -c 300K /dev/urandom > photos/new.raw
         head -c 300K /dev/urandom > photos/old.raw; touch -d '100 days ago' photos/old.raw
         head -c 300K /dev/urandom > photos/side.xmp; touch -d '100 days ago' photos/side.xmp
         head -c 2M /dev/urandom > image.iso; echo tiny > tiny.iso; head -c 50K /dev/urandom > other`,
      );
      await settle();
      const bucket = await freshBucket(server);
      const place = await s3Job(empty, server, bucket, {
        init: ["--storage-class", "STANDARD_IA"],
      });
      addConfig(place, [
        ...["", "[[job.e2e.classes]]", 'class = "STANDARD"', 'match = ["*.xmp", "tmp/"]'],
        ...["", "[[job.e2e.classes]]", 'class = "DEEP_ARCHIVE"', 'match = ["photos/"]'],
        ...['older_than = "30d"'],
        ...[
          "",
          "[[job.e2e.classes]]",
          'class = "GLACIER"',
          'match = ["*.iso"]',
          'min_size = "1 MiB"',
        ],
      ]);
      const plan = await mustEnd(0, place, ["backup", "--dry-run"]);
      assert.match(plan.stdout, /store photos\/old\.raw \(.*\) to DEEP_ARCHIVE/);
      assert.match(plan.stdout, /store photos\/side\.xmp \([^)]*\): new/);
      await mustEnd(0, place, ["backup"]);
      const classes = {
        ...{ "photos/new.raw": "STANDARD_IA", "photos/old.raw": "DEEP_ARCHIVE" },
        ...{ "photos/side.xmp": "STANDARD", "image.iso": "GLACIER", "tiny.iso": "STANDARD_IA" },
        ...{ other: "STANDARD_IA", "photos/": "STANDARD", ".holdfast/repository.json": "STANDARD" },
      };
      for (const [key, storageClass] of Object.entries(classes)) {
        assert.equal(await storageClassOf(server, bucket, key), storageClass, key);
      }
      // What is stored is not moved when a rule changes.
      editConfig(place, 'class = "GLACIER"', 'class = "DEEP_ARCHIVE"');
      await mustEnd(0, place, ["backup"]);
      assert.equal(await storageClassOf(server, bucket, "image.iso"), "GLACIER");
      // The fee is told before it is due: moto's bucket keeps no versions.
      shell(src, "echo changed > photos/old.raw");
      const changed = await mustEnd(0, place, ["backup"]);
      assert.match(
        changed.stderr,
        /overwrites or deletes at most 1 object, 300 KiB, in DEEP_ARCHIVE for less than 180 days/,
      );
    })
  ));
