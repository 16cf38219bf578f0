/** A disk that is soon full: a small tmpfs, or, where mount is refused, a limit of file sizes. */
import { run, shell } from "../sources/tree_tools.ts";

export interface SmallDisk {
  readonly folder: string;
  /** To be put in front of the executable while the disk is full. */
  readonly before: readonly string[];
  /** Leaves so many KiB. */
  fill(leave: number): void;
  free(): void;
}

/** Mounts a file system of its own at `folder`; false, having said so, where that is refused. */
export function tryMount(test: string, folder: string, mib: number): boolean {
  Deno.mkdirSync(folder, { recursive: true });
  try {
    run("mount", ["-t", "tmpfs", "-o", `size=${mib}m,mode=0700`, "holdfast-test", folder]);
    return true;
  } catch {
    console.log(`${test}: mount is refused here, a stand-in is used`);
    return false;
  }
}

export async function withSmallDisk(
  test: string,
  folder: string,
  use: (disk: SmallDisk) => Promise<void>,
): Promise<void> {
  const mib = 64;
  if (!tryMount(test, folder, mib)) return await use(limited(folder));
  try {
    await use({
      folder,
      before: [],
      fill: (leave) =>
        void shell(
          folder,
          `free=$(df --output=avail -k . | tail -1); head -c $((free - ${leave}))K /dev/zero > filler`,
        ),
      free: () => Deno.removeSync(`${folder}/filler`),
    });
  } finally {
    run("umount", [folder]);
  }
}

/** Files may not grow beyond a size: the writes fail as on a full disk, with EFBIG for ENOSPC. */
function limited(folder: string): SmallDisk {
  const before: string[] = [];
  return {
    folder,
    before,
    fill: (leave) => {
      const limit = `trap "" XFSZ; ulimit -f ${leave * 2}; exec "$@"`;
      before.push("sh", "-c", limit, "sh");
    },
    free: () => void before.splice(0),
  };
}
