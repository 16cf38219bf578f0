/** An object that a Batch job is to act on. */
export interface ManifestObject {
  /** Relative to the repository. */
  readonly key: string;
  /** "" for the current one. */
  readonly version: string;
}

/**
 * A line of a manifest of format S3BatchOperations_CSV_20180820: no header, bucket, key, version ID
 * where the job's objects have one. Keys are URL-encoded, "/" stays as it is
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-create-job.html#specify-batchjob-manifest).
 * So no field holds a comma, a quote or a line break. `key` is the whole one, with the prefix.
 */
export function manifestLine(bucket: string, key: string, version: string): string {
  const fields = [bucket, manifestKey(key), ...(version === "" ? [] : [version])];
  return `${fields.join(",")}\n`;
}

/** RFC 3986's unreserved characters and "/" as they are, each other byte of UTF-8 as %XX. */
export function manifestKey(key: string): string {
  return encodeURIComponent(key).replaceAll("%2F", "/").replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * What a report may mean by a key, the likeliest first. Reports repeat the manifest's key; AWS does
 * not say whether always as it was encoded, and its Lambda events have "+" for a space.
 */
export function reportedKeys(text: string): string[] {
  const decoded = decodedKey(text);
  return decoded === undefined || decoded === text ? [text] : [decoded, text];
}

function decodedKey(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
