import { isKind } from "../core/error.ts";
import type { Genesis } from "../core/event/line.ts";
import type { RebuildOrigins } from "../core/event/rebuild_origins.ts";
import type { JobLog } from "../ports/event_log.ts";
import { liveRoots } from "./find_listed.ts";
import { listCheckpoints, loadCheckpoint, type LoadDeps } from "./read_checkpoint.ts";
import { importPrefix, type Prefix, type PrefixDeps } from "./rebuild_prefix.ts";

export interface ReadLogDeps extends PrefixDeps, LoadDeps {
  /** Makes a database that does not have its name yet. The caller closes it. */
  readonly createLog: (genesis: Genesis) => JobLog;
}

export interface ReadLog {
  readonly log: JobLog;
  readonly prefix: Prefix;
  /** The checkpoint that the database begins with, where it has not all of the log. */
  readonly base?: RebuildOrigins["checkpoint"];
}

/**
 * The log as far as the repository has it: from its beginning, or from the newest whole checkpoint
 * where that reaches further. Then what was before the checkpoint is not in the database.
 */
export async function readLog(deps: ReadLogDeps, first: Genesis): Promise<ReadLog> {
  const log = deps.createLog(first);
  try {
    const prefix = await importPrefix(deps, log);
    const unusable: string[] = [];
    for (const key of await listCheckpoints(deps.store, log.head().position)) {
      const found = await fromCheckpoint(deps, key, first);
      if (typeof found === "string") {
        unusable.push(found);
        continue;
      }
      const missing = [historyIsGone(log, prefix, found.log), ...unusable, ...found.prefix.missing];
      log.close();
      return { ...found, prefix: { ...found.prefix, missing } };
    }
    return { log, prefix: { ...prefix, missing: [...prefix.missing, ...unusable] } };
  } catch (error) {
    log.close();
    throw error;
  }
}

/** A sentence where the checkpoint cannot be used. */
async function fromCheckpoint(
  deps: ReadLogDeps,
  key: string,
  first: Genesis,
): Promise<ReadLog | string> {
  let log: JobLog;
  try {
    log = await loadCheckpoint(deps, key, first);
  } catch (error) {
    if (!isKind(error, "damage", "gone")) throw error;
    return error.message;
  }
  tellTakeovers(deps, log);
  try {
    const base = { position: log.base!.position, entries: liveEntries(log) };
    const prefix = await importPrefix(deps, log);
    const until = prefix.until ?? (await deps.store.head(key))?.lastModified;
    return { log, base, prefix: { ...prefix, until } };
  } catch (error) {
    log.close();
    throw error;
  }
}

function liveEntries({ index }: JobLog): number {
  let entries = 0;
  for (const { root } of liveRoots(index)) entries += index.countBelow(root.id);
  return entries;
}

/** As where they are met on the way: nothing but the right to write to the store is needed for one. */
function tellTakeovers({ emit }: ReadLogDeps, log: JobLog): void {
  for (const { genesis: { parent, log: id, key } } of log.logs()) {
    if (parent === null) continue;
    const text = `the log was taken over at position ${parent.position}: it goes on as ${id}, ` +
      `signed by the Ed25519 key ${key}`;
    emit({ kind: "notice", text });
  }
}

function historyIsGone(read: JobLog, { why }: Prefix, { base }: JobLog): string {
  const end = read.head().position;
  const reason = why[0] ?? `the segments end at position ${end}`;
  return `${reason}: the index is that of the checkpoint at position ${base!.position} and what ` +
    "follows; states before it, and what happened until then, are not on this machine";
}
