import type { EventData, ObjectContent } from "../core/event/event.ts";
import { keyOfPath } from "../core/mirror/object_key.ts";
import { joinPath, textOfJson } from "../core/path_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Notes } from "../ports/work_tables.ts";

/**
 * Where content has been copied to: in a store without versions an older state finds what it had
 * under a key that a rename has freed since. It is looked for by key and by the position that
 * stored it, so that what came under the same key later is another thing.
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
    for (const event of log.events({ from, type: "ObjectCopied" })) {
      if (event.type === "ObjectCopied") noteCopies(into, event.position, event.data);
      const pause = breathe();
      if (pause !== undefined) await pause;
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
  stored: number,
  { source, class: storageClass, folders }: EventData["ObjectCopied"],
): void {
  for (const { path, objects } of folders) {
    for (const object of objects) {
      const { name, from, was, version, etag, sha256, header } = object;
      if (from === undefined || was === undefined || object.type === "folder") continue;
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
      copies.set(nameOf(from, was), JSON.stringify([...copiesIn(copies, from, was), copy]));
    }
  }
}
