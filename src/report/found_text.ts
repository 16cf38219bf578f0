import { jsonOfText, type PathText } from "../core/path_text.ts";
import type { EntryType } from "../core/stat_record.ts";
import { entryLine } from "./entry_text.ts";
import type { FoundRecord } from "./records.ts";

interface Found {
  readonly path: PathText;
  readonly type: EntryType;
  readonly ranges: readonly Range[];
}

/** Positions, `until` exclusive, undefined for still. */
interface Range {
  readonly from: number;
  readonly until: number | undefined;
}

/** `find --all`: the path, and when it was there. */
export function foundLine({ path, type, ranges }: Found, snapshots: readonly number[]): string {
  const times = ranges.map((range) => {
    const within = snapshotsIn(range, snapshots);
    const [first] = within;
    const last = within.at(-1);
    const named = first === undefined
      ? "in no snapshot"
      : first === last
      ? `in snapshot ${first}`
      : `in snapshots ${first} to ${last}`;
    const until = range.until === undefined ? "until now" : `until ${range.until}`;
    return `from ${range.from} ${until}, ${named}`;
  });
  return `${entryLine(path, type)}  ${times.join("; ")}`;
}

export function foundRecord(found: Found, snapshots: readonly number[]): FoundRecord {
  return {
    record: "found",
    path: jsonOfText(found.path),
    type: found.type,
    ranges: found.ranges.map((range) => ({
      from: range.from,
      until: range.until ?? null,
      snapshots: snapshotsIn(range, snapshots),
    })),
  };
}

function snapshotsIn({ from, until }: Range, snapshots: readonly number[]): number[] {
  return snapshots.filter((position) => position >= from && position < (until ?? Infinity));
}
