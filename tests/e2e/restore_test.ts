/** What `restore` selects, replaces, resumes and refuses. */
import assert from "node:assert/strict";
import { shell } from "../sources/tree_tools.ts";
import { freshBucket, withGateway } from "./each_store.ts";
import { startHeldServer } from "./held_server.ts";
import { endOf, holdfast, holdfastJson, mustEnd, type Place, startHoldfast } from "./holdfast.ts";
import { folderJob, makeSmallTree, s3Job, settle, withPlace } from "./place.ts";
import { accessLog, countOf } from "./store_look.ts";
import { assertSameTree } from "./compare.ts";

/** The small tree in a folder store, and the path of a target that is not there yet. */
function withBackup(use: (place: Place, out: string) => Promise<void>): Promise<void> {
  return withPlace(async (empty) => {
    makeSmallTree(`${empty.folder}/src`);
    const place = await folderJob(empty);
    await mustEnd(0, place, ["backup"]);
    await use(place, `${empty.folder}/out`);
  });
}

const filesIn = (folder: string) =>
  shell(folder, "find . ! -type d -printf '%P\\n' | LC_ALL=C sort").trimEnd().split("\n");

Deno.test("restore keeps what is in the way, replaces what differs, or replaces everything", () =>
  withBackup(async (place, out) => {
    await mustEnd(0, place, ["restore", "--to", out]);
    const inode = () => Deno.statSync(`${out}/pictures/large.jpg`).ino;
    const first = inode();
    Deno.writeTextFileSync(`${out}/docs/one.txt`, "mine");

    const never = await holdfastJson(place, ["restore", "--to", out]);
    assert.equal(never.code, 3, never.said);
    const failed = never.records.filter(({ record }) => record === "entry-error");
    assert.deepEqual(failed.map(({ path }) => path), ["docs/one.txt"]);
    assert.match(failed[0].reason, /was kept/);
    assert.equal(Deno.readTextFileSync(`${out}/docs/one.txt`), "mine");

    await mustEnd(0, place, ["restore", "--overwrite", "if-changed", "--to", out]);
    assert.equal(Deno.readTextFileSync(`${out}/docs/one.txt`), "one\n");
    assert.equal(inode(), first, "an unchanged file was written again");

    const time = Deno.statSync(`${out}/docs/one.txt`).mtime!.getTime();
    shell(out, "touch -r docs/one.txt stamp; echo two > docs/one.txt; touch -r stamp docs/one.txt");
    assert.equal(Deno.statSync(`${out}/docs/one.txt`).mtime!.getTime(), time);
    await mustEnd(0, place, ["restore", "--overwrite", "always", "--to", out]);
    assert.equal(Deno.readTextFileSync(`${out}/docs/one.txt`), "one\n");
    shell(out, "rm stamp; touch -r ../src .");
    assertSameTree(`${place.folder}/src`, out);
  }));

Deno.test("restore takes paths, patterns and lists of paths", () =>
  withBackup(async (place, out) => {
    const restored = async (args: string[], stdin?: string) => {
      await mustEnd(0, place, ["restore", ...args, "--to", out], { stdin });
      const files = filesIn(out);
      shell(place.folder, "rm -r out");
      return files;
    };
    assert.deepEqual(await restored(["docs/letters/two.txt"]), ["docs/letters/two.txt"]);
    assert.deepEqual(await restored(["docs"]), ["docs/letters/two.txt", "docs/one.txt"]);
    assert.deepEqual(await restored(["--include", "*.jpg"]), ["pictures/large.jpg"]);
    const excluded = ["--exclude", "docs/", "--exclude", "*.jpg"];
    assert.deepEqual(await restored(excluded), ["link", "nothing"]);
    const listed = await restored(["--files-from", "-"], "nothing\n\ndocs/one.txt\r\n");
    assert.deepEqual(listed, ["docs/one.txt", "nothing"]);
    Deno.writeTextFileSync(`${place.folder}/list`, "link\n");
    assert.deepEqual(await restored(["--files-from", `${place.folder}/list`]), ["link"]);

    const unknown = await holdfast(place, ["restore", "docs/ones.txt", "--to", out]);
    assert.equal(unknown.code, 2, unknown.said);
    assert.match(unknown.stderr, /nothing in .* matches what was asked for/);
  }));

Deno.test("a dry run of restore writes nothing", () =>
  withBackup(async (place, out) => {
    const plan = await mustEnd(0, place, ["--dry-run", "restore", "--to", out]);
    assert.match(plan.stdout, /plan: write \d+ entries, 195 KiB, to /);
    assert.throws(() => Deno.statSync(out), Deno.errors.NotFound);
  }));

