import type { Gap } from "../core/mirror/path_timeline.ts";
import type { ChangeRecord } from "./read_renames.ts";

/** What an adoption could not make out for certain, as sentences. */

export function gapText({ first, last }: Gap): string {
  return `no renames object tells of the events ${first} to ${last}: what was renamed or removed ` +
    `then, or changed in metadata alone, is as the objects and later records say`;
}

/** Of entries below folders whose moves are not all known. */
export function unknownText(count: number): string[] {
  if (count === 0) return [];
  const what = counted(count, "object or record", "objects or records");
  return [
    `${what} left out: a folder above was renamed after events that no renames object tells of`,
  ];
}

/** Of snapshots: what they are proven by went with the log. */
export function snapshotTexts(records: readonly ChangeRecord[]): string[] {
  const forgotten = new Set(
    records.flatMap((record) => record.is === "forgotten" ? record.snapshots : []),
  );
  return records.flatMap((record) =>
    record.is !== "snapshot" || forgotten.has(record.position)
      ? []
      : [`the snapshot ${record.position} of ${record.at} cannot be proven and is not listed`]
  );
}

/** Of what is in no source that the config or a record names. */
export function outsideText(count: number): string[] {
  if (count === 0) return [];
  return [`${counted(count, "object or record", "objects or records")} of no source that is known`];
}

/** Sentences, of which many may be alike. */
export interface Remarks {
  push(text: string): void;
  texts(): string[];
}

/** More are counted. */
const NAMED = 100;

export function remarks(): Remarks {
  const named: string[] = [];
  let more = 0;
  return {
    push(text) {
      if (named.length < NAMED) named.push(text);
      else more++;
    },
    texts: () => more === 0 ? named : [...named, `and ${more} more like these`],
  };
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
