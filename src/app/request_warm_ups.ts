import { usdDigits } from "../core/cold/billionths.ts";
import { NO_CAPACITY, NOT_ARCHIVED } from "../core/cold/restore_refusals.ts";
import type { Tier } from "../core/cold/restore_state.ts";
import { HoldfastError, isKind, messageOf } from "../core/error.ts";
import { BATCH_BYTES, BATCH_ENTRIES } from "../core/event/event.ts";
import { jsonBytes } from "../core/event/json_bytes.ts";
import type { ArchivedObject, WarmUpAnswer } from "../core/event/restore_events.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { ColdObject } from "../ports/waiting_files.ts";
import type { Denials } from "./denied_objects.ts";
import { eachInParallel } from "./in_parallel.ts";
import { pace } from "./pace.ts";
import type { LogShipper } from "./ship_log.ts";

export interface WarmUpDeps {
  readonly log: JobLog;
  readonly store: ObjectStore;
  readonly shipper: LogShipper;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Requests a second (AWS: 1,000 for each account and region). */
  readonly rate: number;
}

/** Objects of one tier, up to BATCH_ENTRIES of them. */
export interface WarmUpBatch {
  readonly job: number;
  readonly tier: Tier;
  /** Left out for Intelligent-Tiering, whose objects stay warm (AWS: Days is an error then). */
  readonly days: number | undefined;
  readonly objects: readonly PricedObject[];
}

export interface PricedObject {
  readonly object: ColdObject;
  /** Billionths of a dollar that the quote does not cover. */
  readonly cost: number;
}

export interface WarmUpOutcome {
  /** Not asked for, because the service has no capacity for the tier now. */
  readonly refused: readonly ColdObject[];
  /** Not asked for, because the store does not let this one be asked for. */
  readonly denied: readonly ColdObject[];
  /** Not what was thought of them: gone, or of no archive class. */
  readonly doubtful: readonly ColdObject[];
  readonly warmed: readonly ColdObject[];
}

/** Requests at once. */
const AT_ONCE = 16;

/** As many as go into one intent. */
export function batchOf<Item extends { readonly object: ColdObject }>(
  items: readonly Item[],
): Item[] {
  let bytes = 0;
  const end = items.findIndex(({ object }, i) => {
    bytes += jsonBytes(archived(object));
    return i >= BATCH_ENTRIES || (i > 0 && bytes > BATCH_BYTES);
  });
  return items.slice(0, end < 0 ? items.length : end);
}

interface Answered {
  readonly answer: WarmUpAnswer | "accepted";
  readonly reason?: string;
}

/** What came back so far. What is in none of them was not asked for. */
interface Outcome {
  readonly answers: Map<ColdObject, Answered>;
  readonly refused: ColdObject[];
  readonly denied: ColdObject[];
  readonly doubtful: ColdObject[];
}

/**
 * Asks for each object once: intent, ship, requests, outcome, ship. What stops it (network, rights,
 * a signal) is thrown after the outcome is in the log; what had no answer is "unknown" there, and the
 * next look at the store tells. Where the log cannot be shipped nothing is asked for.
 */
export async function requestWarmUps(
  deps: WarmUpDeps & { readonly denials: Denials },
  run: string,
  batch: WarmUpBatch,
): Promise<WarmUpOutcome> {
  const { log, shipper } = deps;
  const outcome: Outcome = { answers: new Map(), refused: [], denied: [], doubtful: [] };
  const intent = log.append(run, [plannedWarmUp(batch)], { durable: true });
  let failure = await shipper.ship().then(() => undefined, notRecorded);
  failure ??= await askForAll(deps, batch, outcome).then(() => undefined, (error) => error);
  log.append(run, [requested(batch, intent, outcome.answers)], { durable: true });
  if (failure !== undefined) {
    // What stopped it is what is told.
    await shipper.ship().catch(() => {});
    throw failure;
  }
  await shipper.ship();
  const warmed = batch.objects.map(({ object }) => object)
    .filter((object) => outcome.answers.get(object)?.answer === "warm");
  return { ...outcome, warmed };
}

