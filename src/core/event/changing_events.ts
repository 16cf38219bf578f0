import type { EventType } from "./event.ts";

/** Only these change what a tree looks like, or where its content is. */
export const CHANGING_EVENTS = [
  "EntriesObserved",
  "ObjectsStored",
  "ObjectCopied",
  "ObjectDeleted",
  "MembersPacked",
  "MembersLost",
  "SourceRenamed",
] as const satisfies readonly EventType[];
