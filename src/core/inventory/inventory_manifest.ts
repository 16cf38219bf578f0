import { HoldfastError } from "../error.ts";

/** What the manifest.json of an S3 Inventory report says. */
export interface InventoryManifest {
  readonly sourceBucket: string;
  /** Name of the bucket that the files are in. */
  readonly bucket: string;
  /** When S3 began to look, in milliseconds since 1970. */
  readonly created: number;
  readonly format: "CSV" | "Parquet";
  /** Names of the columns in order, as the schema writes them. */
  readonly columns: readonly string[];
  readonly files: readonly InventoryPart[];
}

export interface InventoryPart {
  readonly key: string;
  readonly size: number;
  /** 32 hex digits. */
  readonly md5: string;
}

/** Without these nothing can be compared. The others but the key are options of the report. */
export const NEEDED_COLUMNS = ["key", "size", "etag", "storageclass"] as const;

interface Written {
  readonly sourceBucket?: unknown;
  readonly destinationBucket?: unknown;
  readonly creationTimestamp?: unknown;
  readonly fileFormat?: unknown;
  readonly fileSchema?: unknown;
  readonly files?: unknown;
}

/**
 * Reads it (https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html).
 * Throws kind "damage" for what is none, "usage" for a report in ORC or without a column that is
 * needed.
 */
export function readInventoryManifest(text: string): InventoryManifest {
  const { sourceBucket, destinationBucket, creationTimestamp, fileFormat, fileSchema, files } =
    parsed(text);
  if (typeof sourceBucket !== "string" || typeof destinationBucket !== "string") {
    throw noManifest("it names no bucket");
  }
  if (typeof fileSchema !== "string" || !Array.isArray(files)) {
    throw noManifest("it has no schema or no files");
  }
  const created = Number(creationTimestamp);
  if (!Number.isSafeInteger(created)) throw noManifest("it does not say when it was made");
  const format = formatOf(fileFormat);
  const columns = format === "CSV" ? csvColumns(fileSchema) : parquetColumns(fileSchema);
  const plain = columns.map(plainColumn);
  const lacking = NEEDED_COLUMNS.filter((name) => !plain.includes(name));
  if (lacking.length > 0) throw withoutColumns(lacking);
  return {
    ...{ sourceBucket, bucket: destinationBucket.replace(/^arn:[^:]*:s3:::/, "") },
    ...{ created, format, columns, files: files.map(partOf) },
  };
}

function parsed(text: string): Written {
  try {
    const written = JSON.parse(text);
    if (typeof written === "object" && written !== null) return written;
  } catch {
    // Told below.
  }
  throw noManifest("it is no JSON object");
}

function formatOf(format: unknown): InventoryManifest["format"] {
  if (format === "CSV" || format === "Parquet") return format;
  const name = typeof format === "string" ? format : "no known format";
  throw new HoldfastError("usage", `the inventory report is in ${name}: it cannot be read`, {
    hint: "let S3 Inventory write CSV or Apache Parquet",
  });
}

function csvColumns(schema: string): string[] {
  return schema.split(",").map((name) => name.trim());
}

/** `message s3.inventory { required binary bucket (UTF8); … }` */
function parquetColumns(schema: string): string[] {
  return [...schema.matchAll(/(?:required|optional)\s+\w+\s+(\w+)/g)].map(([, name]) => name);
}

/** The same for `StorageClass` of a CSV and `storage_class` of Parquet. */
export function plainColumn(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function withoutColumns(lacking: readonly string[]): HoldfastError {
  const names = { key: "Key", size: "Size", etag: "ETag", storageclass: "Storage class" };
  const shown = lacking.map((name) => names[name as keyof typeof names]).join(", ");
  return new HoldfastError("usage", `the inventory report has no column ${shown}`, {
    hint: "add Size, ETag and Storage class to the report's metadata fields",
  });
}

function partOf(part: unknown): InventoryPart {
  const { key, size, MD5checksum: md5 } = (part ?? {}) as Record<string, unknown>;
  if (typeof key !== "string" || typeof size !== "number" || typeof md5 !== "string") {
    throw noManifest("a file has no key, size or MD5");
  }
  return { key, size, md5: md5.toLowerCase() };
}

function noManifest(why: string): HoldfastError {
  return new HoldfastError("damage", `no manifest.json of an inventory report: ${why}`, {
    hint: "S3 Inventory puts it into a folder named by the time, beside manifest.checksum",
  });
}
