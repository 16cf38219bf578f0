import { HoldfastError } from "../error.ts";
import { hex, type Sha256 } from "../hash.ts";
import type { AnyEvent, AnyNewEvent, EventType } from "./event.ts";

/**
 * The line is the event: serialized once, hashed as those bytes, never serialized again.
 * hash(n) = SHA-256(hash(n - 1) as 64 hex digits ‖ line without newline); hash(0) is SHA-256 of the
 * genesis line.
 */
export interface Genesis {
  readonly format: 1;
  readonly repository: string;
  readonly log: string;
  readonly job: string;
  /** Ed25519 public key, 64 hex digits (RFC 8032). */
  readonly key: string;
  /** Head of the log that this one continues, after a takeover. */
  readonly parent: GenesisParent | null;
}

export interface GenesisParent {
  readonly log: string;
  readonly position: number;
  readonly hash: string;
  /** First position of the new log, where it is not the one after `position`. */
  readonly next?: number;
}

/** One of the logs that follow one another in a database. */
export interface LogPart {
  /** Position of its first event, whether there is one yet or not. */
  readonly first: number;
  readonly genesis: Genesis;
}

/** Position of the first event of a log. */
export function firstPosition({ parent }: Genesis): number {
  return parent === null ? 1 : parent.next ?? parent.position + 1;
}

/** Highest version of each event type that this program can read and project. */
const VERSIONS: { readonly [T in EventType]: number } = {
  RepositoryCreated: 1,
  RecipientsChanged: 1,
  StoreProbed: 1,
  RunStarted: 1,
  RunFinished: 1,
  RunInterrupted: 1,
  GuardOverridden: 1,
  ScanStarted: 1,
  EntriesObserved: 1,
  ScanRefused: 1,
  ScanCompleted: 1,
  UploadStarted: 1,
  UploadCreated: 1,
  UploadAborted: 1,
  ObjectsStored: 1,
  ObjectsRefused: 1,
  SnapshotCreated: 1,
  RestorePlanned: 1,
  EntriesRestored: 1,
  RestoreFinished: 1,
  ObjectCopied: 1,
  RenamePlanned: 1,
  RenameAliased: 1,
  RenameSettled: 1,
  DeletionPlanned: 1,
  ObjectDeleted: 1,
  AliasesReleased: 1,
  SourceRenamed: 1,
  SnapshotForgotten: 1,
  Undone: 1,
  LogSegmentShipped: 1,
  RenamesShipped: 1,
  LogCheckpointed: 1,
  TakenOver: 1,
  IndexRebuilt: 1,
  ObjectDiscovered: 1,
  ObjectVerified: 1,
  ObjectMissing: 1,
  ObjectDamaged: 1,
  UploadResumed: 1,
  PackStarted: 1,
  MembersPacked: 1,
  ChunksPacked: 1,
  ChunksListed: 1,
  PartPrepared: 1,
  PackStored: 1,
  MembersLost: 1,
  PackAborted: 1,
  ObjectsAwaited: 1,
  WarmUpPlanned: 1,
  WarmUpRequested: 1,
  ObjectWarm: 1,
  RestoredCopyExpired: 1,
  StorageClassesFound: 1,
  RestoreApproved: 1,
  RestoreCancelled: 1,
  ObjectHealed: 1,
  BatchJobPlanned: 1,
  BatchJobCreated: 1,
  BatchJobFinished: 1,
  DifferencesFound: 1,
  LockSet: 1,
  LockExtended: 1,
};

export function genesisHash(genesis: Genesis, sha256: Sha256): string {
  return hex(sha256(genesisLine(genesis)));
}

export function genesisLine(genesis: Genesis): string {
  const { format, repository, log, job, key } = genesis;
  return JSON.stringify({ format, repository, log, job, key, parent: parentOf(genesis) });
}

function parentOf({ parent }: Genesis): GenesisParent | null {
  if (parent === null) return null;
  const { log, position, hash, next } = parent;
  return { log, position, hash, ...(next === undefined ? {} : { next }) };
}

export function eventLine(
  event: AnyNewEvent,
  place: { position: number; at: string; run: string },
): string {
  return JSON.stringify({
    position: place.position,
    at: place.at,
    run: place.run,
    type: event.type,
    version: VERSIONS[event.type],
    data: event.data,
  });
}

export function chainHash(previousHash: string, line: Uint8Array | string, sha256: Sha256): string {
  return hex(sha256(previousHash, line));
}

/** Parses a line. Throws kind "damage" where it is no event, "failed" where it is a newer program's. */
export function parseLine(line: string, position: number): AnyEvent {
  let event: AnyEvent;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new HoldfastError("damage", `event ${position} is not JSON`, {
      context: { position },
      cause,
    });
  }
  if (event?.position !== position) {
    throw new HoldfastError(
      "damage",
      `event ${position} says that it is at position ${event?.position}`,
      { context: { position } },
    );
  }
  const known = Object.hasOwn(VERSIONS, event.type) ? VERSIONS[event.type] : 0;
  if (!(event.version <= known)) {
    throw new HoldfastError(
      "failed",
      `event ${position} is a ${event.type} of version ${event.version}, which this program does not know`,
      { context: { position }, hint: "use the newer program that wrote this log" },
    );
  }
  return event;
}
