import type { AnyEvent, PackedEntry, PackedFolder } from "../core/event/event.ts";
import { bytesOfHex, hex } from "../core/hash.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import type { EntryRow, FolderRow } from "../core/index/rows.ts";
import { joinPath, type PathText, textOfJson } from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { PendingMember } from "./pack_members.ts";

/** What the index of a pack tells of one of its members, a large file's list before it. */
export interface LoggedMember {
  /** In the TAR; -1 where the pack has nothing of it. */
  readonly at: number;
  /** Of the event that says so. */
  readonly position: number;
  readonly members: readonly PendingMember[];
}

/** An entry that an event has packed, under its path of then. */
export interface PackedThen {
  readonly source: string;
  readonly path: PathText;
  readonly packed: PackedEntry;
  readonly position: number;
}

export interface MemberRules {
  /** Bytes of TAR that the pack has. */
  readonly plain: number;
  /** Position of the last event about it; the end of the log by default. */
  readonly to?: number;
  /** Whether an event's entries that have no place in the pack are told by its index, too. */
  hasPlaceless(event: AnyEvent): boolean;
  /** The entry, where the event is what is to be told of it; else others may have its content. */
  rowOf(entry: PackedThen): EntryRow | FolderRow | undefined;
}

/** What is in a pack by the events about it, in the order of these. */
export function* membersFromLog(
  log: JobLog,
  { id, pack }: PackRow,
  rules: MemberRules,
): Generator<LoggedMember> {
  const { plain, to } = rules;
  for (const event of log.events({ from: id, ...(to === undefined ? {} : { to }) })) {
    const { position } = event;
    if (event.type === "ChunksPacked" && event.data.pack === pack) {
      for (const [sha256, size, at, list] of event.data.chunks) {
        if (at >= plain || list !== undefined) continue;
        yield { at, position, members: [{ kind: "chunk", sha256, size, at }] };
      }
    } else if (event.type === "MembersPacked" && event.data.pack === pack) {
      const { source, folders } = event.data;
      const among = { plain, withPlaceless: rules.hasPlaceless(event) };
      for (const { folder, packed, at } of inOrder(folders, among)) {
        const path = joinPath(folder, textOfJson(packed.name));
        const row = rules.rowOf({ source, path, packed, position });
        const members = row === undefined
          ? contentOf(packed)
          : [...listOf(log, packed), { kind: "entry" as const, source, folder, row, packed }];
        if (members.length > 0) yield { at, position, members };
      }
    }
  }
}

function contentOf({ sha256, size, at, list }: PackedEntry): PendingMember[] {
  if (sha256 === undefined || size === undefined || at === undefined) return [];
  return list === undefined ? [{ kind: "chunk", sha256, size: Number(size), at }] : [];
}

function listOf({ index }: JobLog, { sha256, list }: PackedEntry): PendingMember[] {
  if (list === undefined) return [];
  const chunks = index.packs.chunks(bytesOfHex(sha256!)).map(hex);
  return [{ kind: "list", sha256: sha256!, chunks }];
}

/** Those within so many bytes of TAR, as they are in the pack; before them those without a place. */
function inOrder(
  folders: readonly PackedFolder[],
  { plain, withPlaceless }: { readonly plain: number; readonly withPlaceless: boolean },
) {
  return folders.flatMap(({ path, objects }) => {
    const folder: PathText = textOfJson(path);
    return objects.flatMap((packed) => {
      const isTold = packed.at === undefined ? withPlaceless : packed.at < plain;
      return isTold ? [{ folder, packed, at: packed.at ?? -1 }] : [];
    });
  }).sort((a, b) => a.at - b.at);
}
