import { HoldfastError } from "../core/error.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import type { ListingKind } from "../core/event/reconcile_events.ts";
import type { LogBase } from "../ports/event_log.ts";
import type { ListedObject } from "../ports/object_store.ts";
import type { FoundObject } from "../ports/work_tables.ts";
import { adoptPacks } from "./adopt_packs.ts";
import type { Adoption } from "./rebuild_log.ts";
import { breather } from "./breather.ts";
import type { CheckDeps } from "./check_context.ts";
import { checkPacked, checkPackedSnapshots } from "./check_packed.ts";
import { historyGone } from "./log_base.ts";
import { readOwnRepository } from "./read_repository.ts";
import { type AdoptedCounts, adoptUnknown } from "./reconcile_adopt.ts";
import type { ReconcileContext } from "./reconcile_context.ts";
import { type DeletedUnknown, deleteUnknown, type DeleteUnknownPlan } from "./reconcile_delete.ts";
import { differences } from "./reconcile_differences.ts";
import { type ExpectedCounts, fillExpected } from "./reconcile_expected.ts";
import { mergeObjects, type ObjectPages } from "./reconcile_merge.ts";
import { tellUnknown, type UnknownCounts } from "./reconcile_unknown.ts";
import { inRun } from "./run.ts";

export interface ReconcileOptions {
  readonly config: string;
  /** Names of the job's sources as the config has them. */
  readonly sources: readonly string[];
  /** Adopts unknown objects that say what they are. */
  readonly adopt: boolean;
  /** Deletes the other unknown ones, where this says yes; undefined: nothing is deleted. */
  readonly acceptDeletions?: (plan: DeleteUnknownPlan) => Promise<boolean>;
  /** A report that is gone by in the place of LIST: its objects in order of their keys. */
  readonly inventory?: () => ObjectPages;
}

export interface ReconcileReport extends ExpectedCounts {
  readonly exitCode: ExitCode;
  readonly by: ListingKind;
  /** Objects that the store or the report has listed. */
  readonly seen: number;
  readonly missing: number;
  readonly damaged: number;
  /** Of these, what healing may undo: of entries as they are now, and packs. */
  readonly healable: { readonly entries: number; readonly packs: number };
  /** Whose version is there under another one. */
  readonly newer: number;
  readonly otherClass: ReadonlyMap<string, number>;
  /** Outside `.holdfast/`, or content, that no entry has and no event has stored. */
  readonly unknown: UnknownCounts;
  /** That no entry has and an event has stored: content of older states. */
  readonly former: number;
  readonly adopted?: AdoptedCounts;
  readonly removed?: DeletedUnknown;
}

/**
 * Compares the index with what the store lists, both in order of their keys, and records what differs:
 * from then on the index is as the store is. Throws kind "gone" where unknown objects are to be
 * deleted and the log here begins behind its first event: nobody knows then what it has stored.
 */
export async function reconcile(
  deps: CheckDeps,
  options: ReconcileOptions,
): Promise<ReconcileReport> {
  const { log, store, environment, shipper } = deps;
  const repository = await readOwnRepository(store, log, deps.recipients);
  const inPacks = repository.layout === "pack";
  if (options.acceptDeletions !== undefined && log.base !== undefined) {
    throw withoutHistory(log.base);
  }
  const by: ListingKind = options.inventory === undefined ? "list" : "inventory";
  const start = {
    ...{ command: "reconcile", config: options.config },
    ...(shipper === undefined ? {} : { shipper }),
  };
  return await inRun(log, environment, start, async (run) => {
    const expected = deps.work.expected();
    const unknown = deps.work.listing();
    try {
      const context: ReconcileContext = {
        ...{ ...deps, run, by, expected, unknown, others: [] },
        breathe: breather(environment.clock, deps.signal),
        found: differences({ log, run, emit: deps.emit, by }),
      };
      const report = await reconcileBy(context, options, inPacks);
      return { result: report, outcome: report.exitCode, totals: totalsOf(report) };
    } finally {
      expected.close();
      unknown.close();
    }
  });
}

