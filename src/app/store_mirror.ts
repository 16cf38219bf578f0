import type { EntryRow } from "../core/index/rows.ts";
import type { JobLog } from "../ports/event_log.ts";
import {
  type DeleteContext,
  executeDeletions,
  planRemovedDeletions,
  removedObjects,
} from "./delete_objects.ts";
import { earlyFees } from "./early_fees.ts";
import { type OpenRename, openRenames, type RenameOptions } from "./open_renames.ts";
import { type GroupOptions, renamedGroups, type SettledGroup } from "./renamed_groups.ts";
import { settleRenames } from "./settle_renames.ts";
import type { StoreContext } from "./store_context.ts";
import { storeEntries, storeMoved } from "./store_entries.ts";
import { warmTest } from "./warm_renames.ts";
import {
  finishWarmUps,
  type RenameWarmUp,
  type RenameWarmUps,
  renameWarmUps,
  type WarmUpSetting,
} from "./warm_up_renames.ts";

export interface MirrorDeps extends Omit<RenameWarmUp, "warmUp"> {
  /** For `archived_renames = "copy"`: without it those renames wait. */
  readonly warmUp?: WarmUpSetting;
}

export interface MirrorOptions {
  readonly renames: RenameOptions;
  /** Bytes of a part of an upload. */
  readonly partSize: number;
  /** Position before the run. */
  readonly before: number;
  /** Sources whose entries that are gone lose their objects, too. */
  readonly deleteIn: ReadonlySet<string>;
}

/** Stores what the scans have found in the mirror layout, and brings what was moved to its place. */
export async function storeInMirror(
  context: StoreContext,
  deps: MirrorDeps,
  options: MirrorOptions,
): Promise<void> {
  const { renames, before, deleteIn } = options;
  const { log, run } = context;
  tellEarly(deps, options);
  await storeMoved(context);
  const warmUps = warmUpsOf(context, deps, options);
  const settle = (last: boolean) => {
    const isWarm = (row: EntryRow) => warmUps?.isWarm(row) ?? false;
    return settleRenames(context, { ...renames, isWarm, last, ship: () => deps.shipper.ship() });
  };
  try {
    await warmUps?.look();
    await settle(false);
    await storeEntries(context, before);
    // Nothing that is asked for keeps a backup from being whole.
    await warmUps?.ask();
    await settle(true);
  } finally {
    warmUps?.close();
  }
  context.totals.held = warmUps?.held() ?? 0;
  finishWarmUps(log, run, openRenames(log.index, renames));
  if (deleteIn.size > 0) planRemovedDeletions(context, deleteIn);
  await executeDeletions(deletionContext(context, deps));
}

/** What a run that was cut off had decided about renames and deletions. */
export async function finishMirror(
  context: StoreContext,
  deps: MirrorDeps,
  renames: RenameOptions,
): Promise<void> {
  // Archived copies have their turn later, once it is known what they cost.
  const isWarm = () => false;
  const ship = () => deps.shipper.ship();
  await settleRenames(context, { ...renames, isWarm, ship, last: false });
  await executeDeletions(deletionContext(context, deps));
}

export function deletionContext(
  context: StoreContext,
  { store, shipper }: Pick<MirrorDeps, "store" | "shipper">,
): DeleteContext {
  return { ...context, store, ship: () => shipper.ship() };
}

function warmUpsOf(
  { batch, run }: StoreContext,
  { warmUp, ...deps }: MirrorDeps,
  { renames, partSize }: MirrorOptions,
): RenameWarmUps | undefined {
  if (warmUp === undefined || renames.archived !== "copy") return undefined;
  return renameWarmUps({ ...deps, warmUp }, run, {
    ...{ partSize, versions: renames.versions },
    renames() {
      batch.flush();
      return openRenames(deps.log.index, renames);
    },
  });
}

/** How much the renames have to do, at the time `now` (milliseconds since 1970). */
export function groupsNow(
  log: JobLog,
  renames: Iterable<OpenRename>,
  options: Pick<GroupOptions, "partSize" | "now" | "versions">,
): SettledGroup[] {
  return renamedGroups(log, renames, { ...options, isWarm: warmTest(log.index, options.now) });
}

/** In a run of its own a plan would have said it. Of what is to be warm it is told once it is. */
function tellEarly(
  { log, store, environment: { clock }, tellEarly }: MirrorDeps,
  { renames, partSize, before, deleteIn }: MirrorOptions,
): void {
  const now = Number(clock.now() / 1_000_000n);
  const { versions } = renames;
  const groups = groupsNow(log, openRenames(log.index, renames), { partSize, versions, now });
  const early = earlyFees(log, store, {
    deletions: deleteIn.size > 0 ? removedObjects(log.index, deleteIn) : [],
    renamed: groups.filter(({ way, isAsked }) => way !== "warm-up" && isAsked !== true),
    ...{ before, now },
  });
  if (early.length > 0) tellEarly?.(early);
}
