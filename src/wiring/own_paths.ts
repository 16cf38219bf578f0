import { dirname, relative, resolve, sep } from "node:path";
import type { RunInput } from "../cli/runner.ts";
import { defaultLogFolder } from "../cli/state_file.ts";

/**
 * Paths below a source that are Holdfast's own and never backed up: state, logs, config and a folder
 * store, wherever they lie. Symlinks on the way are resolved on both sides.
 */
export function ownPaths(input: RunInput<unknown>, source: string): Set<string> {
  const { stateFile, logFolder, configFile, job } = input;
  const suffixes = ["", "-wal", "-shm", "-journal", ".lock", ".lock-journal", ".writer"];
  const files = [
    ...suffixes.map((suffix) => stateFile + suffix),
    keyFile(stateFile),
    logFolder,
    // Logs from before log_dir was set.
    defaultLogFolder(stateFile, job.name),
    configFile,
    ...(job.repository.kind === "folder" ? [job.repository.folder] : []),
  ];
  const root = realPath(source);
  const own = new Set<string>();
  for (const file of files) {
    const below = relative(root, realPath(file));
    if (below !== "" && below !== ".." && !below.startsWith(`..${sep}`)) {
      own.add(below.split(sep).join("/"));
    }
  }
  return own;
}

/** The key that signs the heads of log segments. */
export function keyFile(stateFile: string): string {
  return `${stateFile.replace(/\.db$/, "")}.key`;
}

/** The path with its symlinks resolved as far as it exists. */
function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return Deno.realPathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : resolve(realPath(parent), relative(parent, absolute));
  }
}
