import type { Disk } from "./disk.ts";
import { hasCode } from "./disk_error.ts";

/** Makes names durable with few calls: who waits for the same folder shares one fsync. */
export interface FolderSync {
  /** Resolves when all names that are in the folder now are durable. */
  sync(path: string): Promise<void>;
  /** Makes the folders `names` below `base`, one in the other, durably. Gives the last one's path. */
  ensure(base: string, names: readonly string[]): Promise<string>;
}

interface Running {
  readonly now: Promise<void>;
  next: Promise<void> | undefined;
}

const REMEMBERED = 10_000;

export function folderSync(disk: Disk): FolderSync {
  const running = new Map<string, Running>();
  const durable = new Set<string>();

  const start = (path: string): Promise<void> => {
    const now = disk.syncFolder(path);
    const entry: Running = { now, next: undefined };
    running.set(path, entry);
    const settle = () => void (running.get(path) === entry && running.delete(path));
    now.then(settle, settle);
    return now;
  };

  // A sync that has begun may miss a name made since, so a later caller waits for the next one.
  const sync = (path: string): Promise<void> => {
    const entry = running.get(path);
    if (entry === undefined) return start(path);
    entry.next ??= entry.now.then(() => start(path), () => start(path));
    return entry.next;
  };

  const ensure = async (base: string, names: readonly string[]): Promise<string> => {
    const whole = [base, ...names].join("/");
    if (durable.has(whole)) return whole;
    let parent = base;
    for (const name of names) {
      const path = `${parent}/${name}`;
      if (!durable.has(path)) {
        await makeFolder(disk, path);
        await sync(parent);
        if (durable.size >= REMEMBERED) durable.clear();
        durable.add(path);
      }
      parent = path;
    }
    return whole;
  };

  return { sync, ensure };
}

/** Makes a folder, or keeps what is there. */
export async function makeFolder(disk: Disk, path: string): Promise<void> {
  try {
    await disk.makeFolder(path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}
