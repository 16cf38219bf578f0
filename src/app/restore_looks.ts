import type { Warmth } from "../core/cold/warmth.ts";
import type { BatchFollowing } from "./batch_following.ts";
import { awaitObjects } from "./await_objects.ts";
import { warmthLooks } from "./look_at_warmth.ts";
import { noteWarmth } from "./note_warmth.ts";
import type { PreparedRestore } from "./prepare_restore.ts";
import { requestCost } from "./restore_requests.ts";
import type { RestoreSetting } from "./restore_setting.ts";

/** What the store says of the objects that a restore waits for. */
export interface RestoreLooks {
  /** Asks the store about objects of which this is believed. */
  look(...states: Warmth[]): Promise<void>;
  /** After Batch jobs have ended: what these did not ask for is looked at anew. */
  release(): void;
  /** Appends what files have come to wait for, and what the looks have told. */
  note(run: string): void;
}

export function restoreLooks(
  { deps, waiting }: PreparedRestore,
  { job, tier, price, now }: RestoreSetting,
  following: BatchFollowing,
): RestoreLooks {
  const { log } = deps;
  const { restores } = log.index;
  const { store, signal, cold: { simulatedWait } } = deps;
  const lookAt = warmthLooks({ store, signal, now, index: log.index, simulatedWait });
  let isLooked = false;
  return {
    async look(...states) {
      const { files } = waiting;
      if (files === undefined) return;
      // What a job was made for since then is not warm yet.
      if (isLooked) following.hold(files, ["unknown"]);
      isLooked = true;
      await lookAt(files, states);
      following.hold(files, ["cold"]);
    },
    release() {
      if (waiting.files !== undefined) following.release(waiting.files);
    },
    note(run) {
      const { files } = waiting;
      if (files === undefined) return;
      awaitObjects(log, run, { job, files, isNew: false, isQuoted: () => false });
      noteWarmth(log, run, files, {
        ...{ job, now: now() },
        costOf(object, row) {
          const known = restores.object(row.job, object);
          const wasCovered = known === undefined || known.requests <= known.allowed;
          return wasCovered ? 0 : requestCost(price, object, row.tier ?? tier) ?? 0;
        },
      });
    },
  };
}
