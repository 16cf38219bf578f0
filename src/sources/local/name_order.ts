/**
 * Sorts names by their bytes without making a string of any: names stand one after the other, each
 * closed by a NUL. Three bytes of a name and its number make one double, so that the engine's own
 * sort of doubles does the work; runs that are equal so far are sorted by the bytes behind.
 */

/** Numbers of names take 29 bits of the 53 that a double holds, three bytes the other 24. */
const NUMBERS = 2 ** 29;
const FEW = 12;

/** The order of names as indexes, or undefined where they are in order already. */
export function nameOrder(
  bytes: Uint8Array,
  starts: Uint32Array,
  count: number,
): Uint32Array | undefined {
  if (isSorted(bytes, starts, count)) return undefined;
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  sortRun(bytes, starts, order, 0, count, 0);
  return order;
}

function isSorted(bytes: Uint8Array, starts: Uint32Array, count: number): boolean {
  for (let i = 1; i < count; i++) {
    if (compareFrom(bytes, starts[i - 1], starts[i]) > 0) return false;
  }
  return true;
}

/** strcmp(3), by unsigned bytes. */
function compareFrom(bytes: Uint8Array, a: number, b: number): number {
  for (;;) {
    const x = bytes[a++];
    const y = bytes[b++];
    if (x !== y) return x - y;
    if (x === 0) return 0;
  }
}

/** Sorts order[from, to), whose names share their first `depth` bytes. */
function sortRun(
  bytes: Uint8Array,
  starts: Uint32Array,
  order: Uint32Array,
  from: number,
  to: number,
  depth: number,
): void {
  if (to - from <= FEW) return insertionSort(bytes, starts, order, from, to, depth);
  const skip = sharedFrom(bytes, starts, order, from, to, depth);
  // Only the same name read twice, while the folder changed, ends here.
  if (skip < 0) return;
  const keys = keysOf(bytes, starts, order, from, to, skip);
  keys.sort();
  for (let i = from; i < to; i++) {
    order[i] = keys[i - from] - Math.floor(keys[i - from] / NUMBERS) * NUMBERS;
  }
  for (let run = from, next = from; run < to; run = next) {
    const key = Math.floor(keys[run - from] / NUMBERS);
    do next++; while (next < to && Math.floor(keys[next - from] / NUMBERS) === key);
    // A key with a NUL in it is the end of the name: the same name, read twice.
    if (next - run > 1 && (key & 0xff) !== 0) sortRun(bytes, starts, order, run, next, skip + 3);
  }
}

function keysOf(
  bytes: Uint8Array,
  starts: Uint32Array,
  order: Uint32Array,
  from: number,
  to: number,
  skip: number,
): Float64Array {
  const keys = new Float64Array(to - from);
  for (let i = from; i < to; i++) {
    const at = starts[order[i]] + skip;
    const first = bytes[at];
    const second = first === 0 ? 0 : bytes[at + 1];
    const third = second === 0 ? 0 : bytes[at + 2];
    keys[i - from] = (first << 16 | second << 8 | third) * NUMBERS + order[i];
  }
  return keys;
}

/** How many first bytes all names of the run share, or -1 where they are all the same name. */
function sharedFrom(
  bytes: Uint8Array,
  starts: Uint32Array,
  order: Uint32Array,
  from: number,
  to: number,
  depth: number,
): number {
  const first = starts[order[from]];
  let shared = depth;
  while (bytes[first + shared] !== 0) shared++;
  const end = shared;
  for (let i = from + 1; i < to; i++) {
    const at = starts[order[i]];
    let same = depth;
    while (same < shared && bytes[at + same] === bytes[first + same]) same++;
    shared = same;
  }
  return shared === end && allEndAt(bytes, starts, order, from, to, end) ? -1 : shared;
}

function allEndAt(
  bytes: Uint8Array,
  starts: Uint32Array,
  order: Uint32Array,
  from: number,
  to: number,
  end: number,
): boolean {
  for (let i = from; i < to; i++) if (bytes[starts[order[i]] + end] !== 0) return false;
  return true;
}

function insertionSort(
  bytes: Uint8Array,
  starts: Uint32Array,
  order: Uint32Array,
  from: number,
  to: number,
  depth: number,
): void {
  for (let i = from + 1; i < to; i++) {
    const moving = order[i];
    const start = starts[moving] + depth;
    let j = i - 1;
    while (j >= from && compareFrom(bytes, starts[order[j]] + depth, start) > 0) {
      order[j + 1] = order[j];
      j--;
    }
    order[j + 1] = moving;
  }
}
