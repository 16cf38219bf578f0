import type { PathText } from "../path_text.ts";
import { classFor } from "./storage_class.ts";

/** Puts files into a class. What is left out is true of every file. */
export interface ClassRule {
  /** S3's name of the class. */
  readonly storageClass: string;
  /** Of a path from the source's root. */
  readonly matches?: (path: PathText) => boolean;
  /** Bytes of content, both inclusive. */
  readonly minSize?: number;
  readonly maxSize?: number;
  /** Milliseconds for which it was not modified. */
  readonly olderThan?: number;
}

/** What decides the class of a file's object. */
export interface ClassChoice {
  /** Of what no rule names. */
  readonly storageClass: string;
  /** Bytes below which an object stays out of an archive class, whatever a rule says. */
  readonly minArchiveSize: number;
  /** The first one that fits is the one. */
  readonly classes?: readonly ClassRule[];
}

export interface ClassedFile {
  /** From the source's root. */
  readonly path: PathText;
  /** Bytes of content. */
  readonly size: bigint;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
}

/** `now` is in nanoseconds since 1970. */
export function classOfFile(choice: ClassChoice, file: ClassedFile, now: bigint): string {
  const rule = choice.classes?.find((rule) => fits(rule, file, now));
  return classFor(rule?.storageClass ?? choice.storageClass, file.size, choice.minArchiveSize);
}

/** The pattern last: it is what takes time. */
function fits(
  { matches, minSize, maxSize, olderThan }: ClassRule,
  { path, size, mtime }: ClassedFile,
  now: bigint,
): boolean {
  if (minSize !== undefined && size < BigInt(minSize)) return false;
  if (maxSize !== undefined && size > BigInt(maxSize)) return false;
  if (olderThan !== undefined && now - mtime < BigInt(olderThan) * 1_000_000n) return false;
  return matches === undefined || matches(path);
}
