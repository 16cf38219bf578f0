import { diffStates } from "../app/diff_states.ts";
import { openState, type WantedState } from "../app/read_state.ts";
import type { DiffOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import type { Difference } from "../core/index/entry_difference.ts";
import {
  differenceLine,
  differenceRecord,
  diffTotalLines,
  type DiffTotals,
  diffTotals,
} from "../report/diff_text.ts";
import { recordLine } from "../report/records.ts";
import { openForLook, replayerBeside } from "./open_log.ts";
import { streamLines } from "./stream_lines.ts";
import { needsStates, withPast } from "./with_past.ts";

/** `holdfast diff`. */
export async function runDiff(input: RunInput<DiffOptions>): Promise<number> {
  return await withPast(input, needsStates(input.options.a, input.options.b), diff);
}

async function diff(input: RunInput<DiffOptions>): Promise<number> {
  const { output, options } = input;
  const started = performance.now();
  const log = openForLook(input);
  const open = (wanted: WantedState) =>
    openState(log, replayerBeside(input.stateFile), wanted, output.signal);
  try {
    const a = open(options.a);
    try {
      const b = open(options.b);
      try {
        output.text(`from ${a.label}`, `to ${b.label}`);
        const { add, totals } = diffTotals();
        await streamLines(input, diffStates(log, a, b), (difference: Difference) => {
          add(difference);
          return output.json
            ? recordLine(differenceRecord(difference))
            : differenceLine(difference);
        });
        show(input, totals, [a.position, b.position], performance.now() - started);
        return EXIT.done;
      } finally {
        b.close();
      }
    } finally {
      a.close();
    }
  } finally {
    log.close();
  }
}

function show(
  { output, job }: RunInput<DiffOptions>,
  totals: DiffTotals,
  [a, b]: readonly number[],
  ms: number,
): void {
  const { counts, added, removed } = totals;
  output.summary({
    ...{ record: "summary", command: "diff", job: job.name, exit: EXIT.done },
    seconds: Math.round(ms) / 1000,
    totals: { a, b, ...counts, bytes_added: Number(added), bytes_removed: Number(removed) },
  }, diffTotalLines(totals));
}
