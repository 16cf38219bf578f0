/** File systems that stop or fail at a chosen call, as a killed process or a full disk would. */
import { type Disk, type DiskFile, localDisk } from "../../../src/stores/folder/disk.ts";

const never = new Promise<never>(() => {});

export interface StoppingDisk {
  readonly disk: Disk;
  /** Resolves when the chosen call was reached. */
  readonly stopped: Promise<void>;
  /** Changing calls so far. */
  calls(): number;
  /** Closes what the stopped process had open. */
  release(): void;
}

/**
 * Every changing call from the `at`th on, and every other call after it, never happens and never
 * returns: what kill -9 leaves. A write is torn in the middle.
 */
export function stoppingDisk(at: number): StoppingDisk {
  let count = 0;
  let dead = false;
  let announce: () => void;
  const stopped = new Promise<void>((resolve) => announce = resolve);
  const open = new Set<DiskFile>();
  const underWay = new Set<Promise<unknown>>();

  const look = <T>(act: () => Promise<T>): Promise<T> => {
    if (dead) return never;
    const call = act();
    const end = () => underWay.delete(call);
    underWay.add(call);
    call.then(end, end);
    return call;
  };
  const change = <T>(act: () => Promise<T>, tear?: () => Promise<void>): Promise<T> => {
    if (dead || ++count < at) return look(act);
    dead = true;
    // Calls that the kernel had begun end with the process, none of them after it.
    const last = [...underWay, ...(tear === undefined ? [] : [tear()])];
    return Promise.allSettled(last).then(() => {
      announce();
      return never;
    });
  };

  const watched = (file: DiskFile): DiskFile => {
    open.add(file);
    return {
      ...file,
      write: (bytes) =>
        change(() => file.write(bytes), () => file.write(bytes.subarray(0, bytes.length / 2))),
      sync: () => change(() => file.sync()),
      read: (buffer) => look(() => file.read(buffer)),
      size: () => look(() => file.size()),
      close: () => {
        open.delete(file);
        file.close();
      },
    };
  };

  const disk: Disk = {
    create: (path) => change(async () => watched(await localDisk.create(path))),
    openRead: (path) => look(async () => watched(await localDisk.openRead(path))),
    readWhole: (path) => look(() => localDisk.readWhole(path)),
    link: (from, to) => change(() => localDisk.link(from, to)),
    rename: (from, to) => change(() => localDisk.rename(from, to)),
    makeFolder: (path) => change(() => localDisk.makeFolder(path)),
    remove: (path) => change(() => localDisk.remove(path)),
    names: (folder) => look(() => localDisk.names(folder)),
    look: (path) => look(() => localDisk.look(path)),
    realPath: (path) => look(() => localDisk.realPath(path)),
    syncFolder: (path) => change(() => localDisk.syncFolder(path)),
  };
  return {
    disk,
    stopped,
    calls: () => count,
    release: () => {
      for (const file of open) file.close();
      open.clear();
    },
  };
}

/** Every write from the `at`th on fails as on a full disk, and so does every new name. */
export function fullDisk(at: number): Disk {
  let count = 0;
  const full = () => Promise.reject(Object.assign(new Error("No space left"), { code: "ENOSPC" }));
  const isFull = () => ++count >= at;
  return {
    ...localDisk,
    create: async (path) => {
      if (isFull()) return await full();
      const file = await localDisk.create(path);
      return { ...file, write: (bytes) => isFull() ? full() : file.write(bytes) };
    },
    link: (from, to) => isFull() ? full() : localDisk.link(from, to),
    makeFolder: (path) => isFull() ? full() : localDisk.makeFolder(path),
  };
}
