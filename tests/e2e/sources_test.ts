/** What a job's sources may be, and what in them is never backed up. */
import assert from "node:assert/strict";
import { onLinux, run, shell } from "../sources/tree_tools.ts";
import { assertSameTree } from "./compare.ts";
import { holdfast, mustEnd, type Place } from "./holdfast.ts";
import { addConfig, editConfig, folderJob, initJob, makeSmallTree, withPlace } from "./place.ts";
import { tryMount } from "./small_disk.ts";

async function listed(place: Place): Promise<string[]> {
  const { stdout } = await mustEnd(0, place, ["ls", "--recursive"]);
  return stdout.trimEnd().split("\n");
}

Deno.test("several sources are kept apart by their names and restored below them", () =>
  withPlace(async (empty) => {
    const { folder } = empty;
    shell(folder, "mkdir src/a src/b; echo 1 > src/a/same; echo 2 > src/b/same; mkdir src/b/more");
    const sources = [`first=${folder}/src/a`, `second=${folder}/src/b`];
    const place = await folderJob(empty, { sources });
    await mustEnd(0, place, ["backup"]);
    const root = await mustEnd(0, place, ["ls"]);
    assert.equal(root.stdout, "first/\nsecond/\n");
    await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
    assertSameTree(`${folder}/src/a`, `${folder}/out/first`);
    assertSameTree(`${folder}/src/b`, `${folder}/out/second`);
    await mustEnd(0, place, ["restore", "second/same", "--to", `${folder}/one`]);
    assert.equal(Deno.readTextFileSync(`${folder}/one/second/same`), "2\n");
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("a second source without a name is refused with its line", () =>
  withPlace(async (empty) => {
    const place = await folderJob(empty);
    editConfig(place, /sources = .*/, `sources = ["${place.folder}/src", "/etc/hosts"]`);
    const ended = await holdfast(place, ["backup"]);
    assert.equal(ended.code, 2, ended.said);
    assert.match(ended.said, /holdfast\.toml:\d+.*needs a name/s);
  }));

Deno.test("a single file is a source, too", () =>
  withPlace(async (empty) => {
    const { folder } = empty;
    shell(
      `${folder}/src`,
      "echo one > one; echo two > two; chmod 640 one; touch -d 2001-02-03 one",
    );
    const place = await folderJob(empty, { sources: [`${folder}/src/one`] });
    await mustEnd(0, place, ["backup"]);
    assert.deepEqual(await listed(place), ["one"]);
    await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
    const facts = "stat -c '%a %Y %s' one; cat one; ls | wc -l";
    assert.equal(
      shell(`${folder}/out`, facts),
      shell(`${folder}/src`, `${facts}`).replace("2\n", "1\n"),
    );
    shell(`${folder}/src`, "echo three >> one");
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["restore", "--overwrite", "if-changed", "--to", `${folder}/out`]);
    assert.equal(Deno.readTextFileSync(`${folder}/out/one`), "one\nthree\n");
    Deno.removeSync(`${folder}/src/one`);
    assert.equal((await holdfast(place, ["backup"])).code, 4);
  }));

Deno.test("Holdfast's own config, state, logs and store inside the source are not backed up", () =>
  withPlace(async (empty) => {
    const src = `${empty.folder}/src`;
    makeSmallTree(src);
    const inside: Place = { ...empty, config: `${src}/job.toml`, state: `${src}/state/job.db` };
    await initJob(inside, [`file://${src}/store`]);
    addConfig(inside, [`log_dir = "${src}/text-logs"`]);
    shell(src, "echo kept > state/other; echo kept > job.toml.old");
    for (let run = 0; run < 2; run++) await mustEnd(0, inside, ["backup"]);
    const own = (await listed(inside)).filter((path) =>
      /^(?:job|state|store|text-logs)/.test(path)
    );
    // Folders that hold Holdfast's files may hold others: only the files are left out.
    const kept = ["job.toml.old", "state/", "state/logs/", "state/other", "text-logs/"];
    assert.deepEqual(own, kept);
    const { stdout } = await mustEnd(0, inside, ["--json", "backup"]);
    assert.match(stdout, /"objects":0,/);
  }));

const oneFileSystem = "one_file_system leaves out what is mounted below the source";
Deno.test({
  name: oneFileSystem,
  ignore: !onLinux,
  fn: () =>
    withPlace(async (empty) => {
      const src = `${empty.folder}/src`;
      if (!tryMount(oneFileSystem, `${src}/mounted`, 4)) return await oneOfDev(empty);
      try {
        shell(src, "echo on > here; echo off > mounted/there");
        const place = await folderJob(empty, { config: ["one_file_system = true"] });
        await mustEnd(0, place, ["backup"]);
        assert.deepEqual(await listed(place), ["here", "mounted/"]);
        editConfig(place, "one_file_system = true", "one_file_system = false");
        await mustEnd(0, place, ["backup"]);
        assert.deepEqual(await listed(place), ["here", "mounted/", "mounted/there"]);
      } finally {
        run("umount", [`${src}/mounted`]);
      }
    }),
});

Deno.test({
  name: "/dev/shm is left out of /dev by one_file_system",
  ignore: !onLinux,
  fn: () => withPlace(oneOfDev),
});

/** The mount that nearly every Linux has; nothing else of /dev is looked at. */
async function oneOfDev(empty: Place): Promise<void> {
  const made = Deno.makeTempDirSync({ dir: "/dev/shm", prefix: "holdfast-test-" });
  try {
    Deno.writeTextFileSync(`${made}/there`, "off");
    const name = made.split("/").at(-1);
    const config = [
      "one_file_system = true",
      `exclude = ["/*", "!/shm", "/shm/*", "!/shm/${name}"]`,
    ];
    const place = await folderJob(empty, { sources: ["/dev"], config });
    await mustEnd(0, place, ["backup"]);
    assert.deepEqual(await listed(place), ["shm/"]);
    editConfig(place, "one_file_system = true", "one_file_system = false");
    await mustEnd(0, place, ["backup"]);
    assert.deepEqual(await listed(place), ["shm/", `shm/${name}/`, `shm/${name}/there`]);
  } finally {
    Deno.removeSync(made, { recursive: true });
  }
}
