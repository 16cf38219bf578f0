import type { World } from "./app_world.ts";
import type { FakeBatchJobs } from "./fake_batch_jobs.ts";
import { simulatedArchive } from "./simulated_archive.ts";

/** Sorted. */
export const FILES = ["a", "b b", "d/c", "d/e,f"];

/** A world whose FILES are in DEEP_ARCHIVE; with a file in Standard where one is to be readable. */
export async function archived(world: World, { readable = false } = {}) {
  if (readable) {
    world.write("readable", "content");
    await world.backup();
  }
  for (const path of FILES) world.write(path, `content of ${path}`);
  await world.backup({ storageClass: "DEEP_ARCHIVE" });
  return simulatedArchive(world);
}

/** Options of a restore with `--via batch-operations`. */
export function via(batch: FakeBatchJobs, more: object = {}) {
  return { cold: { batch }, warmUp: { viaBatch: true }, ...more };
}

export function idOf({ store }: World, key: string) {
  return { key, version: store.current(key)!.head.versionId! };
}

export function noticesOf({ signals }: World): string[] {
  return signals.flatMap((signal) => signal.kind === "notice" ? [signal.text] : []);
}
