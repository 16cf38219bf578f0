import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { leftSources } from "../../src/app/name_sources.ts";
import { unreadable } from "./faulty_source.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, mirrorKeys, treeOf, type World } from "./app_world.ts";

const MADE =
  "mkdir -p a/deep; for i in 1 2 3; do echo $i > a/$i; done; echo x > a/deep/x; echo y > y";

/** Keys of the objects with content that were put since a request count. */
function bodiesSent({ store }: World, since: number): string[] {
  return store.requests.slice(since).flatMap(({ operation, key }) =>
    operation === "put" && !key.includes("sidecars/") && store.objects.get(key)?.at(-1)?.body.length
      ? [key]
      : []
  );
}

function sources(world: World, ...named: [name: string, folder: string][]) {
  return { sources: named.map(([name, path]) => world.scan({ name, path })) };
}

async function restored(world: World, name: string, more?: Parameters<World["restore"]>[1]) {
  const to = `${world.folder}/${name}`;
  assert.equal((await world.restore(to, more)).exitCode, 0);
  return treeOf(to);
}

/** The tree as a source of this name has it. */
function below(name: string, tree: Record<string, string>): Record<string, string> {
  const inside = Object.entries(tree).map(([path, text]) => [`${name}/${path}`, text]);
  return { [`${name}/`]: "/", ...Object.fromEntries(inside) };
}

for (const versions of [false, true]) {
  const way = versions ? "alias" : "copy";

  Deno.test(`a source that gets a name uploads nothing again (${way})`, () =>
    inWorld(async (world) => {
      shell(world.source, MADE);
      await world.backup();
      const first = { position: world.log.head().position, tree: treeOf(world.source) };
      const since = world.store.requests.length;
      const report = await world.backup(sources(world, ["docs", world.source]));
      assert.equal(report.exitCode, 0);
      assert.deepEqual(bodiesSent(world, since), []);
      const [event, ...more] = world.events("SourceRenamed");
      assert.deepEqual([event.data, more], [{ from: "", to: "docs" }, []]);
      assert.deepEqual(world.observations(event.position), []);
      const keys = ["a/", "a/1", "a/2", "a/3", "a/deep/", "a/deep/x", "y"];
      const now = versions ? keys : keys.map((key) => `docs/${key}`);
      assert.deepEqual(mirrorKeys(world.store), now);
      world.verify();
      world.reopen();
      assert.deepEqual(await restored(world, "now"), below("docs", first.tree));
      if (!versions) return;
      const wanted = { kind: "position" as const, position: first.position };
      assert.deepEqual(await restored(world, "then", { wanted }), first.tree);
    }, { versions }));

  Deno.test(`a second source beside the first, once that has a name (${way})`, () =>
    inWorld(async (world) => {
      shell(world.source, MADE);
      await world.backup();
      const other = `${world.folder}/other`;
      Deno.mkdirSync(other);
      shell(other, "mkdir a; echo other > a/1; echo y > z");
      const both = sources(world, ["docs", world.source], ["a", other]);
      assert.equal((await world.backup(both)).exitCode, 0);
      // Where the first one's keys are aliases, those of the second must not be put over them.
      const tree = { ...below("docs", treeOf(world.source)), ...below("a", treeOf(other)) };
      assert.deepEqual(await restored(world, "now"), tree);
      shell(other, "mv a b; echo more > 1");
      assert.equal((await world.backup(both)).exitCode, 0);
      const next = { ...below("docs", treeOf(world.source)), ...below("a", treeOf(other)) };
      assert.deepEqual(await restored(world, "next"), next);
      world.verify();
    }, { versions }));

  Deno.test(`a name is changed, and taken away again (${way})`, () =>
    inWorld(async (world) => {
      shell(world.source, MADE);
      for (const name of ["docs", "papers", "", "a", ""]) {
        const since = world.store.requests.length;
        const isFirst = name === "docs";
        assert.equal((await world.backup(sources(world, [name, world.source]))).exitCode, 0);
        if (!isFirst) assert.deepEqual(bodiesSent(world, since), []);
        const tree = treeOf(world.source);
        const expected = name === "" ? tree : below(name, tree);
        assert.deepEqual(await restored(world, `out-${since}`), expected);
        world.verify();
      }
    }, { versions }));

  Deno.test(`a run that is cut off while it settles a renamed source is finished (${way})`, () =>
    inWorld(async (world) => {
      shell(world.source, MADE);
      await world.backup();
      const named = sources(world, ["docs", world.source]);
      const { store } = world;
      for (let at = 1;; at++) {
        let left = at;
        const cut = (operation: string) => {
          if (operation === "head" || operation === "get") return;
          if (--left < 0) throw new Error("cut");
        };
        if (at % 2 === 0) store.before = cut;
        else store.after = cut;
        const ended = await world.backup(named).then(() => true, (error) => error.message);
        [store.before, store.after] = [() => {}, () => {}];
        world.reopen();
        world.verify();
        if (ended === true) break;
        assert.equal(ended, "cut");
      }
      assert.equal((await world.backup(named)).exitCode, 0);
      assert.equal(world.events("SourceRenamed").length, 1);
      assert.equal([...world.log.index.renames("open")].length, 0);
      assert.deepEqual(await restored(world, "now"), below("docs", treeOf(world.source)));
      if (!versions) assert.ok(mirrorKeys(world.store).every((key) => key.startsWith("docs/")));
      world.verify();
    }, { versions }));
}

