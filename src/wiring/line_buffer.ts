const FLUSH_CHARACTERS = 64 * 1024;

export interface LineBuffer {
  add(line: string): void;
  flush(): void;
}

/** Gathers lines, so that a million of them are not a million writes. */
export function lineBuffer(write: (lines: string) => void): LineBuffer {
  let lines: string[] = [];
  let length = 0;
  function flush(): void {
    if (lines.length === 0) return;
    const text = lines.join("\n");
    lines = [];
    length = 0;
    write(text);
  }
  return {
    flush,
    add(line) {
      lines.push(line);
      length += line.length;
      if (length >= FLUSH_CHARACTERS) flush();
    },
  };
}
