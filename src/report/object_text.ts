import { displayPath } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { isoTime, timeText, type ZoneOffset } from "../core/time_text.ts";
import type { ObjectRecord } from "./records.ts";

/** An object as a store lists it. */
export interface ShownObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly storageClass: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
}

/** `   1.5 KiB  STANDARD      2026-05-01 18:30:00  docs/a.txt`. */
export function objectLine(object: ShownObject, zone: ZoneOffset): string {
  const { key, size, storageClass, lastModified } = object;
  const cells = [
    formatSize(size).padStart(9),
    storageClass.padEnd("DEEP_ARCHIVE".length),
    timeText(lastModified, zone),
    displayPath(key),
  ];
  return cells.join("  ");
}

export function objectRecord(object: ShownObject): ObjectRecord {
  const { key, size, etag, storageClass, lastModified } = object;
  return {
    record: "object",
    key,
    size,
    storage_class: storageClass,
    modified: isoTime(lastModified),
    etag,
  };
}
