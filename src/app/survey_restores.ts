import { tierFor } from "../core/cost/restore_wait.ts";
import { type KnownWarmth, warmthKnown, warmthSeen } from "../core/cold/warmth.ts";
import type { RestoreJobRow } from "../core/index/restore_rows.ts";
import type { IndexModel } from "../ports/event_log.ts";
import type { AwaitedRow } from "../ports/restore_model.ts";
import { isHeld } from "./batch_intents.ts";
import { isCurrentVersion } from "./current_version.ts";
import type { WarmthSurvey } from "./survey_warmth.ts";
import type { SurveyedObject } from "./surveyed_object.ts";

/** How a restore stands. Times in milliseconds since 1970, 0 for none. */
export interface RestoreStanding {
  readonly objects: Record<"cold" | "warming" | "warm", number>;
  readonly bytes: Record<"cold" | "warming" | "warm", number>;
  eta: number;
  expiry: number;
  requests: number;
}

export interface StandingOptions {
  /** undefined: by what the log has last heard. */
  readonly survey: WarmthSurvey | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds that a warm-up takes, where the store simulates it. */
  readonly simulatedWait: number | undefined;
  /** Of open Batch jobs (batch_intents.ts): what AWS is to ask for counts as warming. */
  readonly intents: ReadonlySet<number>;
}

/**
 * What a restore waits for, by what the store says now. Nothing is appended: the next run that goes on
 * with it looks again.
 */
export async function standingOf(
  index: IndexModel,
  row: RestoreJobRow,
  options: StandingOptions,
): Promise<RestoreStanding> {
  const standing: RestoreStanding = {
    ...{ objects: { cold: 0, warming: 0, warm: 0 }, bytes: { cold: 0, warming: 0, warm: 0 } },
    ...{ eta: 0, expiry: 0, requests: 0 },
  };
  const { restores } = index;
  const { survey, now } = options;
  if (survey === undefined) {
    for (const awaited of restores.objects(row.job)) {
      const known = warmthKnown(awaited.warmUp, now);
      const warmth = known === "unknown" ? "cold" : known;
      count(standing, awaited, { warmth, expiry: awaited.warmUp?.expiry ?? 0 }, { row, options });
    }
    return standing;
  }
  await survey.ask(surveyed(index, row.job, now), ({ key, version }, seen) => {
    const object = restores.object(row.job, { key, version })!;
    const awaited = { object, warmUp: restores.warmUp({ key, version }) };
    const expiry = seen?.restore?.kind === "warm" ? seen.restore.expiry : 0;
    count(standing, awaited, { warmth: warmthSeen(seen), expiry }, { row, options });
  });
  return standing;
}

function count(
  standing: RestoreStanding,
  { object, warmUp }: AwaitedRow,
  { warmth: seen, expiry }: KnownWarmth,
  { row, options }: { readonly row: RestoreJobRow; readonly options: StandingOptions },
): void {
  const warmth = seen === "cold" && isHeld(warmUp, options.intents) ? "warming" : seen;
  standing.objects[warmth]++;
  standing.bytes[warmth] += object.size;
  standing.requests += object.requests;
  if (warmth === "warming" && warmUp !== undefined && warmUp.askedAt > 0) {
    const place = tierFor(
      warmUp.tier ?? row.tier,
      object.storageClass,
      object.archive ?? undefined,
    );
    const wait = options.simulatedWait ?? place?.wait.atMost ?? 0;
    standing.eta = Math.max(standing.eta, warmUp.askedAt + wait);
  }
  const goes = warmth === "warm" ? expiry || (warmUp?.expiry ?? 0) : 0;
  if (goes > 0) standing.expiry = Math.min(standing.expiry || goes, goes);
}

function* surveyed(index: IndexModel, job: number, now: number): Generator<SurveyedObject> {
  for (const { object, warmUp } of index.restores.objects(job)) {
    yield {
      ...{ ...object, etag: null, warmth: warmthKnown(warmUp, now), look: "closely" },
      isCurrent: isCurrentVersion(index, object),
    };
  }
}
