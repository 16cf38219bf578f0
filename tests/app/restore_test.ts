import assert from "node:assert/strict";
import { gitignoreRules } from "../../src/rules/gitignore_rules.ts";
import { shell } from "../sources/tree_tools.ts";
import { failsWith } from "../stores/store_probes.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";

/** Entries back to disk, from a store that may have lost or changed them. */
function smallTree({ source }: World): void {
  shell(source, "mkdir -p a/b empty; echo one > a/one; echo two > a/b/two; ln -s one a/link");
}

const nothing = { include: undefined, exclude: undefined };

Deno.test("the newest snapshot comes back with its metadata", () =>
  inWorld(async (world) => {
    smallTree(world);
    shell(world.source, "chmod 640 a/one; touch -d '2001-02-03 04:05:06.789' a/one a");
    await world.backup();
    const to = `${world.folder}/restored`;
    const report = await world.restore(to);
    assert.equal(report.exitCode, 0);
    assert.equal(report.entries, 7);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    const { mode, mtime } = Deno.statSync(`${to}/a/one`);
    assert.equal(mode! & 0o7777, 0o640);
    assert.equal(mtime!.getTime(), Deno.statSync(`${world.source}/a/one`).mtime!.getTime());
    assert.equal(
      Deno.statSync(`${to}/a`).mtime!.getTime(),
      Deno.statSync(`${world.source}/a`).mtime!.getTime(),
    );
    world.verify();
  }));

Deno.test("an older snapshot comes back by version IDs, with what was removed since", () =>
  inWorld(async (world) => {
    smallTree(world);
    const before = treeOf(world.source);
    const { snapshot } = await world.backup();
    shell(world.source, "echo changed > a/one; rm -r a/b; echo new > new");
    await world.backup();
    const to = `${world.folder}/restored`;
    const report = await world.restore(to, { wanted: { kind: "snapshot", snapshot: snapshot! } });
    assert.equal(report.exitCode, 0);
    assert.deepEqual(treeOf(to), before);
    world.verify();
  }));

Deno.test("where the store keeps no versions an overwritten entry is listed as gone", () =>
  inWorld(async (world) => {
    smallTree(world);
    const { snapshot } = await world.backup();
    shell(world.source, "echo changed > a/one");
    await world.backup();
    const to = `${world.folder}/restored`;
    const report = await world.restore(to, { wanted: { kind: "snapshot", snapshot: snapshot! } });
    assert.equal(report.exitCode, 3);
    assert.equal(report.failed, 1);
    const [{ data }] = world.events("EntriesRestored");
    assert.deepEqual(data.failed.map(({ path }) => path), ["a/one"]);
    assert.match(data.failed[0].reason, /^gone: a\/one holds another content now/);
    assert.deepEqual(Object.keys(treeOf(to)).sort(), ["a/", "a/b/", "a/b/two", "a/link", "empty/"]);
    world.verify();
  }, { versions: false }));

Deno.test("an object that is no longer there is listed, and the rest is restored", () =>
  inWorld(async (world) => {
    smallTree(world);
    await world.backup();
    world.store.objects.delete("a/one");
    const report = await world.restore(`${world.folder}/restored`);
    assert.equal(report.exitCode, 3);
    assert.equal(report.entries, 6);
    world.verify();
  }));

Deno.test("hard links are linked again, and their content is fetched once", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir a; echo one > one; ln one two; ln one a/three; echo one > alone");
    await world.backup();
    world.store.requests.length = 0;
    const to = `${world.folder}/restored`;
    assert.equal((await world.restore(to)).exitCode, 0);
    const inode = (name: string) => Deno.statSync(`${to}/${name}`).ino;
    assert.equal(inode("one"), inode("two"));
    assert.equal(inode("one"), inode("a/three"));
    assert.notEqual(inode("one"), inode("alone"));
    assert.equal(world.store.count("get"), 3);
    world.verify();
  }));

