import { type PackRow, unpackFrames } from "../core/index/pack_rows.ts";
import { neighbourFinder } from "../core/index/row_at.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { StoredObject } from "../ports/object_store.ts";
import type { ClosedPack } from "./closed_pack.ts";
import { folderMoves } from "./folder_moves.ts";
import { formerFiles } from "./former_files.ts";
import { type LoggedMember, membersFromLog, type PackedThen } from "./members_from_log.ts";
import {
  type PackIndexContext,
  type PackIndexWriter,
  packIndexWriter,
} from "./pack_index_writer.ts";
import { placeNow } from "./place_now.ts";

/** The index of a pack that another process has written: of what got into it, by the log. */
export async function putIndexFromLog(
  context: PackIndexContext,
  { row, ...closed }: ClosedPack & { readonly stored: StoredObject },
): Promise<void> {
  const { log } = context;
  const { plain } = closed;
  const find = neighbourFinder(log.index);
  const writer = startIndex(context, row, plain);
  const members = membersFromLog(log, row, {
    plain,
    hasPlaceless: () => false,
    rowOf({ source, path, packed, position }) {
      const entry = packed.type === "folder"
        ? log.index.paths.find(source, path)
        : find(source, path);
      // Seen anew since: that says more of it.
      return entry?.position === position ? entry : undefined;
    },
  });
  addAll(writer, members);
  await writer.put({ ...headOf(row, closed.stored), size: closed.size, plain });
}

/**
 * The index of a complete pack once more, in place of the one that is there. It tells what that told:
 * entries without a place in the pack, too, for no renames object does; what was changed since as it
 * was then, and what was moved since under its former path. Later records and indexes say the rest.
 */
export async function putIndexAgain(context: PackIndexContext, row: PackRow): Promise<void> {
  const { log } = context;
  const { size, plain, etag, version } = row;
  const writer = startIndex(context, row, plain);
  const closing = runOf(log, row.stored);
  const members = membersFromLog(log, row, {
    ...{ plain, to: row.stored, rowOf: formerRows(log, row) },
    hasPlaceless: ({ run }) => run === closing,
  });
  // What a rebuild has appended is not in the order of the pack.
  const isRebuilt = closing !== undefined && log.index.tables.run(closing)?.command === "rebuild";
  addAll(writer, isRebuilt ? [...members].sort((a, b) => a.at - b.at) : members);
  const stored = { etag: etag ?? "", ...(version === null ? {} : { versionId: version }) };
  await writer.put({ ...headOf(row, stored), size, plain }, { replace: true });
}

function startIndex(context: PackIndexContext, { id }: PackRow, plain: number): PackIndexWriter {
  const writer = packIndexWriter(context);
  for (const part of context.log.index.packs.parts(id)) {
    if (part.plain <= plain) writer.frames(unpackFrames(part.frames));
  }
  return writer;
}

function addAll(writer: PackIndexWriter, members: Iterable<LoggedMember>): void {
  for (const { position, members: group } of members) {
    for (const member of group) writer.add(member, position);
  }
}

function headOf(
  { pack, key, storageClass, header, encryption }: PackRow,
  { etag, versionId }: StoredObject,
) {
  const version = versionId === undefined ? {} : { version: versionId };
  return { ...{ pack, key, class: storageClass, header, encryption, etag }, ...version };
}

function runOf(log: JobLog, position: number): string | undefined {
  const [event] = log.events({ from: position, to: position });
  return event?.run;
}

/** Entries as events have packed them: by the index where that still has it so, else by the log. */
function formerRows(log: JobLog, { id }: PackRow) {
  const { index } = log;
  const moves = folderMoves(log, log.head().position, id);
  const find = neighbourFinder(index);
  const former = formerFiles(log);
  return ({ source, path, packed, position }: PackedThen) => {
    const place = placeNow(index, { source, path }, moves, position);
    const entry = packed.type === "folder"
      ? index.paths.find(place.source, place.path)
      : find(place.source, place.path);
    if (entry?.content.stored === position) return entry;
    const hasContent = packed.at !== undefined && packed.size !== undefined;
    return hasContent ? former(source, path, position) : undefined;
  };
}
