import type { SeenObject } from "../core/cold/warmth.ts";
import { isKind } from "../core/error.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import { eachInParallel } from "./in_parallel.ts";
import type { SurveyedObject } from "./surveyed_object.ts";

/** An object that a HEAD is to tell of. */
export interface ToHead {
  readonly object: SurveyedObject;
  /** LIST was asked for a restored copy of it, and said nothing. */
  readonly isSilent: boolean;
}

export interface HeadQueue {
  add(one: ToHead): Promise<void>;
  /** The rest; also what no HEAD was to be spent on, where that is little. */
  finish(): Promise<void>;
}

/** HEADs at once. */
const AT_ONCE = 16;
/** Objects that are collected for them. */
const BATCH = 512;
/** So many are looked at each time, also where no HEAD was to be spent on them: it is cents. */
const SPARE = 100;

export function headQueue(
  { store, signal }: { readonly store: ObjectStore; readonly signal: AbortSignal },
  tell: (one: ToHead, seen: SeenObject | undefined) => void,
): HeadQueue {
  let queue: ToHead[] = [];
  const spare: ToHead[] = [];

  async function send(all: readonly ToHead[]): Promise<void> {
    await eachInParallel(all, AT_ONCE, async (one) => {
      signal.throwIfAborted();
      tell(one, await headOf(store, one.object));
    });
  }

  return {
    async add(one) {
      if (one.object.look === "listed") {
        if (spare.length <= SPARE) spare.push(one);
        return;
      }
      queue.push(one);
      if (queue.length < BATCH) return;
      const full = queue;
      queue = [];
      await send(full);
    },
    async finish() {
      await send(queue);
      if (spare.length <= SPARE) await send(spare);
    },
  };
}

/** undefined also where the version is gone. */
async function headOf(
  store: ObjectStore,
  { key, version }: SurveyedObject,
): Promise<SeenObject | undefined> {
  try {
    return await store.head(key, version === "" ? {} : { versionId: version });
  } catch (error) {
    if (isKind(error, "gone")) return undefined;
    throw error;
  }
}
