import { cellWidth } from "./cell_width.ts";

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: "left" | "right";
}

/** Lines of a table with a head; two spaces between columns, none at the end of a line. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string[] {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => cellWidth(line[i]))));
  return cells.map((line) =>
    line.map((text, i) => {
      const space = " ".repeat(widths[i] - cellWidth(text));
      return columns[i].align === "right" ? space + text : text + space;
    }).join("  ").trimEnd()
  );
}

/** Lines of `label  value`, values one under the other. */
export function factLines(facts: readonly (readonly [label: string, value: string])[]): string[] {
  const width = Math.max(0, ...facts.map(([label]) => cellWidth(label)));
  return facts.map(([label, value]) =>
    `${label}${" ".repeat(width - cellWidth(label))}  ${value}`.trimEnd()
  );
}
