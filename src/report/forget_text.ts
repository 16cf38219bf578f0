import type { SnapshotRow } from "../core/index/run_fold.ts";
import type { KeepDecision } from "../core/plan/snapshot_policy.ts";
import { timeText, type ZoneOffset } from "../core/time_text.ts";
import type { ForgetRecord } from "./records.ts";
import { stateText } from "./snapshot_text.ts";
import { tableLines } from "./table.ts";

export interface ForgetChoice {
  readonly position: number;
  readonly time: number;
  readonly row: SnapshotRow;
}

/** `forget`: what is kept, what is forgotten, and each reason; newest first. */
export function forgetLines(
  decisions: readonly KeepDecision<ForgetChoice>[],
  zone: ZoneOffset,
): string[] {
  return tableLines([
    { title: "", cell: ({ keep }) => keep ? "keep" : "forget" },
    { title: "snapshot", cell: ({ snapshot }) => String(snapshot.position), align: "right" },
    { title: "time", cell: ({ snapshot }) => timeText(snapshot.time, zone) },
    { title: "state", cell: ({ snapshot }) => stateText(snapshot.row) },
    { title: "reasons", cell: ({ reasons }) => reasons.join("; ") },
  ], decisions);
}

export function forgetRecord(decision: KeepDecision<ForgetChoice>): ForgetRecord {
  const { snapshot: { row }, keep, reasons } = decision;
  const { position, at, gaps, lost } = row;
  return { record: "forget", position, at, keep, reasons, gaps, lost };
}
