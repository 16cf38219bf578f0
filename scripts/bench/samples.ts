import type { Measured } from "./measure.ts";

/** What one measured command did, with the requests the server saw meanwhile. */
export interface Sample extends Measured {
  readonly requests: number;
}

/** Samples of one tool doing one thing. */
export interface Series<Of extends Sample = Sample> {
  readonly tool: string;
  readonly what: string;
  readonly samples: Of[];
}

/** The series for this tool and task in `all`, made where it is missing. */
export function seriesOf<Of extends Sample>(
  all: Series<Of>[],
  tool: string,
  what: string,
): Series<Of> {
  const found = all.find((series) => series.tool === tool && series.what === what);
  if (found !== undefined) return found;
  const made = { tool, what, samples: [] };
  all.push(made);
  return made;
}

/** Commands that ran one after the other, as one. */
export function sumOf(samples: readonly Sample[]): Sample {
  const sum = (field: "wall" | "cpu" | "requests") =>
    samples.reduce((total, one) => total + one[field], 0);
  const rss = Math.max(...samples.map((one) => one.rss));
  return { wall: sum("wall"), cpu: sum("cpu"), requests: sum("requests"), rss };
}

/** The middle one of the sorted values; of two middle ones the lower. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}
