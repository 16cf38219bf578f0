const encoder = new TextEncoder();
const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
// deno-lint-ignore no-control-regex
const control = /[\u0000-\u001f\u007f]/;

/** Bytes of a key in S3, prefix included: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const longestKey = 1024;

/**
 * Why a key cannot be held by every S3 store as it is, or undefined. Empty, `.` and `..` segments
 * are changed by URL parsers and by stores on file systems; control characters by XML 1.0. The
 * repository's escape (docs/bucket_format.md) makes none of them.
 */
export function keyRefusal(key: string, prefixBytes: number): string | undefined {
  if (key === "") return "an object key is never empty";
  // A UTF-16 unit is at most 3 bytes, so most keys need no encoding to be known as short enough.
  const longest = longestKey - prefixBytes;
  if (key.length * 3 > longest && encoder.encode(key).length > longest) {
    return `S3 holds keys of at most ${longestKey} bytes`;
  }
  if (loneSurrogate.test(key)) return "S3 keys are UTF-8";
  if (control.test(key)) return "S3 lists cannot name control characters";
  const segments = (key.endsWith("/") ? key.slice(0, -1) : key).split("/");
  if (segments.some((segment) => segment === "")) return "some S3 stores merge empty path segments";
  if (segments.some((segment) => segment === "." || segment === "..")) {
    return "some S3 stores resolve `.` and `..` in keys";
  }
  return undefined;
}

/** RFC 3986 with S3's rule that `/` stays: the canonical URI of Signature Version 4. */
export function escapeKey(key: string): string {
  // Most keys hold nothing to escape, and this is on the path of every small object.
  if (/^[A-Za-z0-9/._~-]*$/.test(key)) return key;
  return encodeURIComponent(key).replaceAll("%2F", "/").replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `x-amz-copy-source`: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export function copySource(bucket: string, key: string, versionId: string | undefined): string {
  const place = bucket.startsWith("arn:") ? `${bucket}/object` : bucket;
  const version = versionId === undefined ? "" : `?versionId=${encodeURIComponent(versionId)}`;
  return `${place}/${escapeKey(key)}${version}`;
}

/** Reverses `EncodingType: url` of S3's lists, in which a space is `+`. */
export function unescapeListed(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}
