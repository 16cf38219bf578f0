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

Deno.test("the demo backs up and restores both states, and leaves nothing behind", () =>
  withFolder(async (folder) => {
    const script = join(projectRoot, "scripts", "demo.ts");
    const env = { TMPDIR: folder, TEMP: folder, TMP: folder, NO_COLOR: "1" };
    const demo = await run([Deno.execPath(), "run", "-A", script], { env, timeout: 120_000 });
    const said = `${demo.stdout}\n${demo.stderr}`;
    assert.equal(demo.code, 0, said);
    assert.match(demo.stdout, /\ndemo passed: both states [^\n]*\n$/, said);
    for (const command of ["init", "backup", "snapshots", "log", "log verify", "restore"]) {
      assert.ok(demo.stdout.includes(`\n$ holdfast ${command} `), command);
    }
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
