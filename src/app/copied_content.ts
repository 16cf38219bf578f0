import { copyOf } from "../core/event/copy_of.ts";
import type { EventData, LoggedEvent, ObjectContent } from "../core/event/event.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import { joinPath, textOfJson } from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Notes } from "../ports/work_tables.ts";

/**
 * Where content has been copied to: in a store without versions an older state finds what it had
 * under a key that a rename has freed since, or that `heal` has stored again. It is looked for by key
 * and by the position that stored it, so that what came under the same key later is another thing.
 */
export interface CopiedContent {
  /** Copies of an object and copies of these, newest first. The log is read when first asked. */
  of(key: string, stored: number): Promise<readonly ObjectContent[]>;
  close(): void;
}

export interface CopyLog {
  readonly log: JobLog;
  /** Copies from this position on are known. */
  readonly from: number;
  readonly notes: () => Notes;
  readonly breathe: () => Promise<void> | undefined;
}

export function copiedContent({ log, from, notes, breathe }: CopyLog): CopiedContent {
  let copies: Notes | undefined;
  let read: Promise<void> | undefined;

  async function readLog(into: Notes): Promise<void> {
    for (const type of ["ObjectsStored", "ObjectCopied"] as const) {
      for (const event of log.events({ from, type })) {
        if (event.type === type) noteCopies(into, event as LoggedEvent<typeof type>);
        const pause = breathe();
        if (pause !== undefined) await pause;
      }
    }
    for (const event of log.events({ from, type: "ObjectHealed" })) {
      if (event.type === "ObjectHealed") noteHealed(into, event.data);
    }
  }

  return {
    async of(key, stored) {
      read ??= readLog(copies = notes());
      await read;
      return follow(copies!, key, stored);
    },
    close: () => copies?.close(),
  };
}

function follow(copies: Notes, key: string, stored: number): ObjectContent[] {
  // Each copy is stored by a later event than what it is of: there is no circle.
  const found = copiesIn(copies, key, stored);
  for (const copy of found) found.push(...copiesIn(copies, copy.key, copy.stored));
  return found.sort((a, b) => b.stored - a.stored);
}

function copiesIn(copies: Notes, key: string, stored: number): ObjectContent[] {
  return JSON.parse(copies.get(nameOf(key, stored)) ?? "[]");
}

function nameOf(key: string, stored: number): string {
  return `${Math.abs(stored)} ${key}`;
}

function noteCopies(
  copies: Notes,
  { type, position: stored, data }: LoggedEvent<"ObjectsStored" | "ObjectCopied">,
): void {
  const { source, class: storageClass, folders } = data;
  for (const { path, objects } of folders) {
    for (const object of objects) {
      const { name, version, etag, sha256, header } = object;
      const former = copyOf(type, object);
      if (former === undefined || object.type === "folder") continue;
      const { key: from, stored: was } = former;
      const own = joinPath(textOfJson(path), textOfJson(name));
      const copy: ObjectContent = {
        stored,
        key: object.key ?? keyOfPath(source, own, false),
        ...(version === undefined ? {} : { version }),
        ...{ etag },
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(storageClass === "STANDARD" ? {} : { class: storageClass }),
        since: object.since ?? was,
        ...(header === undefined ? {} : { header }),
      };
      noteCopy(copies, nameOf(from, was), copy);
    }
  }
}

/** What was lost is where `heal` has stored it again. */
function noteHealed(copies: Notes, { objects }: EventData["ObjectHealed"]): void {
  for (const { from, lost, content } of objects) {
    if (from !== undefined && content !== undefined) noteCopy(copies, nameOf(from, lost), content);
  }
}

function noteCopy(copies: Notes, name: string, copy: ObjectContent): void {
  copies.set(name, JSON.stringify([...JSON.parse(copies.get(name) ?? "[]"), copy]));
}
