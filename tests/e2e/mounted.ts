/** File systems of their own, mounted for as long as a test runs. */
import { run, skip } from "../sources/tree_tools.ts";

export interface Mounts {
  /** Mounts an empty file system there. */
  mount(folder: string): void;
  unmount(folder: string): void;
}

/** Calls `use`, and unmounts what it has left mounted. Skipped, as `skip` says, where mount is refused. */
export async function withMounts(
  test: string,
  use: (mounts: Mounts) => Promise<void>,
): Promise<void> {
  const mounted: string[] = [];
  const calls: Mounts = {
    mount(folder) {
      // A tmpfs is known by the name of its source, and by nothing else that lasts.
      run("mount", ["-t", "tmpfs", "-o", "size=4m", `holdfast-test-${++mounts}`, folder]);
      mounted.push(folder);
    },
    unmount(folder) {
      run("umount", [folder]);
      mounted.splice(mounted.lastIndexOf(folder), 1);
    },
  };
  if (!mayMount(calls)) return skip(test, "mount is refused");
  try {
    await use(calls);
  } finally {
    for (const folder of [...mounted].reverse()) calls.unmount(folder);
  }
}

let mounts = 0;

function mayMount({ mount, unmount }: Mounts): boolean {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-test-" });
  try {
    mount(folder);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    Deno.removeSync(folder);
  }
}
