import { entryHistory } from "../app/entry_history.ts";
import { historyLog } from "../app/history_log.ts";
import { historySubject } from "../app/history_subject.ts";
import { openState, type WantedState } from "../app/read_state.ts";
import type { HistoryOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError } from "../core/error.ts";
import { EXIT } from "../core/exit_code.ts";
import type { HistoryItem } from "../core/history/history_item.ts";
import { displayPath } from "../core/path_text.ts";
import type { IndexModel } from "../ports/event_log.ts";
import { historyLine, historyRecord, historyRunLine } from "../report/history_text.ts";
import { notListed } from "./listed_text.ts";
import { openForLook, replayerBeside } from "./open_log.ts";
import { tellBase } from "./tell_base.ts";
import { withPast } from "./with_past.ts";

/** `holdfast history`. */
export async function runHistory(input: RunInput<HistoryOptions>): Promise<number> {
  if (input.options.path === "") {
    throw new HoldfastError("usage", "the root has no history of its own", {
      hint: "name an entry, as holdfast ls prints it",
    });
  }
  return await withPast(input, { needs: () => true }, tellHistory);
}

function tellHistory(input: RunInput<HistoryOptions>): Promise<number> {
  const { output, options, stateFile } = input;
  const wanted: WantedState = options.state ?? { kind: "head" };
  const log = openForLook(input);
  try {
    const state = openState(log, replayerBeside(stateFile), wanted, output.signal);
    try {
      const of = historyLog(log, state.index, state.position);
      const subject = historySubject(of, options.path);
      if (subject.kind !== "found") throw notListed(options.path, subject, state.label);
      if (subject.path !== options.path) {
        const text = `${displayPath(options.path)} is ${displayPath(subject.path)} now`;
        output.signal({ kind: "notice", text });
      }
      tellBase(input, log);
      show(input, entryHistory(of, subject), state.index);
      return Promise.resolve(EXIT.done);
    } finally {
      state.close();
    }
  } finally {
    log.close();
  }
}

/** Each run's lines below a line that names it. */
function show(
  { output }: RunInput<HistoryOptions>,
  items: readonly HistoryItem[],
  { tables }: IndexModel,
): void {
  let last: string | undefined;
  for (const item of items) {
    const run = tables.run(item.run);
    output.record(historyRecord(item, run));
    if (item.run !== last) output.text(historyRunLine(item, run));
    output.text(historyLine(item, Date.parse(item.at), output.zone));
    last = item.run;
  }
}