Deno.test("links whose first member is lost are made from the next one", () =>
  inWorld(async (world) => {
    shell(world.source, "echo one > one; ln one three; ln one two");
    await world.backup();
    world.store.objects.delete("one");
    const to = `${world.folder}/restored`;
    assert.equal((await world.restore(to)).exitCode, 3);
    assert.deepEqual(treeOf(to), { three: "one\n", two: "one\n" });
    assert.equal(Deno.statSync(`${to}/two`).ino, Deno.statSync(`${to}/three`).ino);
  }, { versions: false }));

Deno.test("overwrite decides what happens to what is there", () =>
  inWorld(async (world) => {
    world.write("same", "same");
    world.write("other", "of the backup");
    await world.backup();
    const to = `${world.folder}/restored`;
    await world.restore(to);
    Deno.writeTextFileSync(`${to}/other`, "of today");
    const never = await world.restore(to, { overwrite: "never" });
    assert.equal(never.exitCode, 3);
    assert.equal(Deno.readTextFileSync(`${to}/other`), "of today");
    world.store.requests.length = 0;
    const changed = await world.restore(to, { overwrite: "if-changed" });
    assert.equal(changed.exitCode, 0);
    assert.equal(changed.present, 1);
    assert.equal(Deno.readTextFileSync(`${to}/other`), "of the backup");
    assert.equal(world.store.count("get"), 2, "repository.json and the one that differs");
    world.store.requests.length = 0;
    assert.equal((await world.restore(to, { overwrite: "always" })).present, 0);
    assert.equal(world.store.count("get"), 3);
  }));

Deno.test("a folder in the place of a file is never removed", () =>
  inWorld(async (world) => {
    world.write("name", "file");
    await world.backup();
    const to = `${world.folder}/restored`;
    shell(world.folder, "mkdir -p restored/name; echo mine > restored/name/mine");
    for (const overwrite of ["never", "if-changed", "always"] as const) {
      assert.equal((await world.restore(to, { overwrite })).exitCode, 3);
    }
    assert.equal(treeOf(to)["name/mine"], "mine\n");
  }));

Deno.test("a resumed restore fetches only what is missing", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 10; i++) world.write(`file-${i}`, `${i}`);
    await world.backup();
    let gets = 0;
    world.store.before = (operation, key) => {
      if (operation === "get" && ++gets > 5) throw failure("unreachable", "Timeout", key);
    };
    const to = `${world.folder}/restored`;
    await failsWith(world.restore(to, { workers: 1 }), "unreachable");
    assert.equal(Object.keys(treeOf(to)).length, 4);
    world.store.before = () => {};
    world.store.requests.length = 0;
    const report = await world.restore(to);
    assert.equal(report.exitCode, 0);
    assert.equal(report.present, 4);
    assert.equal(world.store.count("get"), 7);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    world.verify();
  }));

Deno.test("damaged content ends with 5, and nothing has the entry's name", () =>
  inWorld(async (world) => {
    world.write("folder/damaged", "0123456789");
    world.write("folder/whole", "0123456789");
    await world.backup();
    world.store.current("folder/damaged")!.body[3] ^= 1;
    const to = `${world.folder}/restored`;
    const report = await world.restore(to);
    assert.equal(report.exitCode, 5);
    assert.equal(report.failed, 1);
    assert.deepEqual(treeOf(to), { "folder/": "/", "folder/whole": "0123456789" });
    world.verify();
  }));

