import type { LoggedEvent } from "../core/event/event.ts";
import { joinPath, type PathText, textOfJson } from "../core/path_text.ts";
import type { EventRange, JobLog } from "../ports/event_log.ts";

/** What pack indexes tell of the entries that the events of a range have packed. */
export interface IndexedMembers {
  /** All that a run has packed there, with what the pack itself has nothing of. */
  hasAll(pack: string | undefined, run: string): boolean;
  /** What is at a place in the pack's TAR. */
  has(pack: string | undefined, at: number | undefined): boolean;
  /** What an event has packed of a file, as its path was then. */
  memberAt(position: number, source: string, path: PathText): ToldMember | undefined;
}

export interface ToldMember {
  readonly isRacy: boolean;
  readonly isIndexed: boolean;
}

interface Closing {
  readonly run: string;
  readonly plain: number;
}

/** Events whose entries are remembered: neighbours were packed together. */
const REMEMBERED = 8;

/**
 * The index of a pack has all that its own run has packed, for that has written it. Where a later run
 * has closed the pack, the index is made from the log, of what is in the pack.
 */
export function indexedMembers(log: JobLog, { from, to }: EventRange): IndexedMembers {
  const closings = new Map<string, Closing>();
  for (const event of log.events({ from, to, type: "PackStored" })) {
    if (event.type !== "PackStored") continue;
    closings.set(event.data.pack, { run: event.run, plain: Number(event.data.plain) });
  }
  const known = new Map<number, ReadonlyMap<string, ToldMember>>();

  function hasAll(pack: string | undefined, run: string): boolean {
    return pack !== undefined && closings.get(pack)?.run === run;
  }

  function has(pack: string | undefined, at: number | undefined): boolean {
    if (pack === undefined || at === undefined) return false;
    return at < (closings.get(pack)?.plain ?? 0);
  }

  function read(position: number): Map<string, ToldMember> {
    const members = new Map<string, ToldMember>();
    for (const event of log.events({ from: position, to: position })) {
      if (event.type === "MembersPacked") note(event, members);
    }
    return members;
  }

  function note(
    { run, data: { source, pack, folders } }: LoggedEvent<"MembersPacked">,
    members: Map<string, ToldMember>,
  ): void {
    const isWhole = hasAll(pack, run);
    for (const { path: folder, objects } of folders) {
      for (const { name, type, at, racy } of objects) {
        if (type !== "file") continue;
        const path = joinPath(textOfJson(folder), textOfJson(name));
        const told = { isRacy: racy === true, isIndexed: isWhole || has(pack, at) };
        members.set(`${source}\0${path}`, told);
      }
    }
  }

  return {
    hasAll,
    has,
    memberAt(position, source, path) {
      let members = known.get(position);
      if (members === undefined) {
        if (known.size >= REMEMBERED) known.clear();
        known.set(position, members = read(position));
      }
      return members.get(`${source}\0${path}`);
    },
  };
}
