/** What other tools write beside the objects that they make of files. */
export interface ForeignMetadata {
  /** Of the file, when it was uploaded. */
  readonly mtime?: ForeignTime;
  /** Of the content, 32 hex digits: written where the ETag is none, or always. */
  readonly md5?: string;
}

export interface ForeignTime {
  /** ns since 1970. */
  readonly time: bigint;
  /** Digits of it behind the second: none are not a time of exactly so many seconds. */
  readonly digits: number;
}

/**
 * - rclone (https://rclone.org/s3/, "Modification times and hashes"): `mtime`, seconds since 1970 with
 *   up to nine decimals, zeros at the end left out; `md5chksum`, the MD5 in base64, of what it sent in
 *   parts.
 * - s3cmd (S3/S3.py, `build_attr_header`): `s3cmd-attrs`, `name:value` pairs between slashes, among them
 *   `mtime`, in whole seconds, and `md5`, in hex.
 *
 * What cannot be read is left out.
 */
export function foreignMetadata(metadata: Readonly<Record<string, string>>): ForeignMetadata {
  const attributes = s3cmdAttributes(metadata["s3cmd-attrs"] ?? "");
  const mtime = timeOf(metadata.mtime) ?? timeOf(attributes.get("mtime"));
  const md5 = hexOfBase64(metadata.md5chksum) ?? hexOf(attributes.get("md5"));
  return {
    ...(mtime === undefined ? {} : { mtime }),
    ...(md5 === undefined ? {} : { md5 }),
  };
}

function s3cmdAttributes(text: string): Map<string, string> {
  const pairs = text.split("/").map((pair): [string, string] => {
    const colon = pair.indexOf(":");
    return [pair.slice(0, colon), pair.slice(colon + 1)];
  });
  return new Map(pairs);
}

function timeOf(text: string | undefined): ForeignTime | undefined {
  const found = /^(-?)(\d{1,11})(?:\.(\d{1,9})\d*)?$/.exec(text?.trim() ?? "");
  if (found === null) return undefined;
  const [, sign, seconds, decimals = ""] = found;
  const time = BigInt(seconds) * 1_000_000_000n + BigInt(decimals.padEnd(9, "0"));
  return { time: sign === "" ? time : -time, digits: decimals.length };
}

function hexOfBase64(text: string | undefined): string | undefined {
  if (!/^[A-Za-z0-9+/]{22}==$/.test(text ?? "")) return undefined;
  return Uint8Array.fromBase64(text!).toHex();
}

function hexOf(text: string | undefined): string | undefined {
  return /^[0-9a-f]{32}$/i.test(text ?? "") ? text!.toLowerCase() : undefined;
}

/** Tools that pass a time through a double lose what is below this (ns). */
const DOUBLE = 1000n;

/** Whether a file's mtime (ns) is the one that was noted, as far as that tells. */
export function isNotedTime(mtime: bigint, { time, digits }: ForeignTime): boolean {
  if (digits === 0) return floorSecond(mtime) === time;
  const apart = mtime > time ? mtime - time : time - mtime;
  return apart < DOUBLE;
}

function floorSecond(time: bigint): bigint {
  const rest = time % 1_000_000_000n;
  return time - (rest < 0n ? rest + 1_000_000_000n : rest);
}
