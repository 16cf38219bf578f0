import { dirname, relative, resolve, sep } from "node:path";
import type { RunInput } from "../cli/runner.ts";
import { partOf } from "./write_archived_list.ts";
import { LOG_NAME } from "../cli/run_log.ts";
import { defaultLogFolder } from "../cli/state_file.ts";

/**
 * Paths below a source that are Holdfast's own and never backed up: state, logs, config and a folder
 * store, wherever they lie. Symlinks on the way are resolved on both sides.
 */
export function ownPaths(input: RunInput<unknown>, source: string): Set<string> {
  const { stateFile, logFolder, configFile, job } = input;
  const files = [
    // This job's by name, whatever --state calls it; other jobs' by how such files are named.
    ...STATE_SUFFIXES.map((suffix) => stateFile + suffix),
    keyFile(stateFile),
    ...besides(stateFile, [`${stateFile}.new`, `${stateFile}.old`, `${keyFile(stateFile)}.`]),
    ...ownFiles(dirname(stateFile), STATE_NAME),
    // A log_dir may be a folder of the user's: only the logs in it are Holdfast's.
    ...ownFiles(logFolder, LOG_NAME),
    // Logs from before log_dir was set.
    defaultLogFolder(stateFile, job.name),
    configFile,
    ...(job.archivedList === undefined ? [] : [job.archivedList, partOf(job.archivedList)]),
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

/** Databases, keys and locks of all jobs of the folder, and replays that were cut off. */
const STATE_NAME =
  /\.(?:db(?:-wal|-shm|-journal|\.(?:new|old).*|\.restore.*|\.lock|\.lock-journal|\.writer)?|key(?:\..*)?)$/;

const STATE_SUFFIXES = [
  ...["", "-wal", "-shm", "-journal", ".new", ".lock", ".lock-journal", ".writer"],
  ...[".restore.lock", ".restore.lock-journal", ".restore.writer"],
];

/** Files whose paths begin so: databases that are made or were replaced, and keys of the same. */
function besides(stateFile: string, beginnings: readonly string[]): string[] {
  const folder = dirname(stateFile);
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => resolve(folder, name))
      .filter((file) => beginnings.some((beginning) => file.startsWith(beginning)));
  } catch {
    return [];
  }
}

/** Files of the folder with such names; of states, only those that belong to a database there. */
function ownFiles(folder: string, name: RegExp): string[] {
  try {
    const names = [...Deno.readDirSync(folder)].map((entry) => entry.name);
    return names.filter((file) => name.test(file) && isOfJob(file, names))
      .map((file) => resolve(folder, file));
  } catch {
    return [];
  }
}

/** A lone `secret.key` or `notes.db` may be the user's: Holdfast's come together. */
function isOfJob(file: string, names: readonly string[]): boolean {
  if (file.endsWith(".log") || /^\.(replay|work)-/.test(file)) return true;
  const stem = file.replace(/\.(?:db|key).*$/, "");
  return names.includes(`${stem}.db`) && names.includes(`${stem}.db.lock`);
}

/** The key that signs the heads of log segments. */
export function keyFile(stateFile: string): string {
  return `${stateFile.replace(/\.db$/, "")}.key`;
}

/** The key of a log that has not taken over yet. */
export function pendingKeyFile(stateFile: string): string {
  return `${keyFile(stateFile)}.takeover`;
}

/** The path with its symlinks resolved as far as it exists. */
export function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return Deno.realPathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : resolve(realPath(parent), relative(parent, absolute));
  }
}
