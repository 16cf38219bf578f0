import { displayPath } from "../core/path_text.ts";
import type { DiagnosisRecord, ShareRecord } from "./records.ts";
import { tableLines } from "./table.ts";

/** `shares`: name, kind and comment. */
export function shareLines(shares: readonly ShareRecord[]): string[] {
  return tableLines<ShareRecord>([
    { title: "share", cell: ({ name }) => displayPath(name) },
    { title: "kind", cell: ({ kind }) => kind },
    { title: "comment", cell: ({ comment }) => displayPath(comment) },
  ], shares);
}

/** `doctor`: a step, and what came of it. */
export function diagnosisLines({ step, ok, text, hint }: DiagnosisRecord): string[] {
  const line = `${ok ? "ok    " : "FAILED"}  ${step.padEnd(8)}  ${text}`;
  return hint === null ? [line] : [line, `hint: ${hint}`];
}
