/** Folder stores in temporary folders. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Clock, Random } from "../../../src/ports/environment.ts";
import {
  type FolderStoreOptions,
  openFolderStore,
} from "../../../src/stores/folder/folder_store.ts";

export const testClock: Clock = {
  now: () => BigInt(Date.now()) * 1_000_000n,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export const testRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };

export function openAt(root: string, options: Partial<FolderStoreOptions> = {}) {
  return openFolderStore(root, {
    clock: testClock,
    random: testRandom,
    hostname: hostname(),
    pid: Deno.pid,
    ...options,
  });
}

export async function withFolder(check: (root: string) => Promise<void> | void): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "holdfast-store-" }));
  try {
    await check(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
