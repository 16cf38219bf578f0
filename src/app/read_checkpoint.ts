import {
  type CheckpointHeader,
  checkpointKey,
  checkpointOfKey,
  CHECKPOINTS_PREFIX,
  checkpointText,
  isLineOfLogs,
  readCheckpointMetadata,
  readHeaderLine,
} from "../core/checkpoint.ts";
import { HoldfastError } from "../core/error.ts";
import type { Genesis } from "../core/event/line.ts";
import { hex } from "../core/hash.ts";
import type { BasePlace, BaseWriter } from "../ports/checkpoint.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { Replayer } from "../ports/replay.ts";
import { readBody } from "./read_body.ts";
import type { SegmentDeps } from "./read_segment.ts";

export interface LoadDeps extends SegmentDeps {
  readonly replayer: Replayer;
  /** Makes a database that begins at a checkpoint, and does not have its name yet. */
  readonly createAt: (place: BasePlace) => BaseWriter;
  readonly signal: AbortSignal;
}

/** Keys of the checkpoints of all logs behind a position, the newest first. */
export async function listCheckpoints(store: ObjectStore, after: number): Promise<string[]> {
  const found: { key: string; position: number }[] = [];
  for await (const page of store.list(CHECKPOINTS_PREFIX)) {
    for (const { key } of page) {
      const position = checkpointOfKey(key)?.position ?? 0;
      if (position > after) found.push({ key, position });
    }
  }
  return found.sort((a, b) => b.position - a.position).map(({ key }) => key);
}

/**
 * A database that begins at the checkpoint, every table proven by its digest. `first` is the log that
 * the repository began with. Throws kind "damage" where the checkpoint is not what was written, or
 * not that of this job; "gone" where a part of it is not there.
 */
export async function loadCheckpoint(
  deps: LoadDeps,
  key: string,
  first: Genesis,
): Promise<JobLog> {
  const { header, body } = await openCheckpoint(deps, key, first);
  const { position, head, since, genesis, projections, probed } = header;
  const writer = deps.createAt({
    ...{ position, hash: head, since, genesis, projections },
    ...(probed === undefined ? {} : { probed }),
  });
  try {
    for (const [i, sha256] of header.parts.entries()) {
      deps.signal.throwIfAborted();
      writer.add(await fetchPart(deps, checkpointKey(header, i + 1), sha256));
    }
    writer.add(body);
  } catch (error) {
    writer.discard();
    throw error;
  }
  const log = writer.finish();
  const wrong = wrongTable(header, deps.replayer.digests(log));
  if (wrong === undefined) return log;
  log.close();
  writer.discard();
  throw damaged(key, `its rows of ${wrong} are not what was written`);
}

async function openCheckpoint(
  { store, hashing, verify, replayer }: LoadDeps,
  key: string,
  first: Genesis,
): Promise<{ header: CheckpointHeader; body: Uint8Array }> {
  const answer = await store.get(key);
  const body = await readBody(answer);
  const metadata = readCheckpointMetadata(key, answer.head.metadata);
  if (hex(hashing.sha256(body)) !== metadata.sha256) {
    throw damaged(key, "its body is not what was written");
  }
  const line = firstLine(hashing.decompress(body));
  const header = readHeaderLine(key, line);
  if (hex(hashing.sha256(line)) !== metadata.header || header.head !== metadata.head) {
    throw damaged(key, "its header is not what was written");
  }
  if (!isLineOfLogs(header.genesis, first, header.log)) {
    throw damaged(key, "its log does not go on from that of this job");
  }
  const text = checkpointText(header, metadata);
  if (!verify(header.genesis.at(-1)!.key, text, metadata.signature)) {
    throw damaged(key, "it is not signed by the log's key");
  }
  if (header.projections !== replayer.version) {
    throw new HoldfastError("damage", `the checkpoint ${key} was made by another version`);
  }
  return { header, body };
}

const NEWLINE = 10;
const decoder = new TextDecoder();

function firstLine(text: Uint8Array): string {
  const end = text.indexOf(NEWLINE);
  return decoder.decode(text.subarray(0, end < 0 ? text.length : end));
}

async function fetchPart(
  { store, hashing }: LoadDeps,
  key: string,
  sha256: string,
): Promise<Uint8Array> {
  const body = await readBody(await store.get(key));
  if (hex(hashing.sha256(body)) === sha256) return body;
  throw damaged(key, "its body is not what was written");
}

function wrongTable(
  { digests }: CheckpointHeader,
  loaded: Readonly<Record<string, string>>,
): string | undefined {
  const names = new Set([...Object.keys(digests), ...Object.keys(loaded)]);
  return [...names].find((name) => digests[name] !== loaded[name]);
}

function damaged(key: string, why: string): HoldfastError {
  return new HoldfastError("damage", `the checkpoint ${key} is damaged: ${why}`, {
    context: { key },
  });
}
