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
import { HoldfastError, isKind } from "../core/error.ts";
import type { Genesis } from "../core/event/line.ts";
import { hex } from "../core/hash.ts";
import { suffixOf } from "../core/sealed_name.ts";
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
 * not that of this job; "gone" where a part of it is not there; "key" where it is encrypted and cannot
 * be opened.
 */
export async function loadCheckpoint(
  deps: LoadDeps,
  key: string,
  first: Genesis,
): Promise<JobLog> {
  const { header, frame } = await openCheckpoint(deps, key, first);
  const { position, head, since, genesis, projections, probed } = header;
  const writer = deps.createAt({
    ...{ position, hash: head, since, genesis, projections },
    ...(probed === undefined ? {} : { probed }),
  });
  try {
    for (const [i, sha256] of header.parts.entries()) {
      deps.signal.throwIfAborted();
      const part = checkpointKey({ ...header, part: i + 1 }, suffixOf(key));
      writer.add(await fetchPart(deps, part, sha256));
    }
    writer.add(frame);
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
  deps: LoadDeps,
  key: string,
  first: Genesis,
): Promise<{ header: CheckpointHeader; frame: Uint8Array }> {
  const { store, hashing, verify, replayer } = deps;
  const answer = await store.get(key);
  const body = await readBody(answer);
  const metadata = readCheckpointMetadata(key, answer.head.metadata);
  if (hex(hashing.sha256(body)) !== metadata.sha256) {
    throw damaged(key, "its body is not what was written");
  }
  const frame = await openedFrame(deps, key, body);
  const line = firstLine(deps, key, frame);
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
  return { header, frame };
}

const NEWLINE = 10;
const decoder = new TextDecoder();

function firstLine({ hashing }: LoadDeps, key: string, frame: Uint8Array): string {
  let text: Uint8Array;
  try {
    text = hashing.decompress(frame);
  } catch {
    throw damaged(key, "it is no zstd frame");
  }
  const end = text.indexOf(NEWLINE);
  return decoder.decode(text.subarray(0, end < 0 ? text.length : end));
}

/** An object without its encryption. */
async function openedFrame(
  { coding }: LoadDeps,
  key: string,
  body: Uint8Array,
): Promise<Uint8Array> {
  try {
    return await coding.open(key, body);
  } catch (error) {
    if (!isKind(error, "damage")) throw error;
    throw damaged(key, error.message);
  }
}

async function fetchPart(
  deps: LoadDeps,
  key: string,
  sha256: string,
): Promise<Uint8Array> {
  const body = await readBody(await deps.store.get(key));
  if (hex(deps.hashing.sha256(body)) === sha256) return await openedFrame(deps, key, body);
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
