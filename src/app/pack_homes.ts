import type { AnyEvent } from "../core/event/event.ts";
import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import type { JobLog } from "../ports/event_log.ts";

/**
 * What is recorded of an entry, and survives the loss of the log, is in the index of the pack that it
 * was packed with, or in a renames object.
 */
export interface PackHomes {
  /** To be shown every event of the log, in order. */
  note(event: AnyEvent): void;
  /**
   * The pack (position of its PackStarted) whose index tells of the row as it is stored; "none" where
   * it is no pack's, "gone" where that pack is no more, "unknown" where the log begins later.
   */
  of(row: EntryRow | FolderRow): number | "none" | "gone" | "unknown";
}

export function packHomes(log: JobLog): PackHomes {
  const base = log.base?.position ?? 0;
  // By position of the MembersPacked, each of which is about many entries.
  const packs = new Map<number, string>();
  return {
    note(event) {
      if (event.type !== "MembersPacked" || event.data.pack === undefined) return;
      packs.set(event.position, event.data.pack);
    },
    of({ content: { stored } }) {
      if (stored <= base) return "unknown";
      const pack = packs.get(stored);
      if (pack === undefined) return "none";
      return log.index.tables.packByName(pack)?.id ?? "gone";
    },
  };
}
