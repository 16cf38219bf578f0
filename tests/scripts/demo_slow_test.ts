import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../scripts/command.ts";
import { editTree, makeTree } from "../../scripts/demo/sample_tree.ts";
import { readTree, treeDifferences } from "../../scripts/demo/tree_state.ts";
import { projectRoot } from "../../scripts/project_root.ts";
import { libc } from "../../src/libc/libc.ts";
import { withFolder } from "../sources/tree_tools.ts";

// Opened once for the whole process, so before any test.
libc();

Deno.test("the demo backs up and restores its states, also from an archive, and leaves nothing behind", () =>
  withFolder(async (folder) => {
    const script = join(projectRoot, "scripts", "demo.ts");
    const env = { TMPDIR: folder, TEMP: folder, TMP: folder, NO_COLOR: "1" };
    const demo = await run([Deno.execPath(), "run", "-A", script], { env, timeout: 120_000 });
    const said = `${demo.stdout}\n${demo.stderr}`;
    assert.equal(demo.code, 0, said);
    assert.match(demo.stdout, /\ndemo passed: both states, [^\n]*\n$/, said);
    for (
      const command of ["init", "backup", "snapshots", "log", "log verify", "restore", "restores"]
    ) {
      assert.ok(demo.stdout.includes(`\n$ holdfast ${command} `), command);
    }
    const [, cold] = demo.stdout.split("=== Cold storage");
    assert.match(
      cold,
      /\$ holdfast restore --to thawed --dry-run [\s\S]*DEEP_ARCHIVE[\s\S]*\nprice: \$/,
    );
    assert.match(cold, /\$ holdfast restore --to thawed --yes [\s\S]*\n\(exit code 13\)\n/);
    assert.match(
      cold,
      /\$ holdfast restore --wait [\s\S]*\ncompared the archived tree: \d+ entries/,
    );
    assert.match(cold, /\nstored 0 objects, 0 B\nleft 1 moved entry as an alias\n/);
    assert.match(cold, /\nalias +pictures\/ is under photos\/\n/);
    assert.match(demo.stdout, /\$ holdfast restore --snapshot \d+ /);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("the demo's comparison finds bytes, modes, times, targets, additions and removals", () =>
  withFolder((folder) => {
    makeTree(folder);
    const before = readTree(folder);
    assert.deepEqual(treeDifferences(before, readTree(folder)), []);
    editTree(folder);
    const changed = treeDifferences(before, readTree(folder)).map((line) => line.split(":")[0]);
    assert.deepEqual(changed.filter((path) => path.startsWith("letters/")), [
      ...["letters/old.txt", "letters/to grandma.txt", "letters/to uncle.txt"],
    ]);
    if (Deno.build.os !== "windows") {
      assert.ok(changed.includes("run.sh") && changed.includes("latest"));
    }
    const after = readTree(folder);
    Deno.utimeSync(join(folder, "readme.txt"), 1, 1.5);
    assert.deepEqual(treeDifferences(after, readTree(folder)).length, 1);
  }));
