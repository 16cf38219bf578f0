import { type BatchGroup, batchNeeds } from "../core/batch/batch_needs.ts";
import { allowanceOf, fits, isCovered } from "../core/cold/allowance.ts";
import type { ObjectCount, RestorePlan } from "../core/cold/restore_plan.ts";
import { isSlower, type Tier, TIERS } from "../core/cold/restore_state.ts";
import { newsOf, type Warmth } from "../core/cold/warmth.ts";
import type { RestoreGroup, RestoreQuote } from "../core/cost/quote_restore.ts";
import { tierFor } from "../core/cost/restore_wait.ts";
import type { RestoreJobRow, RestoreObjectRow } from "../core/index/restore_rows.ts";
import type { RestoreModel } from "../ports/restore_model.ts";
import type { WaitedObject, WaitingFiles } from "../ports/waiting_files.ts";
import { isReadable } from "./cold_objects.ts";
import type { ColdDeps } from "./restore_deps.ts";

export interface ApprovalDeps {
  readonly restores: RestoreModel;
  /** undefined: nothing waits. */
  readonly files: WaitingFiles | undefined;
  readonly quote: ColdDeps["quote"];
}

export interface ApprovalOptions {
  readonly job: number;
  readonly resumed: RestoreJobRow | undefined;
  readonly tier: Tier;
  readonly days: number;
  /** A person has named the tier: what is warming at a slower one is asked for again. */
  readonly isTierNamed: boolean;
  /** What is cold is asked for by jobs of S3 Batch Operations. */
  readonly viaBatch: boolean;
  /** To be written in all, and downloads by class. */
  readonly measure: {
    readonly entries: number;
    readonly bytes: number;
    readonly reads: Reads;
  };
  /** Milliseconds since 1970. */
  readonly now: number;
}

type Reads = ReadonlyMap<string, { readonly fetched: number; readonly gets: number }>;

export interface Approval {
  readonly plan: RestorePlan;
  /** Whether the plan needs a person's word. */
  readonly isNeeded: boolean;
  /** Whether an object's request is what the plan is about. */
  readonly includes: (object: WaitedObject) => boolean;
}

/** What a restore is going to ask for that nobody has approved yet, with its price. */
export function approvalOf(deps: ApprovalDeps, options: ApprovalOptions): Approval {
  const { files, quote } = deps;
  const { job, resumed, tier, days, measure } = options;
  const dueOf = dueObjects(deps.restores, options);
  const counts = countObjects(files?.objects() ?? [], dueOf);
  const { asked } = counts;
  const requests = [...counts.groups.values()];
  // Of a resumed restore the first plan had the downloads in its price.
  const priced = resumed === undefined ? withReads(requests, measure.reads) : requests;
  const choices = TIERS.map((tier) => {
    const batch = options.viaBatch ? { batch: batchNeeds(counts.cold.values(), tier) } : {};
    return { tier, quote: quote(priced, { tier, days, ...batch }) };
  });
  const chosen = choices.find((choice) => choice.tier === tier)!.quote;
  // Jobs are paid for each time that they are made, also for what was approved before.
  const isByJobs = options.viaBatch && counts.cold.size > 0;
  const plan: RestorePlan = {
    ...{ job, isResumed: resumed !== undefined, tier, days },
    ...{ entries: measure.entries, bytes: measure.bytes },
    ...{ cold: counts.by.cold, warming: counts.by.warming, warm: counts.by.warm },
    ...{ asked, approved: counts.approved, quote: chosen, choices },
    downloads: resumed === undefined
      ? undefined
      : quote(withReads([], measure.reads), { tier, days }),
  };
  const isAllowed = resumed !== undefined && !isByJobs && !isOther(options) &&
    isWithin(resumed, chosen);
  const includes = (object: WaitedObject) => dueOf(object) === "unapproved";
  return { plan, isNeeded: (asked.objects > 0 || isByJobs) && !isAllowed, includes };
}

/** What was approved by another tier or for other days was approved at another price. */
function isOther({ resumed, tier, days }: ApprovalOptions): boolean {
  return resumed !== undefined && (tier !== resumed.tier || days !== resumed.days);
}

