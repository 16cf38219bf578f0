import { HoldfastError } from "../../core/error.ts";
import type { PathText } from "../../core/path_text.ts";
import type { System } from "../system.ts";
import { type SelectKey, selectKeys } from "./select_keys.ts";
import { type EntryTree, type TreeSelection, treeSelection } from "./select_tree.ts";
import { selectionLines } from "./select_view.ts";

/** Asks which entries of a state to restore. Throws kind "interrupted" where it is left. */
export type ChooseEntries = (tree: EntryTree, title: string) => Promise<PathText[]>;

/** For a terminal on standard input and standard error; throws kind "usage" where there is none. */
export function terminalChooser(system: System): ChooseEntries {
  if (!system.stdin.isTerminal || !system.stderr.isTerminal) {
    throw new HoldfastError("usage", "--select needs a terminal, and there is none", {
      hint: "name the paths: holdfast restore PATH… --to DIR, as holdfast ls prints them",
    });
  }
  return (tree, title) => chooseAt(system, treeSelection(tree), title);
}

const ENTER = "\x1b[?1049h\x1b[?25l"; // the other screen, no cursor
const LEAVE = "\x1b[?25h\x1b[?1049l";

async function chooseAt(
  { stdin, stderr }: System,
  selection: TreeSelection,
  title: string,
): Promise<PathText[]> {
  const input = stdin.raw();
  try {
    stderr.write(ENTER);
    for (;;) {
      const size = { columns: stderr.columns(), rows: input.rows() };
      const lines = selectionLines(selection, title, size);
      stderr.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J`);
      const sent = await input.read();
      const keys = sent === undefined ? [CANCEL] : selectKeys(sent);
      for (const key of keys) {
        const done = applyKey(selection, key, size.rows - 3);
        if (done === "accept") return selection.chosen();
        if (done === "cancel") throw new HoldfastError("interrupted", "nothing was chosen");
      }
    }
  } finally {
    stderr.write(LEAVE);
    input.close();
  }
}

const CANCEL: SelectKey = { kind: "cancel" };

/** Enter with nothing chosen stays: restoring nothing, or all, is hardly what was meant. */
export function applyKey(
  selection: TreeSelection,
  key: SelectKey,
  page: number,
): "accept" | "cancel" | undefined {
  switch (key.kind) {
    case "up":
      return void selection.move(-1);
    case "down":
      return void selection.move(1);
    case "page-up":
      return void selection.move(-page);
    case "page-down":
      return void selection.move(page);
    case "home":
      return void selection.moveTo(0);
    case "end":
      return void selection.moveTo(Infinity);
    case "right":
      return void selection.open();
    case "left":
      return void selection.close();
    case "toggle":
      return void selection.toggle();
    case "erase":
      return void selection.setFilter([...selection.filter].slice(0, -1).join(""));
    case "text":
      return void selection.setFilter(selection.filter + key.text);
    case "escape":
      if (selection.filter === "") return "cancel";
      return void selection.setFilter("");
    case "accept":
      return selection.chosen().length > 0 ? "accept" : undefined;
    case "cancel":
      return "cancel";
  }
}