function withoutHistory(base: LogBase): HoldfastError {
  const { message, context } = historyGone(base);
  return new HoldfastError("gone", `${message}: what was stored before is not known here`, {
    context,
    hint: "leave --delete-unknown out: without the whole log nobody can tell what is unknown",
  });
}

async function reconcileBy(
  context: ReconcileContext,
  { sources, adopt, acceptDeletions, inventory }: ReconcileOptions,
  inPacks: boolean,
): Promise<ReconcileReport> {
  const { emit, store, found, by } = context;
  emit({ kind: "phase", name: "check" });
  const expected = await fillExpected(context);
  const pages = inventory === undefined ? listed(store.list("")) : inventory();
  const { seen, strangers, faults } = await mergeObjects(context, pages, expected);
  const unknown = strangers === 0 ? { objects: 0, bytes: 0 } : await tellUnknown(context);
  const adopted = adopt ? await adoptAll(context, sources, inPacks) : undefined;
  // What an adopted pack has is not missed.
  if (inPacks) {
    const { named } = await checkPacked(context, faults);
    if (faults.size > 0) await checkPackedSnapshots(context, faults, named);
  }
  const removed = acceptDeletions === undefined
    ? undefined
    : await deleteUnknown(context, acceptDeletions);
  const { missing, damaged, newer, otherClass, ofEntries, ofPacks } = found;
  return {
    ...{ ...expected, by, seen, missing, damaged, newer, otherClass, unknown },
    former: strangers - unknown.objects,
    healable: { entries: ofEntries, packs: ofPacks },
    ...(adopted === undefined ? {} : { adopted }),
    ...(removed === undefined ? {} : { removed }),
    exitCode: worstExitCode([
      missing + damaged > 0 ? EXIT.damage : EXIT.done,
      (removed?.failed ?? 0) > 0 ? EXIT.entries : EXIT.done,
    ]),
  };
}

async function* listed(pages: AsyncIterable<ListedObject[]>): AsyncGenerator<FoundObject[]> {
  yield* pages;
}

/** In the pack layout it is pack indexes that say what is there. */
async function adoptAll(
  context: ReconcileContext,
  sources: readonly string[],
  inPacks: boolean,
): Promise<AdoptedCounts> {
  if (!inPacks) return await adoptUnknown(context, sources);
  const { log, environment } = context;
  const { position } = log.head();
  const tables = context.work.adoption();
  try {
    const deps = {
      ...context,
      sources,
      clock: environment.clock,
      tables: { adoption: () => tables },
    };
    return await adoptFromIndexes(
      context,
      await adoptPacks(deps)({ log, position, layout: "pack" }),
    );
  } finally {
    tables.close();
  }
}

async function adoptFromIndexes(
  { log, run, emit }: ReconcileContext,
  adoption: Adoption | undefined,
): Promise<AdoptedCounts> {
  const { position } = log.head();
  const none: AdoptedCounts = { objects: 0, bytes: 0, left: new Map() };
  if (adoption === undefined) return none;
  if (adoption.next > position + 1) {
    return { ...none, left: new Map([["written by a log that is ahead of this one", 1]]) };
  }
  const { objects, missing, unknown } = await adoption.append(log, run);
  for (const text of [...missing, ...unknown]) emit({ kind: "notice", text });
  return { ...none, objects };
}

function totalsOf(report: ReconcileReport): Record<string, string> {
  const { objects, seen, missing, damaged, newer, unknown, former, adopted, removed } = report;
  const counts = {
    ...{ objects, seen, missing, damaged, newer, unknown: unknown.objects, former },
    ...(adopted === undefined ? {} : { adopted: adopted.objects }),
    ...(removed === undefined ? {} : { deleted: removed.deleted }),
  };
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, `${count}`]));
}
