import { type Look, lookDue } from "../core/cold/look_due.ts";
import { type Warmth, warmthKnown, warmthSeen } from "../core/cold/warmth.ts";
import { tierFor } from "../core/cost/restore_wait.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { WaitedObject, WaitingFiles } from "../ports/waiting_files.ts";
import { asFound } from "./cold_objects.ts";
import { isCurrentVersion } from "./current_version.ts";
import { type SurveyDeps, warmthSurvey } from "./survey_warmth.ts";
import type { SurveyedObject } from "./surveyed_object.ts";

export interface LookDeps extends SurveyDeps {
  readonly index: IndexModel;
  /** Milliseconds that a warm-up takes, where the store simulates it. */
  readonly simulatedWait?: number | undefined;
}

/**
 * Asks the store what is warm of the objects that files wait for, and that are in one of these states:
 * one for each process, which remembers when it has looked last.
 */
export function warmthLooks(
  deps: LookDeps,
): (files: WaitingFiles, states: readonly Warmth[]) => Promise<void> {
  const survey = warmthSurvey(deps);
  const started = deps.now();
  let last = started;
  return async (files, states) => {
    const now = deps.now();
    const lookOf = (object: WaitedObject) => lookAt(deps, object, { started, last, now });
    await survey.ask(
      surveyed(deps.index, files.objects(states), { now, lookOf }),
      (object, seen) => {
        const expiry = seen?.restore?.kind === "warm" ? seen.restore.expiry : 0;
        const found = seen === undefined ? object : asFound(object, seen);
        files.setWarmth(found, warmthSeen(seen), expiry);
      },
    );
    if (states.includes("warming")) last = now;
  };
}

/** What was not looked at yet is believed to be as the log has it. */
function* surveyed(
  index: IndexModel,
  objects: Iterable<WaitedObject>,
  { now, lookOf }: { readonly now: number; readonly lookOf: (object: WaitedObject) => Look },
): Generator<SurveyedObject> {
  for (const object of objects) {
    const look = lookOf(object);
    if (look === "not") continue;
    const isKnown = object.warmth !== "unknown";
    const warmth = isKnown ? object.warmth : warmthKnown(index.restores.warmUp(object), now);
    yield { ...object, warmth, look, isCurrent: isCurrentVersion(index, object) };
  }
}

function lookAt(
  { index, simulatedWait }: LookDeps,
  { key, version, storageClass, archive, warmth, expiry }: WaitedObject,
  { started, last, now }: { readonly started: number; readonly last: number; readonly now: number },
): Look {
  const row = index.restores.warmUp({ key, version });
  const place = tierFor(row?.tier ?? "Bulk", storageClass, archive ?? undefined);
  const wait = simulatedWait ?? place?.wait.atMost ?? 0;
  return lookDue({ warmth, from: row?.askedAt || started, wait, expiry }, last, now);
}
