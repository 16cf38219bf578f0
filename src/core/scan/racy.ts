/**
 * Git's rule against changes that a time stamp cannot show: an entry changed later than `window`
 * before it was read (or looked at, where nothing was read) may change again unseen, so it is
 * stored but not settled. All in ns.
 */
export function isRacy(record: Uint8Array, readStart: bigint, window: bigint): boolean {
  const view = new DataView(record.buffer, record.byteOffset);
  const mtime = view.getBigInt64(32, true);
  const ctime = view.getBigInt64(40, true);
  const latest = ctime === 0n ? mtime : ctime;
  return latest > readStart - window;
}
