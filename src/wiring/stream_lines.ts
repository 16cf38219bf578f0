import { breather } from "../app/breather.ts";
import type { RunInput } from "../cli/runner.ts";
import { systemEnvironment } from "./environment.ts";
import { lineBuffer } from "./line_buffer.ts";

/** Writes the line of each item as it comes, and stops where the signal fires. */
export async function streamLines<Item>(
  { output, signal }: Pick<RunInput<unknown>, "output" | "signal">,
  items: Iterable<Item>,
  lineOf: (item: Item) => string,
): Promise<void> {
  const breathe = breather(systemEnvironment().clock, signal);
  const lines = lineBuffer(output.json ? output.raw : output.text);
  for (const item of items) {
    lines.add(lineOf(item));
    const pause = breathe();
    if (pause === undefined) continue;
    lines.flush();
    await pause;
  }
  lines.flush();
}
