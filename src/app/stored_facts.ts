import type { StoredEntry } from "../core/event/event.ts";
import { joinPath, type PathText, textOfJson } from "../core/path_text.ts";
import { timeOfIso } from "../core/time_text.ts";
import type { JobLog } from "../ports/event_log.ts";

/** An object as the event that stored it tells. */
export interface StoredFacts {
  readonly storageClass: string;
  /** As stored; undefined where the event has it under another path. */
  readonly bytes: number | undefined;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
}

/**
 * What is known of an object by the position of its event and the path it had; undefined where the log
 * has no such event. The events of a run hold many objects each, in about the order in which they are
 * asked for: the last one is kept.
 */
export function storedFacts(
  log: JobLog,
): (position: number, source: string, path: PathText) => StoredFacts | undefined {
  let last: ReturnType<typeof readEvent> & { position: number } | undefined;
  return (position, source, path) => {
    if (last?.position !== position) {
      const read = readEvent(log, position);
      if (read === undefined) return undefined;
      last = { ...read, position };
    }
    const { storageClass, storedAt, objects } = last;
    const size = last.source === source ? objects.get(path) : undefined;
    return { storageClass, storedAt, bytes: size };
  };
}

function readEvent(log: JobLog, position: number) {
  const [event] = log.events({ from: position, to: position });
  if (event?.type !== "ObjectsStored" && event?.type !== "ObjectCopied") return undefined;
  const { source, class: storageClass, folders } = event.data;
  const objects = new Map<PathText, number>();
  for (const { path, objects: entries } of folders) {
    for (const entry of entries) {
      objects.set(joinPath(textOfJson(path), nameOf(entry)), sizeOf(entry));
    }
  }
  return { source, storageClass, storedAt: timeOfIso(event.at), objects };
}

function nameOf({ name }: StoredEntry): PathText {
  return textOfJson(name);
}

function sizeOf({ size }: StoredEntry): number {
  return Number(size ?? 0);
}