Deno.test("a symlink planted in the target is not followed", () =>
  withBackup(async (place, out) => {
    shell(
      place.folder,
      "mkdir outside out; ln -s ../outside out/docs; ln -s ../outside/x out/nothing",
    );
    for (const overwrite of ["never", "if-changed"]) {
      const args = ["restore", "--overwrite", overwrite, "--to", out];
      const ended = await holdfastJson(place, args);
      assert.equal(ended.code, 3, ended.said);
      assert.deepEqual([...Deno.readDirSync(`${place.folder}/outside`)], []);
    }
    await mustEnd(0, place, ["restore", "--overwrite", "always", "--to", out]);
    assert.deepEqual([...Deno.readDirSync(`${place.folder}/outside`)], []);
    assertSameTree(`${place.folder}/src`, out);
  }));

Deno.test("a restore that was killed fetches only what is missing when it is repeated", () =>
  withGateway(async (server) => {
    const held = startHeldServer(server.endpoint);
    try {
      await withPlace(async (empty) => {
        const src = `${empty.folder}/src`;
        const out = `${empty.folder}/out`;
        shell(src, "for i in $(seq 100 139); do echo $i > $i; done");
        await settle();
        const bucket = await freshBucket(server);
        const place = await s3Job(empty, { ...server, endpoint: held.endpoint }, bucket);
        await mustEnd(0, place, ["backup"]);
        const reached = held.holdAt(/^GET \S*\/139[ ?]/);
        const child = await startHoldfast(place, ["restore", "--to", out]);
        await reached;
        await until(() => filesIn(out).filter((name) => /^\d+$/.test(name)).length === 39);
        child.kill("SIGKILL");
        await endOf(child);
        held.release();

        const requests = accessLog(server.folder);
        await requests();
        await mustEnd(0, place, ["restore", "--to", out]);
        const made = await requests();
        // repository.json and the one file.
        assert.equal(countOf(made, "GetObject"), 2, made.map(({ line }) => line).join("\n"));
        assertSameTree(src, out);
      });
    } finally {
      await held.stop();
    }
  }));

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition();) {
    if (Date.now() > deadline) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function flipByte(file: string, at: number): void {
  const bytes = Deno.readFileSync(file);
  bytes[at] ^= 1;
  Deno.writeFileSync(file, bytes);
}

async function assertDamageIsFound(place: Place, stored: string): Promise<void> {
  const out = `${place.folder}/out`;
  flipByte(stored, 100_000);
  const ended = await holdfastJson(place, ["restore", "--to", out]);
  assert.equal(ended.code, 5, ended.said);
  const failed = ended.records.filter(({ record }) => record === "entry-error");
  assert.deepEqual(failed.map(({ path }) => path), ["pictures/large.jpg"]);
  assert.match(failed[0].reason, /SHA-256 differs|damaged|not what was/);
  assert.deepEqual(filesIn(out), ["docs/letters/two.txt", "docs/one.txt", "link", "nothing"]);
}

Deno.test("a byte changed in a folder store is found, and no wrong file gets its name", () =>
  withBackup(async (place) => {
    const versions = `${place.folder}/store/.holdfast-store/versions`;
    const [stored] = shell(versions, "find $PWD -size 200000c").trimEnd().split("\n");
    await assertDamageIsFound(place, stored);
  }));

Deno.test("a byte changed in an S3 server's data is found, and no wrong file gets its name", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      const bucket = await freshBucket(server);
      const place = await s3Job(empty, server, bucket);
      await mustEnd(0, place, ["backup"]);
      await assertDamageIsFound(place, `${server.folder}/data/${bucket}/pictures/large.jpg`);
    })
  ));

Deno.test("an object that is gone from the store is listed, and the rest restored", () =>
  withGateway((server) =>
    withPlace(async (empty) => {
      makeSmallTree(`${empty.folder}/src`);
      const bucket = await freshBucket(server);
      const place = await s3Job(empty, server, bucket);
      await mustEnd(0, place, ["backup"]);
      Deno.removeSync(`${server.folder}/data/${bucket}/pictures/large.jpg`);
      const ended = await holdfastJson(place, ["restore", "--to", `${empty.folder}/out`]);
      assert.equal(ended.code, 3, ended.said);
      const failed = ended.records.filter(({ record }) => record === "entry-error");
      assert.deepEqual(failed.map(({ path }) => path), ["pictures/large.jpg"]);
      assert.match(failed[0].reason, /^gone: /);
    })
  ));