for (const name of ["../x", "..", ".", "a/b"]) {
  Deno.test(`an index row with the name ${JSON.stringify(name)} restores nothing outside`, () =>
    inWorld(async (world) => {
      world.write("folder/entry", "content");
      await world.backup();
      const folder = world.log.index.paths.find("", "folder")!;
      const { tables } = world.log.index;
      const row = tables.findEntry(folder.id, new TextEncoder().encode("entry"))!;
      const key = "folder/entry";
      const content = { ...row.content, key };
      world.log.append("f".repeat(32), [], {
        within: () => tables.putEntry({ ...row, name: new TextEncoder().encode(name), content }),
      });
      const to = `${world.folder}/restored`;
      const report = await world.restore(to, { overwrite: "always", wanted: { kind: "head" } });
      assert.equal(report.exitCode, 5);
      assert.deepEqual(treeOf(to), { "folder/": "/", "folder/entry": "content" });
    }));
}

Deno.test("an index row of a folder with the name .. restores nothing below it", () =>
  inWorld(async (world) => {
    world.write("folder/entry", "content");
    await world.backup();
    const { tables, paths } = world.log.index;
    const row = paths.find("", "folder")!;
    world.log.append("f".repeat(32), [], {
      within: () => tables.putFolder({ ...row, name: new TextEncoder().encode("..") }),
    });
    world.reopen();
    const to = `${world.folder}/deep/restored`;
    assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 5);
    assert.deepEqual(treeOf(`${world.folder}/deep`), { "restored/": "/" });
  }));

Deno.test("named paths and patterns choose what comes back, with the folders above", () =>
  inWorld(async (world) => {
    smallTree(world);
    world.write("a/one.bak", "no");
    await world.backup();
    const exclude = gitignoreRules({ exclude: ["*.bak"], include: [], ignoreFile: "" });
    const to = `${world.folder}/restored`;
    await world.restore(to, { selection: { ...nothing, paths: ["a"], exclude } });
    assert.deepEqual(Object.keys(treeOf(to)).sort(), ["a/", "a/b/", "a/b/two", "a/link", "a/one"]);
    const include = gitignoreRules({ exclude: ["two"], include: [], ignoreFile: "" });
    const other = `${world.folder}/other`;
    await world.restore(other, { selection: { paths: [], include, exclude: undefined } });
    assert.deepEqual(Object.keys(treeOf(other)).sort(), ["a/", "a/b/", "a/b/two"]);
    const selection = { ...nothing, paths: ["a/nowhere"] };
    await failsWith(world.restore(to, { selection }), "usage");
  }));

Deno.test("a repository that is another one now is refused before anything is written", () =>
  inWorld(async (world) => {
    world.write("one", "one");
    await world.backup();
    const [{ body }] = world.store.objects.get(".holdfast/repository.json")!;
    const text = new TextDecoder().decode(body).replaceAll("11".repeat(16), "99".repeat(16));
    const { head } = world.store.current(".holdfast/repository.json")!;
    world.store.objects.set(".holdfast/repository.json", [
      { body: new TextEncoder().encode(text), head },
    ]);
    const position = world.log.head().position;
    await failsWith(world.restore(`${world.folder}/restored`), "no-repository");
    await failsWith(world.backup(), "no-repository");
    assert.equal(world.log.head().position, position);
  }));

Deno.test("a state that is not there is refused before anything is written", () =>
  inWorld(async (world) => {
    world.write("one", "one");
    await world.backup();
    const position = world.log.head().position;
    const time = 0;
    for (
      const wanted of [
        { kind: "snapshot", snapshot: 9999 },
        { kind: "position", position: position + 1 },
        { kind: "time", time },
      ] as const
    ) {
      await failsWith(world.restore(`${world.folder}/restored`, { wanted }), "usage");
    }
    assert.equal(world.log.head().position, position);
  }));

Deno.test("an entry that was not stored yet at a position is listed", () =>
  inWorld(async (world) => {
    world.write("one", "one");
    await world.backup();
    const [{ position }] = world.events("ScanCompleted");
    const to = `${world.folder}/restored`;
    const report = await world.restore(to, { wanted: { kind: "position", position } });
    assert.equal(report.exitCode, 3);
    assert.match(world.events("EntriesRestored")[0].data.failed[0].reason, /not stored yet/);
    world.verify();
  }));
