const MIB = 1024 ** 2;

/**
 * Sizes of parts that tools use unless told otherwise, in MiB: rclone and the SDKs 5, the AWS CLI 8,
 * s3cmd 15, others 10, 16 and larger powers; the AWS CLI doubles its own where 10,000 parts of it would
 * not do.
 */
const USUAL = [5, 8, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 256, 512, 1024, 2048, 4096];

/** The number of parts that an ETag "MD5 of the parts' MD5s-N" tells; undefined where it tells none. */
export function partsOfEtag(etag: string): number | undefined {
  const found = /^[0-9a-f]{32}-([1-9]\d{0,4})$/.exec(etag);
  return found === null ? undefined : Number(found[1]);
}

/** Usual sizes of parts (bytes) by which so many bytes are so many parts; smallest first. */
export function usualPartSizes(size: number, parts: number): number[] {
  return USUAL.map((mib) => mib * MIB)
    .filter((partSize) => Math.max(1, Math.ceil(size / partSize)) === parts)
    // One part is the whole, whatever its size.
    .slice(0, parts === 1 ? 1 : undefined);
}
