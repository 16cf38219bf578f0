/** S3's limit of one CopyObject in bytes (AWS: API_CopyObject). */
export const LARGEST_COPY = 5 * 1024 ** 3;

/** The store works in parallel: parts of this size are done in seconds, and 10,000 of them are 2.4 TiB. */
const USUAL_PART = 256 * 1024 ** 2;
const MOST_PARTS = 10_000;

/** Bytes of each part but the last (AWS: API_UploadPartCopy). */
export function copyPartSize(size: number, largest: number): number {
  return Math.max(Math.min(USUAL_PART, largest), Math.ceil(size / MOST_PARTS));
}

/** Requests by which S3 copies an object: one, or those that begin and end an upload, and its parts. */
export function copyRequests(size: number): number {
  if (size <= LARGEST_COPY) return 1;
  return Math.ceil(size / copyPartSize(size, LARGEST_COPY)) + 2;
}
