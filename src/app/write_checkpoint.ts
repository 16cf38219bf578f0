import {
  type CheckpointHeader,
  checkpointKey,
  type CheckpointObject,
  checkpointText,
  encodeCheckpointMetadata,
  headerLine,
} from "../core/checkpoint.ts";
import { checkpointChunks } from "../core/checkpoint_chunks.ts";
import { HoldfastError, isKind } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import type { DumpState, StateDump } from "../ports/checkpoint.ts";
import type { LogReader } from "../ports/event_log.ts";
import { isCheckpointDue } from "./checkpoint_due.ts";
import { isAway, logShipper, type ShipDeps, shipToHead } from "./ship_log.ts";
import { shipRenames } from "./ship_renames.ts";
import type { PackedBody } from "./stored_body.ts";

export interface CheckpointDeps extends ShipDeps {
  readonly dump: DumpState;
}

export interface WrittenCheckpoint {
  readonly key: string;
  readonly position: number;
  readonly objects: number;
  /** As stored. */
  readonly bytes: number;
}

/**
 * Writes a checkpoint at the end of a run where so much was shipped since the last one. A store that
 * is away is a notice: the next run tries again.
 */
export async function checkpointIfDue(deps: CheckpointDeps, run: string): Promise<void> {
  if (!isCheckpointDue(deps.log)) return;
  try {
    await writeCheckpoint(deps, run);
  } catch (error) {
    if (!isAway(error)) throw error;
    const text = `no checkpoint was written: ${error.message}; the next run tries again`;
    deps.emit({ kind: "notice", text });
  }
}

/**
 * Puts the projections as they are at the end of the log into the repository, and records it. The
 * log is shipped up to there first, so that the segments behind a checkpoint begin where it ends.
 * A bounded part of the rows is in memory at once.
 */
export async function writeCheckpoint(
  deps: CheckpointDeps,
  run: string,
): Promise<WrittenCheckpoint> {
  const { log, emit } = deps;
  const shipper = logShipper(deps);
  await shipper.begin(run);
  emit({ kind: "phase", name: "checkpoint" });
  // Whoever begins here has no event left that a renames object could still be made of.
  await shipRenames({ log, run, store: deps.store, coding: deps.coding });
  for (;;) {
    const record = await shipToHead(deps, run);
    const { position } = log.head();
    const dump = deps.dump(log);
    try {
      // A restore has appended meanwhile: it takes no lock.
      if (dump.head.position !== position) {
        if (record !== undefined) log.append(run, [record]);
        continue;
      }
      const digests = dump.digests();
      const written = await putState(deps, dump, digests);
      const { projections } = dump;
      const data = { key: written.key, position, digests, projections };
      const shipped = record === undefined ? [] : [record];
      log.append(run, [...shipped, { type: "LogCheckpointed", data }], { durable: true });
      await shipper.ship();
      return written;
    } finally {
      dump.close();
    }
  }
}

/** The rows in objects of their own, but the last of them: these are in that with the header. */
async function putState(
  deps: CheckpointDeps,
  dump: StateDump,
  digests: Record<string, string>,
): Promise<WrittenCheckpoint> {
  const { log, signer, hashing } = deps;
  const { position, hash: head } = dump.head;
  const name = { log: log.genesis.log, position };
  const parts: string[] = [];
  let bytes = 0;
  let rest: Uint8Array = new Uint8Array(0);
  for (const chunk of checkpointChunks(dump.rows())) {
    if (rest.length > 0) {
      const put = await putPart(deps, { ...name, part: parts.length + 1 }, { head, lines: rest });
      parts.push(put.sha256);
      bytes += put.bytes;
    }
    rest = chunk;
  }
  const probed = lastProbe(log);
  const line = headerLine(
    {
      ...{ format: 1, ...name, head, since: dump.since },
      genesis: log.logs().map(({ genesis }) => genesis),
      ...{ projections: dump.projections, digests, parts },
      ...(probed === undefined ? {} : { probed }),
    } satisfies CheckpointHeader,
  );
  const header = hex(hashing.sha256(line));
  const signature = signer.sign(checkpointText(name, { head, header }));
  const says = encodeCheckpointMetadata({ position, head, header, signature });
  const lines = joined(encoder.encode(`${line}\n`), rest);
  const last = await putObject(deps, name, await deps.coding.pack(lines), says);
  return { key: last.key, position, objects: parts.length + 1, bytes: bytes + last.bytes };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

const encoder = new TextEncoder();

interface PutObject {
  readonly key: string;
  /** Of what is there now: of an earlier PUT of ours, where that is encrypted. */
  readonly sha256: string;
  readonly bytes: number;
}

async function putPart(
  deps: CheckpointDeps,
  object: CheckpointObject,
  { head, lines }: { readonly head: string; readonly lines: Uint8Array },
): Promise<PutObject> {
  const packed = await deps.coding.pack(lines);
  const says = { head, size: String(lines.length) };
  return await putObject(deps, object, packed, packed.suffix === "" ? {} : says);
}

async function putObject(
  { store }: CheckpointDeps,
  object: CheckpointObject,
  { body, sha256, suffix, contentType }: PackedBody,
  says: Readonly<Record<string, string>>,
): Promise<PutObject> {
  const key = checkpointKey(object, suffix);
  try {
    await store.put(key, body, {
      ...{ metadata: { ...says, sha256 }, sha256, contentType },
      ifNoneMatch: store.features.conditionalPut.works,
    });
    return { key, sha256, bytes: body.length };
  } catch (error) {
    if (!isKind(error, "conflict")) throw error;
    const there = await store.head(key);
    const found = there?.metadata.sha256;
    // Our own PUT, whose answer was lost: the rows at a position are always the same. Encrypted, they
    // are another body each time, and it is what the metadata says in clear that is the same.
    const isOurs = found === sha256 || suffix !== "" &&
        Object.entries(says).every(([name, value]) => there?.metadata[name] === value);
    if (there === undefined || found === undefined || !isOurs) throw isAnothers(key);
    return { key, sha256: found, bytes: there.size };
  }
}

function isAnothers(key: string): HoldfastError {
  return new HoldfastError("locked", `the repository has another ${key} than this log's`, {
    context: { key },
    hint: "another machine writes to this log; `holdfast takeover` makes it this one's",
  });
}

const decoder = new TextDecoder();

function lastProbe(log: LogReader): string | undefined {
  let last = log.base?.probed;
  for (const { line } of log.lines({ type: "StoreProbed" })) last = decoder.decode(line);
  return last;
}
