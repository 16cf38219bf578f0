import { displayPath, jsonOfText, type PathText } from "../core/path_text.ts";
import { formatDuration, formatSize } from "../core/size_text.ts";
import { isoTime } from "../core/time_text.ts";
import { grouped } from "./count_text.ts";
import type { UploadRecord } from "./records.ts";
import { tableLines } from "./table.ts";

/** What `uploads` shows of an unfinished multipart upload. */
interface ShownUpload {
  readonly key: string;
  readonly upload: string;
  readonly path: PathText | undefined;
  readonly known: boolean;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly parts: number;
  readonly bytes: number;
}

/** `uploads`: a table. `now` is in milliseconds since 1970. */
export function uploadLines(uploads: readonly ShownUpload[], now: number): string[] {
  return tableLines([
    { title: "age", cell: ({ since }) => formatDuration(Math.max(0, now - since)), align: "right" },
    { title: "parts", cell: ({ parts }) => grouped(parts), align: "right" },
    { title: "size", cell: ({ bytes }) => formatSize(bytes), align: "right" },
    { title: "begun by", cell: ({ known }) => known ? "this job" : "another" },
    { title: "path", cell: ({ path, key }) => displayPath(path ?? key) },
  ], uploads);
}

export function uploadRecord(
  { key, upload, path, known, since, parts, bytes }: ShownUpload,
  now: number,
): UploadRecord {
  return {
    record: "upload",
    ...{ key, upload, path: path === undefined ? null : jsonOfText(path), known },
    since: isoTime(since),
    age_seconds: Math.max(0, Math.round((now - since) / 1000)),
    ...{ parts, bytes },
  };
}
