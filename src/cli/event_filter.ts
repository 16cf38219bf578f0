import { HoldfastError } from "../core/error.ts";
import type { EventType } from "../core/event/event.ts";
import { nearest } from "../report/nearest.ts";

/** Every event type; the type check fails where one is missing. */
const EVENT_TYPES = Object.keys(
  {
    RepositoryCreated: true,
    StoreProbed: true,
    RunStarted: true,
    RunFinished: true,
    RunInterrupted: true,
    GuardOverridden: true,
    ScanStarted: true,
    EntriesObserved: true,
    ScanRefused: true,
    ScanCompleted: true,
    UploadStarted: true,
    UploadCreated: true,
    UploadAborted: true,
    ObjectsStored: true,
    ObjectsRefused: true,
    SnapshotCreated: true,
    RestorePlanned: true,
    EntriesRestored: true,
    RestoreFinished: true,
    ObjectCopied: true,
    RenamePlanned: true,
    RenameAliased: true,
    RenameSettled: true,
    DeletionPlanned: true,
    ObjectDeleted: true,
    AliasesReleased: true,
    SourceRenamed: true,
    SnapshotForgotten: true,
    Undone: true,
    LogSegmentShipped: true,
    RenamesShipped: true,
    LogCheckpointed: true,
    TakenOver: true,
    IndexRebuilt: true,
    ObjectDiscovered: true,
    ObjectVerified: true,
    ObjectMissing: true,
    ObjectDamaged: true,
    UploadResumed: true,
    RecipientsChanged: true,
    PackStarted: true,
    MembersPacked: true,
    ChunksPacked: true,
    ChunksListed: true,
    PartPrepared: true,
    PackStored: true,
    MembersLost: true,
    PackAborted: true,
    ObjectsAwaited: true,
    WarmUpPlanned: true,
    WarmUpRequested: true,
    ObjectWarm: true,
    RestoredCopyExpired: true,
    StorageClassesFound: true,
    RestoreApproved: true,
    RestoreCancelled: true,
    ObjectHealed: true,
    BatchJobPlanned: true,
    BatchJobCreated: true,
    BatchJobFinished: true,
    DifferencesFound: true,
    LockSet: true,
    LockExtended: true,
  } satisfies Record<EventType, true>,
) as EventType[];

/** `--type`: an event type, in any case. Throws kind "usage". */
export function parseEventType(text: string): EventType {
  const type = EVENT_TYPES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (type !== undefined) return type;
  const near = nearest(text, EVENT_TYPES);
  throw new HoldfastError("usage", `${JSON.stringify(text)} is not an event type`, {
    hint: near === undefined ? `there are: ${EVENT_TYPES.join(", ")}` : `did you mean ${near}?`,
  });
}

/** `--run`: 4 to 32 hex digits, the beginning of a run's id. Throws kind "usage". */
export function parseRunId(text: string): string {
  const id = text.toLowerCase();
  if (/^[0-9a-f]{4,32}$/.test(id)) return id;
  throw new HoldfastError("usage", `${JSON.stringify(text)} is not a run`, {
    hint: "write the first hex digits of its id, as holdfast status and log --json show it",
  });
}
