import { historyText } from "../app/log_base.ts";
import type { RunInput } from "../cli/runner.ts";
import type { LogReader } from "../ports/event_log.ts";

/** Says so where a log begins behind events that are not at hand: not all that there was is shown. */
export function tellBase({ output }: Pick<RunInput<unknown>, "output">, { base }: LogReader): void {
  if (base === undefined) return;
  output.signal({ kind: "notice", text: historyText(base.position) });
}
