/** Classes whose objects carry about 40 KB of overhead each (AWS: lifecycle transition considerations). */
const ARCHIVE_CLASSES = new Set(["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"]);

/** The class of an object: small ones and markers stay in Standard where the class is an archive. */
export function classFor(
  wanted: string,
  size: bigint,
  minArchiveSize: number,
): string {
  if (!ARCHIVE_CLASSES.has(wanted)) return size === 0n ? "STANDARD" : wanted;
  return size < BigInt(minArchiveSize) ? "STANDARD" : wanted;
}

/** Classes whose objects have to be warmed up before they can be read (AWS: storage classes). */
const COLD = new Set(["GLACIER", "DEEP_ARCHIVE"]);

export function isReadable(storageClass: string): boolean {
  return !COLD.has(storageClass);
}
