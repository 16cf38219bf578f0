import { HoldfastError, isKind } from "../core/error.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { Source, SourceFile, SourceRoot } from "../ports/source.ts";

export interface NamedSource {
  readonly name: string;
  readonly source: Source;
}

/**
 * Contents as the sources still have them. A source that is not there, and a file that is not as it
 * was seen last, has none: nothing of it is an event.
 */
export interface SourceContents {
  /** As far as its stat tells. */
  has(row: EntryRow): boolean;
  /** The whole content of a small file; undefined where it cannot be had. */
  read(row: EntryRow): Promise<Uint8Array | undefined>;
  /**
   * A large file in pieces of these lengths, each valid until the next; it ends early where the file
   * cannot be had. Whoever takes them compares their hashes.
   */
  pieces(row: EntryRow, sizes: readonly number[]): AsyncGenerator<Uint8Array>;
  close(): void;
}

export function sourceContents(
  { paths }: IndexModel,
  sources: readonly NamedSource[],
): SourceContents {
  const roots = new Map<string, SourceRoot | undefined>();

  function rootOf(name: string): SourceRoot | undefined {
    if (roots.has(name)) return roots.get(name);
    const named = sources.find((source) => source.name === name);
    const root = named === undefined ? undefined : orNothing(() => named.source.open());
    roots.set(name, root);
    return root;
  }

  function placeOf({ folder, name }: EntryRow): { root?: SourceRoot; path: PathText } {
    const { source, path } = paths.pathOf(folder);
    const root = rootOf(source);
    return { path: joinPath(path, textOfBytes(name)), ...(root === undefined ? {} : { root }) };
  }

  function open(row: EntryRow): SourceFile | undefined {
    const { root, path } = placeOf(row);
    const file = root === undefined ? undefined : orNothing(() => root.openFile(path));
    if (file === undefined || sameRecord(file.stat(), 0, row.stat)) return file;
    file.close();
    return undefined;
  }

  return {
    has(row) {
      const { root, path } = placeOf(row);
      const stat = root === undefined ? undefined : orNothing(() => root.statAt(path));
      return stat !== undefined && sameRecord(stat, 0, row.stat);
    },
    async read(row) {
      const file = open(row);
      if (file === undefined) return undefined;
      try {
        return await readUpTo(file, new Uint8Array(Number(unpackStat(row.stat).size)));
      } finally {
        file.close();
      }
    },
    async *pieces(row, sizes) {
      const file = open(row);
      if (file === undefined) return;
      try {
        const buffer = new Uint8Array(Math.max(0, ...sizes));
        for (const size of sizes) {
          const piece = await readUpTo(file, buffer.subarray(0, size));
          if (piece?.length !== size) return;
          yield piece;
        }
      } finally {
        file.close();
      }
    },
    close() {
      for (const root of roots.values()) root?.close();
    },
  };
}

async function readUpTo(file: SourceFile, buffer: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    let filled = 0;
    while (filled < buffer.length) {
      const length = await file.read(buffer.subarray(filled));
      if (length === 0) break;
      filled += length;
    }
    return buffer.subarray(0, filled);
  } catch (error) {
    if (isOfTheSource(error)) return undefined;
    throw error;
  }
}

function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isOfTheSource(error)) return undefined;
    throw error;
  }
}

/** The source, or the file, is not there or cannot be read. */
function isOfTheSource(error: unknown): error is HoldfastError {
  return isKind(error, "gone", "entry", "denied");
}
