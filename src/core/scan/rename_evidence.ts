import { unpackStat } from "../stat_record.ts";

/**
 * What two stat records with one file id (and one file system) say: "same" where size, time of
 * modification and, as far as both know it, birth are equal too; "changed" where only an equal
 * birth says that it is still the same file; undefined where the file id was given to another one.
 * Where the time of birth is not to be believed (sameButBirth), it counts as unknown.
 */
export function renameEvidence(
  old: Uint8Array,
  now: Uint8Array,
  believesBirth = true,
): "same" | "changed" | undefined {
  const a = unpackStat(old);
  const b = unpackStat(now);
  if (a.fileId !== b.fileId || a.type !== b.type) return undefined;
  const knowsBirth = believesBirth && a.birth !== 0n && b.birth !== 0n;
  if (knowsBirth && a.birth !== b.birth) return undefined;
  if (a.size === b.size && a.mtime === b.mtime) return "same";
  return knowsBirth ? "changed" : undefined;
}
