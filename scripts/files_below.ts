import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Paths of all files in `folder` and below, sorted; none where the folder is missing. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
  return found.sort();
}
