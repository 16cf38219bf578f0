import { isKind } from "../core/error.ts";
import type { Genesis } from "../core/event/line.ts";
import { logFolder, segmentOfKey } from "../core/log_segment.ts";
import type { JobLog } from "../ports/event_log.ts";
import { fetchSegment, openSegment, type SegmentDeps } from "./read_segment.ts";

export interface UnclosedLog {
  /** Of the log that goes on here, where one does and no other. */
  readonly next: Genesis | undefined;
  /** Of logs that nothing leads to, as sentences. */
  readonly missing: readonly string[];
}

/**
 * At the end of a log: the logs in the repository that nothing has led to. A closing segment that is
 * lost takes all with it that came after, where the next log's first segment is not asked what it
 * follows. What a restore on another machine has written leads nowhere, and is left alone. One LIST,
 * and a GET for each such log. Throws kind "key" where it is encrypted and cannot be opened.
 */
export async function findUnclosed(deps: SegmentDeps, log: JobLog): Promise<UnclosedLog> {
  const known = new Set(log.logs().map(({ genesis }) => genesis.log));
  const { position, hash } = log.head();
  const others: Other[] = [];
  for (const [id, keys] of await listLogs(deps, known)) {
    const begun = await readBeginning(deps, log, keys[0]);
    if (begun !== "a restore") others.push({ id, segments: keys.length, genesis: begun });
  }
  const following = others.filter(({ genesis }) => {
    const parent = genesis?.parent;
    return parent?.log === log.genesis.log && parent.position === position && parent.hash === hash;
  });
  const next = following.length === 1 ? following[0] : undefined;
  const missing = others.filter((other) => other !== next).map(({ id, segments }) =>
    `nothing leads to the log ${logFolder(id)}: what its ${
      segments === 1 ? "1 segment tells" : `${segments} segments tell`
    } is not in the index`
  );
  return { next: next?.genesis, missing };
}

interface Other {
  readonly id: string;
  readonly segments: number;
  /** Undefined where its beginning is not there, or damaged. */
  readonly genesis: Genesis | undefined;
}

/** Keys by log. */
async function listLogs(
  { store }: SegmentDeps,
  without: ReadonlySet<string>,
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const page of store.list(LOGS_PREFIX)) {
    for (const { key } of page) {
      const id = segmentOfKey(key)?.log;
      if (id === undefined || without.has(id)) continue;
      const keys = found.get(id);
      if (keys === undefined) found.set(id, [key]);
      else keys.push(key);
    }
  }
  return found;
}

const LOGS_PREFIX = ".holdfast/log/";

async function readBeginning(
  deps: SegmentDeps,
  { genesis: { repository } }: JobLog,
  key: string,
): Promise<Genesis | "a restore" | undefined> {
  try {
    const fetched = await fetchSegment(deps, key);
    if (fetched.object.kind !== "segment") return undefined;
    const { head } = fetched.object;
    const genesis = genesisIn(head.genesis);
    if (genesis?.repository !== repository || genesis.log !== head.log) return undefined;
    const lines = await openSegment(deps, fetched, head, genesis.key);
    return lines.some(isRestore) ? "a restore" : genesis;
  } catch (error) {
    if (isKind(error, "damage", "gone", "refused", "denied")) return undefined;
    throw error;
  }
}

function genesisIn(line: string | undefined): Genesis | undefined {
  try {
    const genesis = JSON.parse(line ?? "");
    return genesis?.format === 1 && typeof genesis.key === "string" ? genesis : undefined;
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder();

function isRestore(line: Uint8Array): boolean {
  const { type, data } = JSON.parse(decoder.decode(line));
  return type === "RunStarted" && /^restore/.test(data.command);
}
