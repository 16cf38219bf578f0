/** A database that is missing, damaged, or on a full disk. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { assertSameTree, canCompare } from "./compare.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { holdfast, mustEnd, type Place } from "./holdfast.ts";
import { folderJob, makeSmallTree, s3Job, withPlace } from "./place.ts";
import { withSmallDisk } from "./small_disk.ts";
import { listVersions } from "./store_look.ts";

Deno.test("a repository without its database is refused with exit code 10, and nothing is written", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      const bucket = await freshBucket(server, { versioning: true });
      const place = await s3Job(empty, server, bucket);
      await mustEnd(0, place, ["backup"]);
      const before = await listVersions(server, bucket);
      shell(empty.folder, "rm -r state; echo changed > src/docs/one.txt");
      for (const command of [["backup"], ["replay"], ["log", "ship"]]) {
        const ended = await holdfast(place, command);
        assert.equal(ended.code, 10, `${command}: ${ended.said}`);
        assert.match(ended.stderr, /no database at .*job\.db/);
        assert.match(ended.stderr, /holdfast rebuild/);
      }
      for (const look of ["log", "log verify", "ls", "status", "snapshots", "stats"]) {
        const ended = await mustEnd(0, place, look.split(" "));
        assert.match(ended.stderr, /index is read from the repository/);
      }
      const source = ["--source", `${empty.folder}/src`, "--repository", `s3://${bucket}`];
      const where = ["--endpoint", server.endpoint, "--force-path-style"];
      const init = await holdfast(place, ["--job", "e2e", "init", ...source, ...where]);
      assert.ok(init.code === 10 || init.code === 2, init.said);
      assert.deepEqual(await listVersions(server, bucket), before);
      assert.equal(shell(empty.folder, "find . -name '*.db'"), "");
    })
  ));

/** Commands that have to read what is damaged. */
const readers = [["backup"], ["log", "verify"], ["ls", "--recursive"], ["replay"]];

const damages: [what: string, damage: string, readers: string[][]][] = [
  ["overwritten at its beginning", "head -c 4096 /dev/urandom | dd of=F conv=notrunc", readers],
  ["cut in half", "truncate -s $(($(stat -c %s F) / 2)) F", readers],
  ["emptied", "truncate -s 0 F", readers],
  [
    "overwritten from its second page on",
    "head -c $(($(stat -c %s F) - 8192)) /dev/urandom | dd of=F bs=4096 seek=2 conv=notrunc",
    readers,
  ],
];

for (const [what, damage, commands] of damages) {
  Deno.test(`a database that was ${what} is damage: exit code 5, and nothing is written`, () =>
    withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      shell(`${empty.folder}/src`, "mkdir many; for i in $(seq 300); do echo $i > many/$i; done");
      const place = await folderJob(empty);
      await mustEnd(0, place, ["backup"]);
      shell(
        empty.folder,
        `rm -f state/job.db-wal state/job.db-shm; (${damage.replaceAll("F", "state/job.db")}) 2>&1`,
      );
      const before = shell(empty.folder, "find store | sort");
      for (const command of commands) {
        const ended = await holdfast(place, command);
        assert.equal(ended.code, 5, `${command.join(" ")}: ${ended.said}`);
        assert.match(ended.stderr, /error: the database .*job\.db/);
        assert.match(ended.stderr, /hint: /);
      }
      assert.equal(shell(empty.folder, "find store | sort"), before);
    }));
}

/** Enough names that the database needs megabytes. */
function makeManyNames(place: Place): void {
  const name = "n".repeat(180);
  shell(`${place.folder}/src`, `for i in $(seq 4000); do echo ${name}-$i; done | xargs touch`);
}

const fullDatabase =
  "a full disk below the database ends the run cleanly, and the next one carries on";
Deno.test(
  fullDatabase,
  () =>
    withPlace((empty) =>
      withSmallDisk(fullDatabase, `${empty.folder}/state`, async (disk) => {
        if (!canCompare(fullDatabase)) return;
        const place = await folderJob(empty);
        makeManyNames(place);
        // None at all, and some: the one ends the run at its first event, the other in the scan.
        for (const leave of [0, 600]) {
          disk.fill(leave);
          const ended = await holdfast(place, ["backup"], { before: disk.before });
          assert.equal(ended.code, 1, ended.said);
          assert.match(
            ended.stderr,
            /error: (no space left for the database|the database .* failed)/,
          );
          assert.match(ended.stderr, /hint: (?!this is a fault)/);
          disk.free();
        }
        await mustEnd(0, place, ["backup"]);
        await mustEnd(0, place, ["log", "verify"]);
        await mustEnd(0, place, ["restore", "--to", `${empty.folder}/out`]);
        assertSameTree(`${empty.folder}/src`, `${empty.folder}/out`);
      })
    ),
);

const fullStore =
  "a full disk below a folder store ends the run cleanly, and the next one carries on";
Deno.test(
  fullStore,
  () =>
    withPlace((empty) =>
      withSmallDisk(fullStore, `${empty.folder}/disk`, async (disk) => {
        if (!canCompare(fullStore)) return;
        shell(empty.folder, "ln -s disk/store store; mkdir disk/store");
        makeSmallTree(`${empty.folder}/src`);
        const place = await folderJob(empty);
        shell(
          `${empty.folder}/src`,
          "head -c 3M /dev/urandom > big; head -c 30M /dev/urandom > large",
        );
        disk.fill(2000);
        const ended = await holdfast(place, ["backup"], { before: disk.before });
        assert.equal(ended.code, 1, ended.said);
        assert.match(
          ended.stderr,
          // Whichever of the objects under way hits it first.
          /error: cannot (store|begin the upload of) .*: (no space left on device|file too large)/i,
        );
        // Of the stand-in's EFBIG there is nothing to be advised.
        if (disk.before.length === 0) assert.match(ended.stderr, /hint: make room/);
        disk.free();
        await mustEnd(0, place, ["backup"]);
        await mustEnd(0, place, ["log", "verify"]);
        await mustEnd(0, place, ["restore", "--to", `${empty.folder}/out`]);
        assertSameTree(`${empty.folder}/src`, `${empty.folder}/out`);
      })
    ),
);