Deno.test("a name that a folder of the source has keeps every content", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir -p docs/docs; echo 1 > x; echo 2 > docs/x; echo 3 > docs/docs/x");
    await world.backup();
    const named = sources(world, ["docs", world.source]);
    for (let run = 0; run < 2; run++) {
      assert.equal((await world.backup(named)).exitCode, 0);
      assert.deepEqual(await restored(world, `${run}`), below("docs", treeOf(world.source)));
      world.verify();
      shell(world.source, "echo four > docs/x; echo new > docs/docs/new; rm -f x");
    }
  }, { versions: false }));

Deno.test("what an earlier source has left elsewhere is not swept with a renamed one", () =>
  inWorld(async (world) => {
    const other = `${world.folder}/other`;
    Deno.mkdirSync(other);
    shell(world.source, "echo 1 > x");
    shell(other, "echo moving > old; echo stays > stays");
    await world.backup(sources(world, ["one", world.source], ["two", other]));
    shell(other, "mv old new; mv stays old; echo later > stays");
    await world.backup(sources(world, ["uno", world.source], ["two", other]));
    const tree = { ...below("uno", treeOf(world.source)), ...below("two", treeOf(other)) };
    assert.deepEqual(await restored(world, "now"), tree);
    assert.deepEqual(mirrorKeys(world.store), ["two/new", "two/old", "two/stays", "uno/x"]);
    world.verify();
  }, { versions: false }));

Deno.test("what other sources have left meanwhile is not settled with a source that had no name", () =>
  inWorld(async (world) => {
    const other = `${world.folder}/other`;
    Deno.mkdirSync(other);
    shell(world.source, "echo 1 > x; echo 2 > y");
    await world.backup();
    shell(world.source, "echo changed > x");
    shell(other, "echo moving > old");
    const faults = {
      openFile(path: string) {
        if (path === "x") throw unreadable(path);
      },
    };
    const two = world.scan({ name: "two", path: other });
    const late = [world.scan({ name: "docs", path: world.source, faults }), two];
    assert.equal((await world.backup({ sources: late })).exitCode, 3);
    assert.equal(world.events("RenameSettled").length, 0, "x waits to be read");
    shell(other, "mv old new");
    const both = sources(world, ["docs", world.source], ["two", other]);
    assert.equal((await world.backup(both)).exitCode, 0);
    const [{ data }] = world.events("RenameSettled");
    assert.deepEqual(data.obsolete.map(({ key }) => key), ["y", "x"]);
    // The snapshot in between has them.
    assert.deepEqual(mirrorKeys(world.store), ["docs/x", "docs/y", "two/new", "x", "y"]);
    world.verify();
  }, { versions: false }));

Deno.test("a source that left the config is kept, and said to be", () =>
  inWorld(async (world) => {
    const other = `${world.folder}/other`;
    Deno.mkdirSync(other);
    shell(world.source, MADE);
    shell(other, "echo other > o");
    await world.backup(sources(world, ["one", world.source], ["two", other]));
    const before = mirrorKeys(world.store);
    const alone = sources(world, ["one", world.source]);
    const report = await world.backup({ ...alone, delete: true });
    assert.equal(report.exitCode, 0);
    assert.deepEqual(report.notices, [
      "the source two is not in the config any more: what is known of it is kept (1 entry)",
    ]);
    assert.deepEqual(leftSources(world.log.index, alone.sources), [
      { name: "two", path: other, entries: 1 },
    ]);
    assert.deepEqual(mirrorKeys(world.store), before);
    const tree = { ...below("one", treeOf(world.source)), ...below("two", treeOf(other)) };
    assert.deepEqual(await restored(world, "now", { wanted: { kind: "head" } }), tree);
    world.verify();
  }, { versions: false }));

Deno.test("another path under another name is another source", () =>
  inWorld(async (world) => {
    const other = `${world.folder}/other`;
    Deno.mkdirSync(other);
    shell(world.source, "echo 1 > same");
    shell(other, "echo 2 > same");
    await world.backup(sources(world, ["one", world.source]));
    const report = await world.backup(sources(world, ["two", other]));
    assert.deepEqual(world.events("SourceRenamed"), []);
    assert.deepEqual(mirrorKeys(world.store), ["one/same", "two/same"]);
    assert.equal(report.notices.length, 1);
  }, { versions: false }));

Deno.test("a source without a name is alone, in the config and in the index", () =>
  inWorld(async (world) => {
    const other = `${world.folder}/other`;
    Deno.mkdirSync(other);
    shell(world.source, "mkdir two; echo mine > two/x");
    shell(other, "echo theirs > x");
    await world.backup();
    const requests = world.store.count("put");
    const { position } = world.log.head();
    const named = sources(world, ["two", other]);
    await assert.rejects(world.backup(named), (error) => {
      assert.ok(isKind(error, "usage"));
      assert.match(
        error.hint ?? "",
        /name it first: back up { path = .*source", name = "…" } once/,
      );
      return true;
    });
    assert.equal(world.store.count("put"), requests);
    assert.equal(world.log.head().position, position);
    await world.backup(sources(world, ["one", world.source]));
    await world.backup(named);
    await assert.rejects(world.backup(), { hint: /name = "one" }/ });
    world.verify();
  }, { versions: false }));

Deno.test("the plan of a renamed source copies, stores nothing and writes nothing", () =>
  inWorld(async (world) => {
    shell(world.source, MADE);
    await world.backup();
    world.reopen();
    const { requests } = world.store;
    const since = requests.length;
    const report = await world.backup({
      ...sources(world, ["docs", world.source]),
      dryRun: true,
    });
    assert.equal(report.plan!.entries, 0);
    const [rename, ...more] = report.plan!.renames;
    assert.deepEqual([rename.source, rename.path, rename.from, rename.way], [
      "docs",
      "",
      "",
      "copy",
    ]);
    assert.equal(more.length, 0);
    assert.ok(requests.slice(since).every(({ operation }) => operation === "get"));
  }, { versions: false }));
