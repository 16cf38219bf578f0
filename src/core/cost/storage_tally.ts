import { isArchive } from "../mirror/storage_class.ts";

/** KiB that AWS calls KB. */
const KB = 1024;

/** AWS: lifecycle transition considerations: of each archived object, at its class's rate … */
const ARCHIVE_OVERHEAD = 32 * KB;
/** … and at the rate of Standard. */
const STANDARD_OVERHEAD = 8 * KB;

/** AWS: S3 pricing: smaller objects are charged as this; Intelligent-Tiering does not watch them. */
const LEAST_SIZE = 128 * KB;
const WITH_LEAST_SIZE = new Set(["STANDARD_IA", "ONEZONE_IA", "GLACIER_IR"]);

/** Objects of one class, counted one by one: memory does not grow with them. */
export interface StorageTally {
  readonly storageClass: string;
  objects: number;
  /** As stored. */
  bytes: number;
  /** What the class's rate is paid for: with what archives add, and at least the least size each. */
  billed: number;
  /** Of archived objects: what the rate of Standard is paid for. */
  standard: number;
  /** Objects that Intelligent-Tiering watches. */
  watched: number;
}

export function emptyTally(storageClass: string): StorageTally {
  return { storageClass, objects: 0, bytes: 0, billed: 0, standard: 0, watched: 0 };
}

export function countObject(tally: StorageTally, bytes: number): void {
  const { storageClass } = tally;
  tally.objects++;
  tally.bytes += bytes;
  tally.billed += billedBytes(storageClass, bytes);
  if (isArchive(storageClass)) tally.standard += STANDARD_OVERHEAD;
  if (storageClass === "INTELLIGENT_TIERING" && bytes >= LEAST_SIZE) tally.watched++;
}

/** What the rate of its class is paid for, of one object. */
export function billedBytes(storageClass: string, bytes: number): number {
  if (isArchive(storageClass)) return bytes + ARCHIVE_OVERHEAD;
  return WITH_LEAST_SIZE.has(storageClass) ? Math.max(bytes, LEAST_SIZE) : bytes;
}

/** Adds one to another of the same class. */
export function addTally(sum: StorageTally, part: Readonly<StorageTally>): void {
  sum.objects += part.objects;
  sum.bytes += part.bytes;
  sum.billed += part.billed;
  sum.standard += part.standard;
  sum.watched += part.watched;
}

/** The tally of a class among those by class, made where there is none yet. */
export function tallyOf(tallies: Map<string, StorageTally>, storageClass: string): StorageTally {
  const found = tallies.get(storageClass);
  if (found !== undefined) return found;
  const tally = emptyTally(storageClass);
  tallies.set(storageClass, tally);
  return tally;
}