const AS_GUEST = "or restore as a machine that does not write the job, by `--state` with a file " +
  "that is not there: its repeated command asks the store what is warming";

/** A process that is lost with its disk would leave no trace of what it has paid for. */
function notRecorded(error: unknown): unknown {
  if (!(error instanceof HoldfastError)) return error;
  const { kind, message, context, hint } = error;
  const text = "restored copies are not asked for: the log, which goes before paid requests, " +
    `cannot be shipped: ${message}`;
  const hints = [hint, kind === "denied" ? AS_GUEST : undefined].filter((one) => one !== undefined);
  return new HoldfastError(kind, text, {
    context,
    ...(hints.length === 0 ? {} : { hint: hints.join("; ") }),
    cause: error,
  });
}

async function askForAll(
  deps: WarmUpDeps & { readonly denials: Denials },
  batch: WarmUpBatch,
  outcome: Outcome,
): Promise<void> {
  const { store, environment, signal, rate, denials } = deps;
  const { answers, refused, denied, doubtful } = outcome;
  const turn = pace(rate, environment.clock, signal);
  await eachInParallel(batch.objects, AT_ONCE, async ({ object }) => {
    if (refused.length > 0) return void refused.push(object);
    await turn();
    // Until there is an answer nobody knows.
    answers.set(object, { answer: "unknown" });
    try {
      answers.set(object, { answer: await ask(store, object, batch) });
      denials.allowed();
    } catch (error) {
      const reason = messageOf(error);
      const isAnswer = isKind(error, "gone", "refused", "denied");
      answers.set(object, { answer: isAnswer ? "not asked" : "unknown", reason });
      if (!isAnswer) throw error;
      if (error.context.code === NO_CAPACITY) refused.push(object);
      else if (isItsOwn(error)) doubtful.push(object);
      else if (denials.note(object, error)) denied.push(object);
      else throw error;
    }
  });
}

async function ask(
  store: ObjectStore,
  { key, version }: ColdObject,
  { tier, days }: WarmUpBatch,
): Promise<WarmUpAnswer | "accepted"> {
  const answer = await store.requestRestore(
    version === "" ? { key } : { key, versionId: version },
    { tier, ...(days === undefined ? {} : { days }) },
  );
  return answer === "extended" ? "warm" : answer;
}

/** It is about this object alone. */
function isItsOwn({ kind, context }: HoldfastError): boolean {
  return kind === "gone" || NOT_ARCHIVED.has(String(context.code));
}

export function plannedWarmUp({ job, tier, days, objects }: WarmUpBatch) {
  const cost = objects.reduce((sum, object) => sum + object.cost, 0);
  return {
    type: "WarmUpPlanned" as const,
    data: {
      ...{ job, tier },
      ...(days === undefined ? {} : { days }),
      objects: objects.map(({ object }) => archived(object)),
      ...(cost === 0 ? {} : { cost: usdDigits(cost) }),
    },
  };
}

function requested(
  { job, objects }: WarmUpBatch,
  intent: number,
  answers: ReadonlyMap<ColdObject, Answered>,
) {
  let unspent = 0;
  const others = objects.flatMap(({ object, cost }) => {
    const { answer, reason } = answers.get(object) ?? { answer: "not asked" as const };
    if (answer === "accepted") return [];
    // What is under way somebody else has paid for.
    if (answer === "not asked" || answer === "under way") unspent += cost;
    return [{ ...archived(object), answer, ...(reason === undefined ? {} : { reason }) }];
  });
  return {
    type: "WarmUpRequested" as const,
    data: {
      ...{ job, intent },
      ...(others.length === 0 ? {} : { others }),
      ...(unspent === 0 ? {} : { unspent: usdDigits(unspent) }),
    },
  };
}

export function archived({ key, version }: Pick<ColdObject, "key" | "version">): ArchivedObject {
  return version === "" ? { key } : { key, version };
}
