import type { PathText } from "../../core/path_text.ts";
import { FILE_CODE, unpackStat } from "../../core/stat_record.ts";
import type { ReadRange } from "../../smb/share_calls.ts";

/** A small file that was read before it was opened. */
export interface FileAhead {
  readonly content: Uint8Array;
  readonly read: ReadRange;
}

/**
 * Reads small files before somebody opens them: whoever opens one after the other would wait for every
 * round trip of each.
 */
export interface FilesAhead {
  /** The file will be opened soon, with this record. */
  expect(path: PathText, record: Uint8Array): void;
  /** What was read of it; undefined where it was not, or too long ago. */
  take(path: PathText): Promise<FileAhead> | undefined;
}

/** Larger ones are read in pieces at once in any case. */
const MOST_BYTES = 1024 * 1024;
const MOST_FILES = 16;
/** Well below the racy window: that is counted from when the file is opened. */
const FRESH_MS = 1000;

export function filesAhead(
  readFile: (path: PathText, into: Uint8Array) => Promise<ReadRange>,
): FilesAhead {
  const begun = new Map<PathText, { readonly file: Promise<FileAhead>; readonly since: number }>();

  function dropOld(): void {
    for (const [path, { since }] of begun) {
      if (performance.now() - since > FRESH_MS) begun.delete(path);
    }
  }

  return {
    expect(path, record) {
      const size = Number(unpackStat(record).size);
      if (record[0] !== FILE_CODE || size === 0 || size > MOST_BYTES || begun.has(path)) return;
      if (begun.size >= MOST_FILES) dropOld();
      if (begun.size >= MOST_FILES) return;
      const content = new Uint8Array(size);
      const file = readFile(path, content).then((read) => ({ content, read }));
      // Whoever takes it hears of a failure.
      file.catch(() => {});
      begun.set(path, { file, since: performance.now() });
    },
    take(path) {
      const known = begun.get(path);
      begun.delete(path);
      if (known === undefined || performance.now() - known.since > FRESH_MS) return undefined;
      return known.file;
    },
  };
}
