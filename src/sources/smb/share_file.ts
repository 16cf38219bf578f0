import type { PathText } from "../../core/path_text.ts";
import { sameRecord } from "../../core/scan/folder_diff.ts";
import { unpackStat } from "../../core/stat_record.ts";
import type { Seen, SourceFile } from "../../ports/source.ts";
import { withListed } from "../../smb/entry_record.ts";
import { READ_BYTES } from "../../smb/file_reader.ts";
import { type ReadRange, readRemote, statOf } from "../../smb/share_calls.ts";
import { namesOf, type ShareWalk } from "./share_walk.ts";

/**
 * A file of a share, read up to the size that it had when it was last seen, in pieces of READ_BYTES:
 * those of one buffer at once, each by another child. A piece comes with the file's record from after
 * it was read, and the first record that differs stays: so `stat` after the last piece tells of a change
 * at any time of the reading. A piece whose session was lost is read again from its start.
 */
export function shareFile(walk: ShareWalk, path: PathText, seen?: Seen): SourceFile {
  const names = namesOf(walk, path);
  const listed = seen?.record;
  let expected = seen?.stale ? undefined : listed;
  /** From after a piece was read. */
  let found: Uint8Array | undefined;
  let position = 0;
  /** Where the file turned out to end. */
  let end = Infinity;
  const ahead = expected === undefined ? undefined : walk.files.take(path);

  async function look(): Promise<Uint8Array> {
    expected ??= withListed(await walk.pool.use((child) => statOf(child, names)), listed);
    return expected;
  }

  function readPieces(buffer: Uint8Array): Promise<ReadRange>[] {
    const pieces: Promise<ReadRange>[] = [];
    for (let at = 0; at < buffer.length; at += READ_BYTES) {
      const range = { offset: position + at, into: buffer.subarray(at, at + READ_BYTES) };
      pieces.push(walk.pool.use((child) => readRemote(child, names, range)));
    }
    return pieces;
  }

  function note({ record }: ReadRange, before: Uint8Array): void {
    if (found === undefined || sameRecord(found, 0, before)) found = withListed(record, listed);
  }

  /** The whole file as it was read ahead; undefined where it was not, or could not be. */
  async function takeAhead(buffer: Uint8Array): Promise<number | undefined> {
    const file = position > 0 ? undefined : await ahead?.catch(() => undefined);
    if (file === undefined || buffer.length < file.content.length) return undefined;
    note(file.read, expected!);
    buffer.set(file.content.subarray(0, file.read.length));
    end = position = file.read.length;
    return position;
  }

  return {
    stat: () => found ?? expected ?? look(),
    async read(buffer) {
      const whole = await takeAhead(buffer);
      if (whole !== undefined) return whole;
      const before = await look();
      const size = Math.min(Number(unpackStat(before).size), end);
      const wanted = buffer.subarray(0, Math.max(0, size - position));
      const pieces = readPieces(wanted);
      // The buffer is the reader's again only when nobody writes to it any more.
      await Promise.allSettled(pieces);
      let filled = 0;
      for (const read of pieces) {
        const piece = await read;
        note(piece, before);
        const asked = Math.min(READ_BYTES, wanted.length - filled);
        filled += piece.length;
        if (piece.length < asked) break;
      }
      if (filled < wanted.length) end = position + filled;
      position += filled;
      return filled;
    },
    close() {},
  };
}
