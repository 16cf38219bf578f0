import type { ChangedField, Difference, DifferenceKind } from "../core/index/entry_difference.ts";
import { hasContentChange } from "../core/index/entry_difference.ts";
import { displayPath, jsonOfText } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "./count_text.ts";
import type { DifferenceRecord } from "./records.ts";

const MARKS: { readonly [kind in DifferenceKind]: string } = {
  added: "+",
  removed: "-",
  content: "M",
  metadata: "U",
  renamed: "R",
};

/** `diff`: a mark, what changed beside a rename, and the path; folders end in "/". */
export function differenceLine(difference: Difference): string {
  const { kind, path, from, type, changed } = difference;
  const also = kind !== "renamed" || changed.length === 0
    ? " "
    : hasContentChange(changed)
    ? "M"
    : "U";
  const slash = type === "folder" ? "/" : "";
  const shown = (displayPath(path) || "") + slash;
  const place = from === undefined ? shown : `${displayPath(from)}${slash} -> ${shown}`;
  return `${MARKS[kind]}${also} ${place}${fieldsText(kind, changed)}`;
}

/** What a line with "U" is about; a new content says enough by itself. */
function fieldsText(kind: DifferenceKind, changed: readonly ChangedField[]): string {
  return kind === "metadata" ? `  (${changed.join(", ")})` : "";
}

export function differenceRecord(difference: Difference): DifferenceRecord {
  const { kind, path, from, type, changed, before, after } = difference;
  return {
    record: "difference",
    kind,
    path: jsonOfText(path),
    from: from === undefined ? null : jsonOfText(from),
    type,
    changed,
    bytes_before: Number(before),
    bytes_after: Number(after),
  };
}

export interface DiffTotals {
  readonly counts: { readonly [kind in DifferenceKind]: number };
  /** Bytes of files that were added, and of files that were removed. */
  readonly added: bigint;
  readonly removed: bigint;
}

/** Adds up differences as they come. */
export function diffTotals(): { add(difference: Difference): void; readonly totals: DiffTotals } {
  const counts = { added: 0, removed: 0, content: 0, metadata: 0, renamed: 0 };
  const totals = { counts, added: 0n, removed: 0n };
  return {
    totals,
    add({ kind, before, after }) {
      counts[kind]++;
      if (kind === "added") totals.added += after;
      if (kind === "removed") totals.removed += before;
    },
  };
}

export function diffTotalLines({ counts, added, removed }: DiffTotals): string[] {
  if (Object.values(counts).every((count) => count === 0)) return ["no differences"];
  return [
    `${counted(counts.added, "entry", "entries")} added, ${formatSize(added)}; ` +
    `${counts.removed} removed, ${formatSize(removed)}; ${counts.renamed} renamed; ` +
    `${counts.content} with another content; ${counts.metadata} with other metadata`,
  ];
}
