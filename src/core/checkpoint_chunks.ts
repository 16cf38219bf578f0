import { CHECKPOINT_BYTES } from "./checkpoint.ts";
import { type Cell, rowLine, type TableLine, tableLine } from "./checkpoint_rows.ts";

export interface CheckpointRow extends TableLine {
  readonly cells: readonly Cell[];
}

const encoder = new TextEncoder();

/**
 * The lines of rows, each with its newline, in pieces of about CHECKPOINT_BYTES; each begins with the
 * line of its first table. Written into one buffer: a million rows as strings would fill the memory.
 */
export function* checkpointChunks(rows: Iterable<CheckpointRow>): Generator<Uint8Array> {
  let buffer = new Uint8Array(CHECKPOINT_BYTES);
  let [used, table] = [0, ""];
  const write = (line: string) => {
    // A character takes at most three bytes of UTF-8 for each of its UTF-16 units.
    const most = used + line.length * 3 + 1;
    if (most > buffer.length) buffer = grown(buffer, most);
    used += encoder.encodeInto(`${line}\n`, buffer.subarray(used)).written;
  };
  for (const row of rows) {
    if (used >= CHECKPOINT_BYTES) {
      yield buffer.slice(0, used);
      [used, table] = [0, ""];
    }
    if (row.table !== table) write(tableLine(row));
    write(rowLine(row.cells));
    table = row.table;
  }
  if (used > 0) yield buffer.slice(0, used);
}

function grown(buffer: Uint8Array, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(least, buffer.length * 1.25));
  larger.set(buffer);
  return larger;
}
