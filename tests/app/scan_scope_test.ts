import assert from "node:assert/strict";
import { gitignoreRules } from "../../src/rules/gitignore_rules.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, treeOf } from "./app_world.ts";
import { unreadable } from "./faulty_source.ts";

/** Which entries belong to a source, and several sources in one job. */
const rules = (exclude: string[], include: string[] = []) =>
  gitignoreRules({ exclude, include, ignoreFile: ".holdfastignore" });

Deno.test("a nested ignore file holds for its folder and below, and is itself stored", () =>
  inWorld(async (world) => {
    shell(
      world.source,
      `mkdir -p a/deep b; touch a/x.tmp a/deep/y.tmp a/deep/keep.tmp b/z.tmp
       echo '*.tmp' > a/.holdfastignore; echo '!keep.tmp' > a/deep/.holdfastignore`,
    );
    const report = await world.backup();
    assert.equal(report.exitCode, 0);
    assert.deepEqual(mirrorKeys(world.store).filter((key) => !key.endsWith("/")), [
      ...["a/.holdfastignore", "a/deep/.holdfastignore", "a/deep/keep.tmp", "b/z.tmp"],
    ]);
    world.verify();
  }));

Deno.test("a changed ignore file holds at once, in a folder that did not change otherwise", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir -p a/deep; touch a/deep/x.tmp; echo '*.tmp' > a/.holdfastignore");
    await world.backup();
    await world.backup();
    const before = world.log.head().position;
    shell(world.source, "echo '*.bak' > a/.holdfastignore");
    await world.backup();
    assert.ok(world.observations(before).includes("added a/deep/x.tmp"));
    world.verify();
  }));

Deno.test("a folder whose ignore file cannot be read is unreadable: nothing of it is let through", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir a; echo secret > a/secret; echo secret > a/.holdfastignore");
    shell(world.source, "echo other > other");
    const openFile = (path: string) => {
      if (path.startsWith("a/")) throw unreadable(path);
    };
    const report = await world.backup({ scan: { faults: { openFile } } });
    assert.equal(report.exitCode, 3);
    assert.deepEqual(mirrorKeys(world.store), ["a/", "other"]);
    world.verify();
  }));

Deno.test("newly excluded entries are removed from the index, not from the store", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir cache; touch cache/one cache/two kept");
    await world.backup();
    await world.backup();
    const before = world.log.head().position;
    const report = await world.backup({ scan: { rules: rules(["cache/"]) } });
    assert.equal(report.exitCode, 0);
    assert.deepEqual(world.observations(before), [
      ...["removed cache", "removed cache/one", "removed cache/two"],
    ]);
    assert.ok(world.store.current("cache/one"));
    world.verify();
    const then = world.log.head().position;
    await world.backup();
    assert.deepEqual(world.observations(then), [
      ...["added cache", "added cache/one", "added cache/two"],
      ...["reread cache/one", "reread cache/two"],
    ]);
    world.verify();
  }));

Deno.test("include takes back what exclude left out", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir logs; touch logs/a.log logs/b.log");
    await world.backup({ scan: { rules: rules(["*.log"], ["b.log"]) } });
    assert.deepEqual(mirrorKeys(world.store), ["logs/", "logs/b.log"]);
    world.verify();
  }));

Deno.test("Holdfast's own paths are left out", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir state; touch state/job.db state/other");
    await world.backup({ scan: { own: new Set(["state/job.db"]) } });
    assert.deepEqual(mirrorKeys(world.store), ["state/", "state/other"]);
    world.verify();
  }));

Deno.test("one_file_system keeps the mount point and leaves out what is below it", () =>
  inWorld(async (world) => {
    const options = { name: "dev", path: "/dev" };
    const scan = world.scan(options);
    const root = await scan.source.open();
    const listing = await root.folder.list();
    await root.close();
    const isMount = listing.mounts.some((mount) => mount === 1);
    console.log("one_file_system: /dev with /dev/shm stands in for a second mount");
    if (!isMount) throw new Error("/dev/shm is no mount of its own here");
    const shm = Deno.makeTempFileSync({ dir: "/dev/shm" });
    try {
      const own = { rules: rules(["/*", "!/shm"]), oneFileSystem: true };
      await world.backup({ sources: [world.scan({ ...options, ...own })] });
      assert.deepEqual(mirrorKeys(world.store), ["dev/shm/"]);
      world.verify();
    } finally {
      Deno.removeSync(shm);
    }
  }));

Deno.test("a single file is a source of one entry", () =>
  inWorld(async (world) => {
    world.write("only", "content");
    world.write("beside", "not in the source");
    const scan = { path: `${world.source}/only` };
    const report = await world.backup({ scan });
    assert.equal(report.scans[0].entries, 1);
    assert.deepEqual(mirrorKeys(world.store), ["only"]);
    world.verify();
    const before = world.log.head().position;
    shell(world.source, "touch ./third; chmod 700 .");
    await world.backup({ scan });
    assert.deepEqual(world.observations(before), [], "its folder is not part of the source");
    const restored = `${world.folder}/restored`;
    assert.equal((await world.restore(restored)).exitCode, 0);
    assert.deepEqual(treeOf(restored), { only: "content" });
    Deno.removeSync(`${world.source}/only`);
    assert.equal((await world.backup({ scan })).exitCode, 4);
    world.verify();
  }));

Deno.test("several sources are in folders of their names, and one that is absent stops the snapshot", () =>
  inWorld(async (world) => {
    shell(world.folder, "mkdir one two; echo 1 > one/file; echo 2 > two/file");
    const sources = ["one", "two"].map((name) =>
      world.scan({ name, path: `${world.folder}/${name}` })
    );
    const report = await world.backup({ sources });
    assert.deepEqual(mirrorKeys(world.store), ["one/file", "two/file"]);
    assert.deepEqual(
      world.events("SnapshotCreated")[0].data.sources.map(({ name }) => name),
      ["one", "two"],
    );
    assert.ok(report.snapshot! > 0);
    world.verify();
    shell(world.folder, "mv two elsewhere; echo 11 > one/file");
    const next = await world.backup({ sources });
    assert.equal(next.exitCode, 4);
    assert.equal(next.snapshot, undefined);
    assert.equal(world.store.objects.get("one/file")!.length, 2);
    world.verify();
    const restored = `${world.folder}/restored`;
    assert.equal((await world.restore(restored)).exitCode, 0);
    assert.deepEqual(treeOf(restored), {
      ...{ "one/": "/", "one/file": "1\n", "two/": "/", "two/file": "2\n" },
    });
  }));
