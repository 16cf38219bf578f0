import assert from "node:assert/strict";
import fc from "fast-check";
import { selectKeys } from "../../src/cli/select/select_keys.ts";
import { applyKey, terminalChooser } from "../../src/cli/select/select_terminal.ts";
import { type EntryTree, type TreeEntry, treeSelection } from "../../src/cli/select/select_tree.ts";
import { selectionLines } from "../../src/cli/select/select_view.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { fakeSystem } from "./fake_system.ts";

const PATHS = ["docs/a/one.txt", "docs/a/two.txt", "docs/b.txt", "music/c.mp3", "top.txt"];

function treeOf(paths: readonly string[]): EntryTree {
  const all = new Map<string, TreeEntry>();
  for (const path of paths) {
    const parts = path.split("/");
    for (const [i, name] of parts.entries()) {
      const isFolder = i < parts.length - 1;
      const at = parts.slice(0, i + 1).join("/");
      all.set(at, { path: at, name, isFolder, size: isFolder ? 0 : 1536 });
    }
  }
  return {
    entriesIn: (folder) =>
      [...all.values()].filter(({ path, name }) =>
        path === (folder === "" ? name : `${folder}/${name}`)
      ),
    search: (text, limit) =>
      [...all.values()].filter(({ path }) => path.toLowerCase().includes(text)).slice(0, limit),
  };
}

const screen = { columns: 40, rows: 9 };

Deno.test("the tree opens and closes, and marks what is chosen as a whole or in part", () => {
  const selection = treeSelection(treeOf(PATHS));
  assert.deepEqual(selection.rows().map(({ entry }) => entry.path), ["docs", "music", "top.txt"]);
  selection.open();
  selection.move(1);
  selection.open();
  selection.move(1);
  selection.toggle();
  assert.deepEqual(selection.chosen(), ["docs/a/one.txt"]);
  assert.deepEqual(selectionLines(selection, "restore of 5", screen), [
    "restore of 5",
    "  [-] ▾ docs/",
    "    [-] ▾ a/",
    "›     [x]   one.txt  1.5 KiB",
    "      [ ]   two.txt  1.5 KiB",
    "    [ ]   b.txt  1.5 KiB",
    "  [ ] ▸ music/",
    "type to find",
    "1 path chosen   space choose · → open ·",
  ]);
  selection.close();
  selection.close();
  selection.toggle();
  assert.deepEqual(selection.chosen(), ["docs/a"]);
});

Deno.test("what is left out of a chosen folder leaves the rest of it chosen", () => {
  const selection = treeSelection(treeOf(PATHS));
  selection.toggle();
  assert.deepEqual(selection.chosen(), ["docs"]);
  selection.setFilter("one");
  assert.deepEqual(selection.rows().map(({ entry, mark }) => [entry.path, mark]), [
    ["docs/a/one.txt", "all"],
  ]);
  selection.toggle();
  assert.deepEqual(selection.chosen(), ["docs/a/two.txt", "docs/b.txt"]);
  selection.setFilter("");
  assert.deepEqual(selection.rows().map(({ mark }) => mark), ["some", "none", "none"]);
});

Deno.test("whatever is toggled, what is chosen is what a plain set of files says", () => {
  fc.assert(fc.property(fc.array(fc.nat(20), { maxLength: 12 }), (steps) => {
    const selection = treeSelection(treeOf(PATHS));
    let files = new Set<string>();
    for (const step of steps) {
      // "/" is in the path of each entry below another: a filter that shows a flat list.
      selection.setFilter(step % 2 === 0 ? "" : "/");
      const rows = selection.rows();
      const { entry } = rows[step % rows.length];
      selection.moveTo(step % rows.length);
      const below = PATHS.filter((path) =>
        path === entry.path || path.startsWith(`${entry.path}/`)
      );
      const isAll = rows[step % rows.length].mark === "all";
      files = new Set(PATHS.filter((path) => below.includes(path) ? !isAll : files.has(path)));
      selection.toggle();
      const chosen = selection.chosen();
      const covered = PATHS.filter((path) =>
        chosen.some((other) => path === other || path.startsWith(`${other}/`))
      );
      assert.deepEqual(covered, PATHS.filter((path) => files.has(path)));
    }
  }));
});

Deno.test("keys are read as terminals send them, several at once too", () => {
  const kinds = (input: string) =>
    selectKeys(input).map((key) => key.kind === "text" ? key.text : key.kind);
  assert.deepEqual(kinds("\x1b[A\x1bOB\x1b[C \r"), ["up", "down", "right", "toggle", "accept"]);
  assert.deepEqual(kinds("dä\x7f\x1b[6~\x1b[99~"), ["dä", "erase", "page-down"]);
  assert.deepEqual(kinds("\x1b"), ["escape"]);
  assert.deepEqual(kinds("\x03"), ["cancel"]);
});

Deno.test("enter with nothing chosen stays, escape leaves the filter and then the tree", () => {
  const selection = treeSelection(treeOf(PATHS));
  assert.equal(applyKey(selection, { kind: "accept" }, 5), undefined);
  applyKey(selection, { kind: "text", text: "zzz" }, 5);
  assert.match(
    selectionLines(selection, "t", screen).join("\n"),
    /nothing fits[^]*find: zzz {3}0 /,
  );
  assert.equal(applyKey(selection, { kind: "toggle" }, 5), undefined);
  assert.equal(applyKey(selection, { kind: "escape" }, 5), undefined);
  assert.equal(selection.filter, "");
  assert.equal(applyKey(selection, { kind: "escape" }, 5), "cancel");
});

Deno.test("the window follows the cursor in a long folder", () => {
  const paths = Array.from({ length: 100 }, (_, i) => `f${String(i).padStart(3, "0")}`);
  const selection = treeSelection(treeOf(paths));
  selection.moveTo(Infinity);
  const lines = selectionLines(selection, "t", screen);
  assert.equal(lines.length, screen.rows);
  assert.match(lines[6], /^› \[ \] {3}f099/);
  for (const line of lines) assert.ok([...line].length < screen.columns);
});

Deno.test("the terminal shows the tree and gives back what was chosen", async () => {
  const system = fakeSystem({ terminal: true, typed: ["\x1b[B", " ", "top", " \x1b", "\r"] });
  try {
    const chosen = await terminalChooser(system)(treeOf(PATHS), "restore");
    assert.deepEqual(chosen, ["music", "top.txt"]);
    assert.ok(system.err().startsWith("\x1b[?1049h") && system.err().endsWith("\x1b[?1049l"));
    const left = fakeSystem({ terminal: true, typed: ["\x03"] });
    left.remove();
    await assert.rejects(
      terminalChooser(left)(treeOf(PATHS), "restore"),
      (error: unknown) => error instanceof HoldfastError && error.kind === "interrupted",
    );
  } finally {
    system.remove();
  }
});

Deno.test("without a terminal there is nothing to choose at", () => {
  const system = fakeSystem();
  system.remove();
  assert.throws(() => terminalChooser(system), /--select needs a terminal/);
});
