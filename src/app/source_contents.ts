import { HoldfastError, isKind } from "../core/error.ts";
import type { EntryRow } from "../core/index/rows.ts";
import { joinPath, type PathText, textOfBytes } from "../core/path_text.ts";
import { sameRecord } from "../core/scan/folder_diff.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { Answer, Source, SourceFile, SourceRoot } from "../ports/source.ts";

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
  has(row: EntryRow): Promise<boolean>;
  /** The whole content of a small file; undefined where it cannot be had. */
  read(row: EntryRow): Promise<Uint8Array | undefined>;
  /**
   * A large file in pieces of these lengths, each valid until the next; it ends early where the file
   * cannot be had. Whoever takes them compares their hashes.
   */
  pieces(row: EntryRow, sizes: readonly number[]): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

export function sourceContents(
  { paths }: IndexModel,
  sources: readonly NamedSource[],
): SourceContents {
  const roots = new Map<string, Promise<SourceRoot | undefined>>();

  function rootOf(name: string): Promise<SourceRoot | undefined> {
    const known = roots.get(name);
    if (known !== undefined) return known;
    const named = sources.find((source) => source.name === name);
    const root = orNothing(() => named?.source.open());
    roots.set(name, root);
    return root;
  }

  async function placeOf({ folder, name }: EntryRow): Promise<Place> {
    const { source, path } = paths.pathOf(folder);
    const root = await rootOf(source);
    return { path: joinPath(path, textOfBytes(name)), ...(root === undefined ? {} : { root }) };
  }

  async function open(row: EntryRow): Promise<SourceFile | undefined> {
    const { root, path } = await placeOf(row);
    return await orNothing(async () => {
      const file = await root?.openFile(path, { record: row.stat, stale: true });
      if (file === undefined || sameRecord(await file.stat(), 0, row.stat)) return file;
      file.close();
      return undefined;
    });
  }

  return {
    async has(row) {
      const { root, path } = await placeOf(row);
      const stat = await orNothing(() => root?.statAt(path, { record: row.stat }));
      return stat !== undefined && sameRecord(stat, 0, row.stat);
    },
    async read(row) {
      const file = await open(row);
      if (file === undefined) return undefined;
      try {
        return await readUpTo(file, new Uint8Array(Number(unpackStat(row.stat).size)));
      } finally {
        file.close();
      }
    },
    async *pieces(row, sizes) {
      const file = await open(row);
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
    async close() {
      for (const root of roots.values()) await (await root)?.close();
    },
  };
}

interface Place {
  readonly root?: SourceRoot;
  readonly path: PathText;
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

async function orNothing<T>(look: () => Answer<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isOfTheSource(error)) return undefined;
    throw error;
  }
}

/** The source, or the file, is not there or cannot be read. */
function isOfTheSource(error: unknown): error is HoldfastError {
  return isKind(error, "gone", "entry", "denied", "unreachable");
}
