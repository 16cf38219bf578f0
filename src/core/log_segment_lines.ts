import { entriesOfEvent } from "./event/event_part.ts";
import type { EventType } from "./event/event.ts";
import { parseLine } from "./event/line.ts";
import { HoldfastError } from "./error.ts";

const NEWLINE = 10;

/** The lines one after the other, each with its newline. */
export function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  const size = lines.reduce((sum, line) => sum + line.length + 1, 0);
  const body = new Uint8Array(size);
  let at = 0;
  for (const line of lines) {
    body.set(line, at);
    at += line.length;
    body[at++] = NEWLINE;
  }
  return body;
}

/** Throws kind "damage" where the last line has no newline. */
export function splitLines(body: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let at = 0;
  while (at < body.length) {
    const end = body.indexOf(NEWLINE, at);
    if (end < 0) throw new HoldfastError("damage", "its last line is cut off");
    lines.push(body.subarray(at, end));
    at = end + 1;
  }
  return lines;
}

/** Entries that a line is about; those of the frequent batches are counted without parsing it. */
export function entriesInLine(line: Uint8Array, type: string, position: number): number {
  switch (type as EventType) {
    case "EntriesObserved":
    case "ObjectsStored":
    case "ObjectCopied":
    case "MembersPacked":
      return countOf(line, ENTRY_START);
    case "ObjectVerified":
    case "ObjectsRefused":
    case "RenamePlanned":
    case "RenameAliased":
    case "RenameSettled":
    case "MembersLost":
    case "DeletionPlanned":
    case "ObjectDeleted":
      return entriesOfEvent(parseLine(new TextDecoder().decode(line), position)).length;
    default:
      return 0;
  }
}

/** A quote within a JSON string is escaped, so this stands only where an entry begins. */
const ENTRY_START = new TextEncoder().encode('{"name":');

function countOf(line: Uint8Array, wanted: Uint8Array): number {
  const [first] = wanted;
  let count = 0;
  for (let at = line.indexOf(first); at >= 0; at = line.indexOf(first, at + 1)) {
    if (wanted.every((byte, i) => line[at + i] === byte)) count++;
  }
  return count;
}

/** Time, type and run of an event, read off the beginning of its line; "" where that is none. */
export function eventHead(line: Uint8Array): { at: string; type: string; run: string } {
  const text = new TextDecoder().decode(line.subarray(0, 200));
  const found = /^\{"position":\d+,"at":"([^"]*)","run":"([^"]*)","type":"([^"]*)"/.exec(text);
  if (found === null) return { at: "", type: "", run: "" };
  return { at: found[1], run: found[2], type: found[3] };
}
