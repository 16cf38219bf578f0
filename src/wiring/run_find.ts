import { findEntries } from "../app/find_entries.ts";
import { findRanges, type FoundRanges } from "../app/find_ranges.ts";
import { openState } from "../app/read_state.ts";
import type { FindOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import type { JobLog } from "../ports/event_log.ts";
import { foundLine, foundRecord } from "../report/found_text.ts";
import { recordLine } from "../report/records.ts";
import { listedText } from "./listed_text.ts";
import { openForLook, replayerBeside } from "./open_log.ts";
import { wantedState } from "./restore_selection.ts";
import { streamLines } from "./stream_lines.ts";
import { tellBase } from "./tell_base.ts";
import { needsStates, withPast } from "./with_past.ts";

/** `holdfast find`. */
export async function runFind(input: RunInput<FindOptions>): Promise<number> {
  const { all, state } = input.options;
  const needs = all ? { needs: () => true } : needsStates(wantedState(state));
  return await withPast(input, needs, find);
}

async function find(input: RunInput<FindOptions>): Promise<number> {
  const { output, options } = input;
  const log = openForLook(input);
  try {
    if (options.all) {
      await showRanges(input, log);
      return EXIT.done;
    }
    const wanted = wantedState(options.state);
    const state = openState(log, replayerBeside(input.stateFile), wanted, output.signal);
    try {
      if (wanted.kind === "default" || wanted.kind === "time") {
        output.signal({ kind: "notice", text: `looking in ${state.label}` });
      }
      const found = findEntries(state.index, options.wanted);
      await streamLines(input, found, (entry) => listedText(output, options.long, entry));
      return EXIT.done;
    } finally {
      state.close();
    }
  } finally {
    log.close();
  }
}

async function showRanges(input: RunInput<FindOptions>, log: JobLog): Promise<void> {
  const { output, options, stateFile } = input;
  tellBase(input, log);
  const snapshots = log.index.snapshots().filter(({ forgotten }) => forgotten === 0)
    .map(({ position }) => position);
  const found = findRanges(log, replayerBeside(stateFile), options.wanted, output.signal);
  await streamLines(
    input,
    found,
    (one: FoundRanges) =>
      output.json ? recordLine(foundRecord(one, snapshots)) : foundLine(one, snapshots),
  );
}
