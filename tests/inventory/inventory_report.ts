/** A report as S3 Inventory would write it: of these objects, in this format. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { ByteWriter, parquetWrite } from "hyparquet-writer";

export interface ReportedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly storageClass: string;
  readonly isLatest?: boolean;
  readonly isMarker?: boolean;
}

export interface MadeReport {
  readonly manifest: string;
  /** By key. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export type Format = "CSV" | "Parquet";

const SCHEMAS: Record<Format, string> = {
  CSV: "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, ETag, StorageClass",
  Parquet: "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); " +
    "optional binary version_id (UTF8); optional boolean is_latest; optional boolean " +
    "is_delete_marker; optional int64 size; optional binary e_tag (UTF8); optional binary " +
    "storage_class (UTF8); }",
};

export function madeReport(
  format: Format,
  buckets: { readonly source: string; readonly reports: string },
  parts: readonly (readonly ReportedObject[])[],
): MadeReport {
  const make = format === "CSV" ? csvOf : parquetOf;
  const files = new Map(
    parts.map((objects, i) => [
      `daily/data/part-${i}.${format === "CSV" ? "csv.gz" : "parquet"}`,
      make(buckets.source, objects),
    ]),
  );
  const manifest = JSON.stringify({
    sourceBucket: buckets.source,
    destinationBucket: `arn:aws:s3:::${buckets.reports}`,
    ...{ version: "2016-11-30", creationTimestamp: "1764000000000" },
    ...{ fileFormat: format, fileSchema: SCHEMAS[format] },
    files: [...files].map(([key, body]) => ({
      ...{ key, size: body.length, MD5checksum: createHash("md5").update(body).digest("hex") },
    })),
  });
  return { manifest, files };
}

function csvOf(bucket: string, objects: readonly ReportedObject[]): Uint8Array {
  const lines = objects.map((object) => {
    const { key, size, etag, storageClass, isLatest = true, isMarker = false } = object;
    const encoded = encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+");
    const values = [bucket, encoded, "", isLatest, isMarker, size, etag, storageClass];
    return `${values.map((value) => `"${value}"`).join(",")}\n`;
  });
  return gzipSync(lines.join(""));
}

/** Snappy, as S3 writes it, in row groups of three. */
function parquetOf(bucket: string, objects: readonly ReportedObject[]): Uint8Array {
  const writer = new ByteWriter();
  const text = (name: string, data: string[]) => ({ name, type: "STRING" as const, data });
  parquetWrite({
    writer,
    ...{ codec: "SNAPPY", rowGroupSize: 3 },
    columnData: [
      text("bucket", objects.map(() => bucket)),
      text("key", objects.map(({ key }) => key)),
      text("version_id", objects.map(() => "")),
      {
        ...{ name: "is_latest", type: "BOOLEAN" },
        data: objects.map(({ isLatest }) => isLatest ?? true),
      },
      {
        ...{ name: "is_delete_marker", type: "BOOLEAN" },
        data: objects.map(({ isMarker }) => isMarker ?? false),
      },
      { name: "size", type: "INT64", data: objects.map(({ size }) => BigInt(size)) },
      text("e_tag", objects.map(({ etag }) => etag)),
      text("storage_class", objects.map(({ storageClass }) => storageClass)),
    ],
  });
  return writer.getBytes();
}
