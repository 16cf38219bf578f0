import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { type AsyncBuffer, parquetMetadataAsync, parquetRead } from "hyparquet";
import { HoldfastError, messageOf } from "../core/error.ts";
import { NEEDED_COLUMNS, plainColumn } from "../core/inventory/inventory_manifest.ts";

export interface ParquetOptions {
  /** A file is read out of order: it is put here, and removed. */
  readonly folder: string;
  readonly columns: readonly string[];
}

/** Of these columns, and no other, the values are read; the others stay undefined. */
const READ: readonly string[] = [...NEEDED_COLUMNS, "islatest", "isdeletemarker"];

/** Rows of a Parquet file, a row group at once: values in the order of `columns`. */
export async function* parquetRows(
  body: ReadableStream<Uint8Array>,
  { folder, columns }: ParquetOptions,
): AsyncGenerator<unknown[][]> {
  const path = join(folder, `.inventory-${crypto.randomUUID()}.parquet`);
  const file = Deno.openSync(path, { read: true, write: true, createNew: true, mode: 0o600 });
  try {
    for await (const chunk of body) writeAll(file, chunk);
    yield* rowsOf(bufferOf(file), columns);
  } finally {
    file.close();
    Deno.removeSync(path);
  }
}

async function* rowsOf(
  file: AsyncBuffer,
  columns: readonly string[],
): AsyncGenerator<unknown[][]> {
  const wanted = columns.filter((name) => READ.includes(plainColumn(name)));
  const compressors = { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) };
  try {
    const metadata = await parquetMetadataAsync(file);
    let rowStart = 0;
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows);
      let found: Record<string, unknown>[] = [];
      await parquetRead({
        ...{ file, metadata, columns: wanted, rowStart, rowEnd, compressors },
        rowFormat: "object",
        onComplete: (rows) => found = rows,
      });
      yield found.map((row) => columns.map((name) => row[name]));
      rowStart = rowEnd;
    }
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new HoldfastError("damage", `a file of the report is no Parquet: ${messageOf(cause)}`, {
      hint: "fetch it again",
      cause,
    });
  }
}

function writeAll(file: Deno.FsFile, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
}

function bufferOf(file: Deno.FsFile): AsyncBuffer {
  const byteLength = file.statSync().size;
  return {
    byteLength,
    slice(start, end = byteLength) {
      const from = start < 0 ? byteLength + start : start;
      const bytes = new Uint8Array(Math.max(0, Math.min(end, byteLength) - from));
      file.seekSync(from, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) {
        const length = file.readSync(bytes.subarray(at));
        if (length === null) break;
        at += length;
      }
      return bytes.buffer;
    },
  };
}
