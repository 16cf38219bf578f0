import { displayPath } from "../../core/path_text.ts";
import { formatSize } from "../../core/size_text.ts";
import { fitEnd } from "../../report/cell_width.ts";
import { counted } from "../../report/count_text.ts";
import type { Mark, TreeRow, TreeSelection } from "./select_tree.ts";

export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
}

const MARKS: { readonly [mark in Mark]: string } = { all: "[x]", some: "[-]", none: "[ ]" };

/** The lines of the screen: a title, as much of the tree as fits around the cursor, and what keys do. */
export function selectionLines(
  selection: TreeSelection,
  title: string,
  { columns, rows }: ViewSize,
): string[] {
  const all = selection.rows();
  const height = Math.max(1, rows - 3);
  const start = Math.max(0, Math.min(selection.cursor - (height >> 1), all.length - height));
  const width = Math.max(1, columns - 1);
  const tree = all.slice(start, start + height).map((row, i) =>
    rowLine(row, start + i === selection.cursor, selection.filter !== "", width)
  );
  return [
    fitEnd(title, width),
    ...(tree.length > 0 ? tree : ["  nothing fits the filter"]),
    ...Array<string>(height - Math.max(1, tree.length)).fill(""),
    fitStart(filterText(selection), width),
    fitStart(`${counted(selection.chosen().length, "path")} chosen   ${KEYS}`, width),
  ];
}

const KEYS = "space choose · → open · ← close · enter restore · esc cancel";

function rowLine(row: TreeRow, isAtCursor: boolean, isFlat: boolean, width: number): string {
  const { entry, depth, isOpen, mark } = row;
  const sign = !entry.isFolder ? " " : isOpen ? "▾" : "▸";
  const start = `${isAtCursor ? "›" : " "} ${"  ".repeat(Math.min(depth, 20))}${
    MARKS[mark]
  } ${sign} `;
  const end = entry.isFolder ? "/" : `  ${formatSize(entry.size)}`;
  const name = fitEnd(
    displayPath(isFlat ? entry.path : entry.name),
    Math.max(2, width - start.length - end.length),
  );
  return fitStart(start + name + end, width);
}

function filterText({ filter, isCut, rows }: TreeSelection): string {
  if (filter === "") return "type to find";
  return `find: ${filter}   ${isCut ? "the first " : ""}${
    counted(rows().length, "entry", "entries")
  }`;
}

function fitStart(text: string, width: number): string {
  return [...text].slice(0, width).join("");
}