function isWithin(resumed: RestoreJobRow, { total }: RestoreQuote): boolean {
  return fits(total, allowanceOf(resumed));
}

/** Whether it will be asked for, and whether that has yet to be approved. */
type Due = "no" | "approved" | "unapproved";

function dueObjects(
  restores: RestoreModel,
  options: ApprovalOptions,
): (object: WaitedObject) => Due {
  const { job, resumed, tier, isTierNamed, now } = options;

  /** An intent whose request never arrived has used nothing up. */
  function isStillCovered(row: RestoreObjectRow, object: WaitedObject): boolean {
    const warmUp = restores.warmUp(object);
    const news = newsOf(warmUp, { warmth: "cold", expiry: 0 }, now);
    const back = news === "not asked" && warmUp?.job === job ? 1 : 0;
    return isCovered({ allowed: row.allowed, requests: row.requests - back });
  }

  return (object) => {
    const row = resumed === undefined ? undefined : restores.object(job, object);
    if (object.warmth === "warming") {
      const place = tierFor(tier, object.storageClass, object.archive ?? undefined);
      const isFaster = place !== undefined && isSlower(restores.warmUp(object)?.tier, place.tier);
      if (!isFaster) return "no";
      if (row !== undefined && isCovered(row) && !isOther(options)) return "approved";
      return isTierNamed ? "unapproved" : "no";
    }
    if (object.warmth !== "cold") return "no";
    if (row === undefined || isOther(options)) return "unapproved";
    return isStillCovered(row, object) ? "approved" : "unapproved";
  };
}

interface Counts {
  readonly by: Record<Warmth, ObjectCount>;
  asked: ObjectCount;
  approved: ObjectCount;
  /** What has to be approved, by class. */
  readonly groups: Map<string, RestoreGroup>;
  /** What is cold of all that will be asked for: Batch Operations makes nothing faster. */
  readonly cold: Map<string, BatchGroup>;
}

const NONE: ObjectCount = { objects: 0, bytes: 0 };

function countObjects(
  objects: Iterable<WaitedObject>,
  dueOf: (object: WaitedObject) => Due,
): Counts {
  const by = { cold: NONE, warming: NONE, warm: NONE, unknown: NONE };
  const counts: Counts = { by, asked: NONE, approved: NONE, groups: new Map(), cold: new Map() };
  for (const object of objects) {
    if (isReadable(object)) continue;
    by[object.warmth] = more(by[object.warmth], object);
    const due = dueOf(object);
    if (due === "approved") counts.approved = more(counts.approved, object);
    if (due !== "no" && object.warmth === "cold") addToJobs(counts.cold, object);
    if (due !== "unapproved") continue;
    counts.asked = more(counts.asked, object);
    addToGroup(counts.groups, object);
  }
  return counts;
}

function addToGroup(groups: Map<string, RestoreGroup>, object: WaitedObject): void {
  const { name, ...place } = placeOf(object);
  const { objects, bytes } = groups.get(name) ?? NONE;
  groups.set(name, {
    ...{ ...place, objects: objects + 1, bytes: bytes + object.size, fetched: 0, gets: 0 },
  });
}

function addToJobs(groups: Map<string, BatchGroup>, object: WaitedObject): void {
  const { name, ...place } = placeOf(object);
  const { objects, versioned } = groups.get(name) ?? { objects: 0, versioned: 0 };
  const isVersion = object.version === "" ? 0 : 1;
  groups.set(name, { ...place, objects: objects + 1, versioned: versioned + isVersion });
}

function placeOf({ storageClass, archive }: WaitedObject) {
  const name = `${storageClass} ${archive}`;
  return { name, storageClass, ...(archive === null ? {} : { archive }) };
}

function more({ objects, bytes }: ObjectCount, { size }: WaitedObject): ObjectCount {
  return { objects: objects + 1, bytes: bytes + size };
}

function withReads(groups: readonly RestoreGroup[], reads: Reads): RestoreGroup[] {
  const left = new Map(reads);
  const all = groups.map((group) => {
    const read = left.get(group.storageClass);
    left.delete(group.storageClass);
    return { ...group, ...read };
  });
  for (const [storageClass, read] of left) {
    all.push({ storageClass, objects: 0, bytes: 0, ...read });
  }
  return all;
}
