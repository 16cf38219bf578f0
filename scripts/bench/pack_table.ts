import type { PackSample } from "./pack_race.ts";
import { median, type Series } from "./samples.ts";
import { type Amount, rateText, seconds, table } from "./table.ts";

const HEAD = [
  ...["tool", "run", "wall s", "× fastest", "rate", "CPU s", "RSS MiB", "requests"],
  ...["added MiB", "bucket MiB", "log + index B/file"],
];
const MIB = 2 ** 20;

/**
 * A Markdown table of medians (resident set: largest), the runs of one kind below each other.
 *
 * "× fastest" is the wall time as a multiple of that of the fastest tool in `peers`.
 */
export function packTable(
  all: readonly Series<PackSample>[],
  amount: Amount,
  peers: readonly string[],
): string {
  const kinds = [...new Set(all.map(({ what }) => what))];
  const rows = kinds.flatMap((kind) => {
    const same = all.filter(({ what }) => what === kind);
    const walls = same.filter(({ tool }) => peers.includes(tool)).map(wallOf);
    return same.map((series) => row(series, amount, Math.min(...walls)));
  });
  return table(HEAD, rows);
}

function row(series: Series<PackSample>, amount: Amount, fastest: number): string[] {
  const { tool, what, samples } = series;
  const of = (field: "cpu" | "requests" | "added" | "stored") =>
    median(samples.map((one) => one[field]));
  const wall = wallOf(series);
  const known = samples.flatMap(({ knowledge }) => knowledge ?? []);
  return [
    tool,
    what,
    seconds(wall),
    fastest === Infinity ? "–" : (wall / fastest).toFixed(2),
    rateText(amount, wall),
    seconds(of("cpu")),
    String(Math.round(Math.max(...samples.map(({ rss }) => rss)) / MIB)),
    of("requests").toLocaleString("en"),
    seconds(of("added") / MIB),
    seconds(of("stored") / MIB),
    // Later runs bring no new files.
    what === "first" && known.length > 0 ? seconds(median(known) / amount.files) : "–",
  ];
}

function wallOf({ samples }: Series<PackSample>): number {
  return median(samples.map(({ wall }) => wall));
}
