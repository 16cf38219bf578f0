import type { ObservedEntry } from "../core/event/event.ts";
import {
  attributesOfObserved,
  statOfObserved,
  targetOfObserved,
} from "../core/index/observed_stat.ts";
import { type EntryRow, NO_CONTENT } from "../core/index/rows.ts";
import { bytesOfText, joinPath, type PathText, textOfJson } from "../core/path_text.ts";
import type { LogReader } from "../ports/event_log.ts";

/** What an event says of a path: how it was seen, or where to look before. */
type Said = ObservedEntry | { readonly prev: number };

/** Events whose entries are remembered: neighbours were seen together. */
const REMEMBERED = 8;

/**
 * Rows of files as they were at an event, of which the index knows something newer: as the observation
 * before it has seen them. Undefined where that was under another path, or the log has it no more.
 */
export function formerFiles(
  log: LogReader,
): (source: string, path: PathText, position: number) => EntryRow | undefined {
  const known = new Map<number, ReadonlyMap<string, Said>>();

  function saidAt(position: number): ReadonlyMap<string, Said> {
    let said = known.get(position);
    if (said === undefined) {
      if (known.size >= REMEMBERED) known.clear();
      known.set(position, said = read(log, position));
    }
    return said;
  }

  return (source, path, position) => {
    for (let at = position; at > 0;) {
      const said = saidAt(at).get(`${source}\0${path}`);
      if (said === undefined) return undefined;
      if ("change" in said && said.mode !== undefined) return rowOf(said, at);
      const { prev = 0 } = said;
      if (prev >= at) return undefined;
      at = prev;
    }
    return undefined;
  };
}

function read(log: LogReader, position: number): Map<string, Said> {
  const said = new Map<string, Said>();
  for (const event of log.events({ from: position, to: position })) {
    if (event.type !== "EntriesObserved" && event.type !== "MembersPacked") continue;
    const { source, folders } = event.data;
    for (const folder of folders) {
      for (const entry of "entries" in folder ? folder.entries : folder.objects) {
        if (entry.type === "folder") continue;
        const path = joinPath(textOfJson(folder.path), textOfJson(entry.name));
        said.set(`${source}\0${path}`, entry);
      }
    }
  }
  return said;
}

function rowOf(seen: ObservedEntry, position: number): EntryRow {
  return {
    ...{ folder: 0, name: bytesOfText(textOfJson(seen.name)), position, state: 0 },
    ...{ stat: statOfObserved(seen), links: seen.links ?? 1, target: targetOfObserved(seen) },
    ...{ attributes: attributesOfObserved(seen), content: { ...NO_CONTENT } },
    ...{ occupant: 0, occupantSince: 0, checked: 0 },
  };
}
