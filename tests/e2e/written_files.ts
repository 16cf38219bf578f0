/** Whether a file that a restore has finished stays the same file, whatever happens. */
import assert from "node:assert/strict";

export interface WrittenFiles {
  /** Files that have their name: they are whole. */
  count(): number;
  /** Looks at all of them. Fails where one that was there before was written again. */
  note(): void;
}

export function writtenFiles(folder: string): WrittenFiles {
  const known = new Map<string, string>();
  return {
    count: () => [...namedFiles(folder)].length,
    note() {
      const left = new Set(known.keys());
      for (const file of namedFiles(folder)) {
        left.delete(file);
        const mark = markOf(file);
        assert.equal(known.get(file) ?? mark, mark, `${file} was written twice`);
        known.set(file, mark);
      }
      assert.deepEqual([...left], [], "what was written is gone");
    },
  };
}

/** Those whose names are numbers: others are not finished. */
function* namedFiles(folder: string): Generator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch {
    return;
  }
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* namedFiles(`${folder}/${name}`);
    else if (/^\d+$/.test(name)) yield `${folder}/${name}`;
  }
}

/** A file that is written again is another one. */
function markOf(file: string): string {
  const { ino, ctime } = Deno.statSync(file);
  return `${ino} ${ctime?.getTime()}`;
}
