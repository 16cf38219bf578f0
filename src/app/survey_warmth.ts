import type { SeenObject } from "../core/cold/warmth.ts";
import { isCold } from "../core/cost/restore_wait.ts";
import type { ListedObject, ObjectStore } from "../ports/object_store.ts";
import type { ColdObject } from "../ports/waiting_files.ts";
import { headQueue } from "./head_queue.ts";
import { listNeighbours } from "./list_neighbours.ts";
import type { SurveyedObject, TellSeen } from "./surveyed_object.ts";

/** Asks a store which objects are warm. One for each process: what the store can is remembered. */
export interface WarmthSurvey {
  /** The objects come in byte order of their keys. */
  ask(objects: Iterable<SurveyedObject>, tell: TellSeen): Promise<void>;
}

export interface SurveyDeps {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * By pages of LIST, where the store tells there what is being restored (ListObjectsV2
 * OptionalObjectAttributes=RestoreStatus) and a page tells of many; else by HEAD. That something is
 * cold which was believed to be warming or warm, HEAD confirms.
 */
export function warmthSurvey(deps: SurveyDeps): WarmthSurvey {
  const { store, signal, now } = deps;
  /** HEAD has told of a restored copy that LIST was silent about. */
  let isListSilent = false;
  // Intelligent-Tiering's archive tiers show in HEAD alone.
  const isToBeListed = ({ isCurrent, archive }: SurveyedObject) =>
    !isListSilent && isCurrent && archive === null;

  return {
    async ask(objects, tell) {
      const heads = headQueue(deps, ({ object, isSilent }, seen) => {
        if (isSilent && seen?.restore !== undefined) isListSilent = true;
        tell(object, seen);
      });
      for await (const [object, found] of listNeighbours(store, objects, isToBeListed)) {
        signal.throwIfAborted();
        const listed = found !== undefined && isSame(object, found) ? found : undefined;
        const seen = listed && seenIn(listed, object, now());
        if (seen !== undefined) tell(object, seen);
        else await heads.add({ object, isSilent: listed !== undefined && !("restore" in listed) });
      }
      await heads.finish();
    },
  };
}

/** Another content is another object, whatever its version. */
function isSame({ etag }: ColdObject, listed: ListedObject): boolean {
  return etag === null || listed.etag === etag;
}

/** AWS: Intelligent-Tiering moves into its archive tiers what nobody has read for so long, at least. */
const UNREAD = 90 * 24 * 3_600_000;

/** What LIST says of an object; undefined where that is not enough. */
function seenIn(
  { storageClass, restore, lastModified }: ListedObject,
  { warmth }: SurveyedObject,
  now: number,
): SeenObject | undefined {
  if (restore != null) return { storageClass, restore };
  if (storageClass === "INTELLIGENT_TIERING") {
    return now - lastModified < UNREAD ? { storageClass } : undefined;
  }
  if (!isCold(storageClass)) return { storageClass };
  return restore === null && warmth === "cold" ? { storageClass } : undefined;
}
