import type { ObservedEntry } from "../event/event.ts";
import { dosText } from "../dos_attributes.ts";
import { displayPath, textOfJson } from "../path_text.ts";
import { ownerText } from "../stat_record.ts";
import { isoNanoseconds } from "../time_text.ts";
import type { Appearance, FieldChange } from "./history_item.ts";

export function appearanceOf(entry: ObservedEntry): Appearance {
  const { type, mode, uid, gid, size, mtime, target } = entry;
  return {
    type: type ?? null,
    bytes: size === undefined ? null : Number(size),
    mode: mode === undefined ? null : octal(mode),
    owner: uid === undefined ? null : ownerText(uid, gid ?? 0),
    mtime: mtime === undefined ? null : isoNanoseconds(BigInt(mtime)),
    target: target ?? null,
  };
}

/**
 * What differs between two observations of an entry. Change time and file id are named where nothing
 * else differs: they are why it was looked at.
 */
export function observedChanges(
  before: ObservedEntry | undefined,
  after: ObservedEntry,
): FieldChange[] {
  if (before === undefined) return [];
  const told = TOLD.flatMap((part) => changeOf(part, before, after));
  return told.length > 0 ? told : SILENT.flatMap((part) => changeOf(part, before, after));
}

interface Part {
  readonly field: FieldChange["field"];
  readonly text: (entry: ObservedEntry) => string;
}

const TOLD: readonly Part[] = [
  { field: "type", text: ({ type }) => type ?? "" },
  { field: "size", text: ({ size }) => size ?? "" },
  { field: "mode", text: ({ mode }) => octal(mode ?? 0) },
  { field: "owner", text: ({ uid, gid }) => ownerText(uid ?? 0, gid ?? 0) },
  { field: "mtime", text: ({ mtime }) => timeOf(mtime) },
  {
    field: "target",
    text: ({ target }) => target === undefined ? "" : displayPath(textOfJson(target)),
  },
  { field: "attributes", text: ({ attributes }) => namesOf(attributes) },
  { field: "DOS attributes", text: ({ dos }) => dosText(dos ?? 0) },
  { field: "device", text: ({ rdev }) => rdev ?? "" },
];

const SILENT: readonly Part[] = [
  { field: "file id", text: ({ id }) => id ?? "" },
  { field: "ctime", text: ({ ctime }) => timeOf(ctime) },
];

function changeOf({ field, text }: Part, a: ObservedEntry, b: ObservedEntry): FieldChange[] {
  const before = text(a);
  const after = text(b);
  const differs = before !== after ||
    (field === "attributes" && JSON.stringify(a.attributes) !== JSON.stringify(b.attributes));
  return differs ? [{ field, before, after }] : [];
}

function timeOf(ns: string | undefined): string {
  return ns === undefined ? "" : isoNanoseconds(BigInt(ns));
}

function namesOf(attributes: ObservedEntry["attributes"]): string {
  return (attributes ?? []).map(([name]) => displayPath(textOfJson(name))).join(" ");
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
