import { median, type Series } from "./samples.ts";

/** How much one run of a scenario handles. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** A Markdown table of medians (resident set: largest), one row a series. */
export function seriesTable(all: readonly Series[], { files, bytes }: Amount): string {
  const rows = all.map(({ tool, what, samples }) => {
    const of = (field: "wall" | "cpu" | "requests") => median(samples.map((one) => one[field]));
    const wall = of("wall");
    const rate = what === "first" && bytes / files >= 2 ** 20
      ? `${Math.round(bytes / wall / 2 ** 20)} MiB/s`
      : `${Math.round(files / wall).toLocaleString("en")} files/s`;
    return [
      tool,
      what,
      seconds(wall),
      rate,
      seconds(of("cpu")),
      String(Math.round(Math.max(...samples.map(({ rss }) => rss)) / 2 ** 20)),
      of("requests").toLocaleString("en"),
    ];
  });
  return table(["tool", "run", "wall s", "rate", "CPU s", "RSS MiB", "requests"], rows);
}

/** A Markdown table: first column text, the others right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => index === 0 ? "---" : "---:");
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

export function seconds(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}
