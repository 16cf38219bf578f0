import type { Disk } from "./disk.ts";
import { hasCode } from "./disk_error.ts";

/** True where the file `from` has now the name `to`, and nothing else had it. */
export async function linkOnce(disk: Disk, from: string, to: string): Promise<boolean> {
  try {
    await disk.link(from, to);
    return true;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  // A network file system may repeat a link whose answer was lost.
  const [mine, there] = [await disk.look(from), await disk.look(to)];
  return mine.identity !== undefined && mine.identity === there.identity;
}
