/** The file system calls of the folder store, so that a test can stop or fail it at each of them. */
export interface Disk {
  /** Creates a file that must not exist, readable by its owner only and written through the handle. */
  create(path: string): Promise<DiskFile>;
  openRead(path: string): Promise<DiskFile>;
  readWhole(path: string): Promise<Uint8Array>;
  /** Fails with EEXIST where `to` exists (link(2)). */
  link(from: string, to: string): Promise<void>;
  /** Replaces `to` atomically (rename(2)). */
  rename(from: string, to: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** A file or an empty folder. */
  remove(path: string): Promise<void>;
  names(folder: string): Promise<string[]>;
  /** lstat(2). */
  look(path: string): Promise<DiskEntry>;
  realPath(path: string): Promise<string>;
  /** Makes the names in a folder durable (fsync(2) of the folder). */
  syncFolder(path: string): Promise<void>;
}

export interface DiskFile {
  /** All of the bytes, at the current position. */
  write(bytes: Uint8Array): Promise<void>;
  /** Some bytes from the current position; 0 at the end. */
  read(buffer: Uint8Array): Promise<number>;
  seek(offset: number): Promise<void>;
  size(): Promise<number>;
  /** Makes content and length durable (fdatasync(2)). */
  sync(): Promise<void>;
  close(): void;
}

export interface DiskEntry {
  readonly isFolder: boolean;
  /** Bytes. */
  readonly size: number;
  /** Device and inode, or undefined where the platform has none. */
  readonly identity: string | undefined;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

export const localDisk: Disk = {
  create: async (path) =>
    diskFile(await Deno.open(path, { createNew: true, write: true, mode: 0o400 })),
  openRead: async (path) => diskFile(await Deno.open(path, { read: true })),
  readWhole: (path) => Deno.readFile(path),
  link: (from, to) => Deno.link(from, to),
  rename: (from, to) => Deno.rename(from, to),
  makeFolder: (path) => Deno.mkdir(path, { mode: 0o700 }),
  remove: (path) => Deno.remove(path),
  names: async (folder) => {
    const names: string[] = [];
    for await (const entry of Deno.readDir(folder)) names.push(entry.name);
    return names;
  },
  look: async (path) => {
    const info = await Deno.lstat(path);
    return {
      isFolder: info.isDirectory,
      size: info.size,
      identity: info.ino === null ? undefined : `${info.dev}:${info.ino}`,
      modified: info.mtime?.getTime() ?? 0,
    };
  },
  realPath: (path) => Deno.realPath(path),
  syncFolder: async (path) => {
    // Windows opens no folder as a file; NTFS journals names by itself.
    if (Deno.build.os === "windows") return;
    const folder = await Deno.open(path, { read: true });
    try {
      await folder.sync();
    } catch (error) {
      // Some network and FUSE file systems have no fsync of folders.
      const code = (error as { code?: string }).code;
      if (code !== "EINVAL" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
    } finally {
      folder.close();
    }
  },
};

function diskFile(file: Deno.FsFile): DiskFile {
  return {
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    },
    read: async (buffer) => (await file.read(buffer)) ?? 0,
    seek: async (offset) => void await file.seek(offset, Deno.SeekMode.Start),
    size: async () => (await file.stat()).size,
    sync: () => file.syncData(),
    close: () => file.close(),
  };
}

/**
 * Removes what is there of these, one after the other: a mark must be given last. What cannot be
 * removed is swept by a later process.
 */
export async function removeQuietly(disk: Disk, paths: readonly string[]): Promise<void> {
  for (const path of paths) await disk.remove(path).catch(() => {});
}
