import type { EventType } from "./event.ts";

/**
 * Events that stay on this machine where the history before them is cut: few, and later runs look for
 * them by type. What Object Lock was agreed to, who can open the repository, what AWS was told to do, what
 * was taken back, how each run ended.
 */
export const KEPT_EVENTS: readonly EventType[] = [
  "RepositoryCreated",
  "RecipientsChanged",
  "StoreProbed",
  "LockSet",
  "LockExtended",
  "LogCheckpointed",
  "TakenOver",
  "IndexRebuilt",
  "BatchJobPlanned",
  "BatchJobCreated",
  "BatchJobFinished",
  "Undone",
  "RunFinished",
];
