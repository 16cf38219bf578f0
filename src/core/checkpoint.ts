import { HoldfastError } from "./error.ts";
import type { Genesis } from "./event/line.ts";
import type { BodySuffix } from "./sealed_name.ts";

/**
 * Checkpoints in the repository: the rows of every projection at one position of a log, so that the
 * index comes back where the segments before it are lost (docs/bucket_format.md). Objects of JSON
 * lines, one zstd frame each, as an age file where the job encrypts. The one that is named by the
 * position alone is put last: its first line is the header, which names the others and is what was
 * signed.
 */
export interface CheckpointHeader {
  readonly format: 1;
  /** Id of the newest log. */
  readonly log: string;
  readonly position: number;
  /** Hash of the event at that position. */
  readonly head: string;
  /** Position of the last event before it that changed what a tree looks like: the state since. */
  readonly since: number;
  /** Of each log up to this one, oldest first. */
  readonly genesis: readonly Genesis[];
  /** Version of the projections' tables. */
  readonly projections: number;
  /** SHA-256 of each table by name, as `replay` prints it. */
  readonly digests: Readonly<Record<string, string>>;
  /** SHA-256 of the objects that hold the rows before those of this one, in order. */
  readonly parts: readonly string[];
  /** The line of the last StoreProbed: a later run opens the store by it. */
  readonly probed?: string;
}

/** What the metadata says in clear, before a byte of the body is read. */
export interface CheckpointMetadata {
  readonly position: number;
  readonly head: string;
  /** SHA-256 of the header's line, without its newline. */
  readonly header: string;
  /** SHA-256 of the body as stored. */
  readonly sha256: string;
  /** Ed25519 over `checkpointText`, 128 hex digits. */
  readonly signature: string;
}

export interface CheckpointName {
  readonly log: string;
  readonly position: number;
}

export interface CheckpointObject extends CheckpointName {
  /** From 1 on: another object than the one with the header. */
  readonly part?: number;
}

/** Bytes of lines in one object, before compression; one row is always taken. */
export const CHECKPOINT_BYTES = 4 * 1024 * 1024;
/** A backup writes a checkpoint where this many entries … */
export const CHECKPOINT_AFTER_ENTRIES = 1_000_000;
/** … or this many bytes of segments were shipped since the last one. */
export const CHECKPOINT_AFTER_BYTES = 64 * 1024 * 1024;

export const CHECKPOINTS_PREFIX = ".holdfast/checkpoints/";

export function checkpointKey(
  { log, position, part }: CheckpointObject,
  suffix: BodySuffix = "",
): string {
  const name = `${String(position).padStart(16, "0")}${part === undefined ? "" : `-${part}`}`;
  return `${CHECKPOINTS_PREFIX}${log}/${name}.jsonl.zst${suffix}`;
}

/** Undefined where the key is not that of an object with a header. */
export function checkpointOfKey(key: string): CheckpointName | undefined {
  const found = /^\.holdfast\/checkpoints\/([0-9a-f]{32})\/(\d{16})\.jsonl\.zst(?:\.age)?$/.exec(
    key,
  );
  return found === null ? undefined : { log: found[1], position: Number(found[2]) };
}

/** What is signed, as UTF-8. */
export function checkpointText(
  { log, position }: CheckpointName,
  { head, header }: Pick<CheckpointMetadata, "head" | "header">,
): string {
  return `holdfast-checkpoint\n${log}\n${position}\n${head}\n${header}`;
}

/** But for the SHA-256 of the body, which every object of a checkpoint has. */
export function encodeCheckpointMetadata(
  metadata: Omit<CheckpointMetadata, "sha256">,
): Record<string, string> {
  return { ...metadata, position: String(metadata.position) };
}

/** Throws kind "damage" where it does not say what the name says, or nothing that can be read. */
export function readCheckpointMetadata(
  key: string,
  metadata: Readonly<Record<string, string>>,
): CheckpointMetadata {
  const { head, header, sha256, signature = "" } = metadata;
  const position = Number(metadata.position);
  if (position !== checkpointOfKey(key)?.position || ![head, header, sha256].every(isHash)) {
    throw unreadable(key);
  }
  return { position, head, header, sha256, signature };
}

export function headerLine(header: CheckpointHeader): string {
  return JSON.stringify(header);
}

/** Throws kind "damage" where the line is no header, or that of another checkpoint. */
export function readHeaderLine(key: string, line: string): CheckpointHeader {
  let header: Partial<CheckpointHeader> | null = null;
  try {
    header = JSON.parse(line);
  } catch {
    // Not JSON: refused below.
  }
  const name = checkpointOfKey(key);
  const fits = header?.format === 1 && header.log === name?.log &&
    header.position === name?.position && Array.isArray(header.genesis) &&
    header.genesis.length > 0 && Array.isArray(header.parts) && header.parts.every(isHash) &&
    typeof header.digests === "object" && typeof header.since === "number";
  if (!fits) throw unreadable(key);
  return header as CheckpointHeader;
}

/** True where the logs follow one another, from the one that the repository began with. */
export function isLineOfLogs(genesis: readonly Genesis[], first: Genesis, last: string): boolean {
  const [root] = genesis;
  return root.log === first.log && root.key === first.key && root.parent === null &&
    genesis.at(-1)!.log === last &&
    genesis.every((one, i) =>
      one.repository === first.repository && (i === 0 || one.parent?.log === genesis[i - 1].log)
    );
}

function isHash(text: unknown): boolean {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
}

function unreadable(key: string): HoldfastError {
  return new HoldfastError("damage", `the checkpoint ${key} does not say what it holds`, {
    context: { key },
  });
}
