/** Takes the events that were cut from a database, verified, in order of position. */
export interface PastWriter {
  /** Lines as they were written, the first of them at this position. */
  add(first: number, lines: readonly Uint8Array[], hashes: readonly string[]): void;
}
