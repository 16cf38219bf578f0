import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";

export interface Edit {
  readonly places: number;
  /** Of the file's bytes, all places together; below 1. */
  readonly share: number;
}

/** A stretch of a file, in bytes. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** Writes random bytes over these places of a file, whose size stays. */
export async function changePlaces(path: string, edit: Edit): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    for (const { offset, length } of changedStretches(size, edit)) {
      const { bytesWritten } = await file.write(randomBytes(length), 0, length, offset);
      if (bytesWritten !== length) {
        throw new Error(`${path} took ${bytesWritten} of ${length} bytes`);
      }
    }
  } finally {
    await file.close();
  }
}

/**
 * Where the changes lie: one in each of `places` equal slots of the file, at another distance from
 * the slot's start each time (or all would hit the same place of a tool's chunks), the same in each
 * run.
 */
export function changedStretches(size: number, { places, share }: Edit): Stretch[] {
  const slot = Math.floor(size / places);
  const length = Math.round(size * share / places);
  const goldenRatio = 0.618034;
  return Array.from({ length: places }, (_, index) => {
    const room = slot - length;
    return { offset: index * slot + Math.floor(room * ((index * goldenRatio) % 1)), length };
  });
}
