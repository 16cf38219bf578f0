import { zstdCompressSync } from "node:zlib";
import { ByteWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import type { ExportedEvent, LogSink } from "../ports/log_sink.ts";
import { stagedFile } from "./staged_file.ts";

type Column = Parameters<ParquetWriter["write"]>[0]["columnData"][number];

/** One Parquet file, a group of rows for each write, zstd (apache/parquet-format, Compression.md). */
export function parquetSink(file: string): LogSink {
  const out = stagedFile(file);
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: schemaFromColumnData({ columnData: columnsOf([]) }),
    codec: "ZSTD",
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
    createdBy: "holdfast",
  });
  const drain = () => {
    out.write(writer.getBytes());
    // What is written stays counted: offsets in the file's footer are from its beginning.
    writer.index = 0;
  };
  return {
    async write(events) {
      await parquet.write({ columnData: columnsOf(events), rowGroupSize: events.length });
      drain();
    },
    async finish() {
      await parquet.finish();
      drain();
      out.finish();
    },
    close: out.close,
  };
}

function columnsOf(events: readonly ExportedEvent[]): Column[] {
  const text = (name: string, of: (event: ExportedEvent) => string): Column => ({
    ...{ name, type: "STRING", nullable: false, data: events.map(of) },
  });
  return [
    {
      ...{ name: "position", type: "INT64", nullable: false },
      data: events.map(({ position }) => BigInt(position)),
    },
    {
      ...{ name: "time", type: "TIMESTAMP", nullable: false },
      data: events.map(({ at }) => new Date(at)),
    },
    text("run", ({ run }) => run),
    text("type", ({ type }) => type),
    { name: "version", type: "INT32", nullable: false, data: events.map(({ version }) => version) },
    text("hash", ({ hash }) => hash),
    text("data", ({ data }) => data),
  ];
}
