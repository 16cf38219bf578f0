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

const ARCHIVES = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/** Whether objects of a class are warmed up before they can be read or copied (AWS: storage classes). */
export function isArchive(storageClass: string): boolean {
  return ARCHIVES.has(storageClass);
}

export function isReadable(storageClass: string): boolean {
  return !isArchive(storageClass);
}
