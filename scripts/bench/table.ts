import { median, type Series } from "./samples.ts";

/** How much one run of a scenario handles. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** A Markdown table of medians (resident set: largest), one row a series. */
export function seriesTable(all: readonly Series[], amount: Amount): string {
  const rows = all.map(({ tool, what, samples }) => {
    const of = (field: "wall" | "cpu" | "requests") => median(samples.map((one) => one[field]));
    const wall = of("wall");
    return [
      tool,
      what,
      seconds(wall),
      what === "first" ? rateText(amount, wall) : filesRate(amount, wall),
      seconds(of("cpu")),
      String(Math.round(Math.max(...samples.map(({ rss }) => rss)) / 2 ** 20)),
      of("requests").toLocaleString("en"),
    ];
  });
  return table(["tool", "run", "wall s", "rate", "CPU s", "RSS MiB", "requests"], rows);
}

/** Bytes a second where the files are large, else files a second. */
export function rateText({ files, bytes }: Amount, wall: number): string {
  return bytes / files >= 2 ** 20
    ? `${Math.round(bytes / wall / 2 ** 20)} MiB/s`
    : filesRate({ files }, wall);
}

function filesRate({ files }: Pick<Amount, "files">, wall: number): string {
  return `${Math.round(files / wall).toLocaleString("en")} files/s`;
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
