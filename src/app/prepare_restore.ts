import { HoldfastError } from "../core/error.ts";
import { unpackStat } from "../core/stat_record.ts";
import type { PackModel } from "../ports/pack_model.ts";
import { breather } from "./breather.ts";
import { mayBeArchived } from "./cold_objects.ts";
import { contentOpener } from "./open_content.ts";
import { packReader } from "./pack_reader.ts";
import { planRestore, type RestoreMeasure } from "./plan_restore.ts";
import { proveColdKeys } from "./prove_cold_keys.ts";
import type { ReadState } from "./read_state.ts";
import { faultyPacks } from "./read_elsewhere.ts";
import { readRepositoryOf } from "./read_repository.ts";
import type { RestoreDeps, RestoreOptions } from "./restore_deps.ts";
import type { FileDeps } from "./restore_file.ts";
import { restoreItems, type Selection } from "./restore_items.ts";
import { firstEncrypted } from "./restore_packed.ts";
import { restoreShipper } from "./restore_shipper.ts";
import { type RestoreWaiting, restoreWaiting } from "./restore_waiting.ts";
import { isSealed, sealedObjects } from "./sealed_objects.ts";

export type OpenDeps = RestoreDeps & Omit<FileDeps, "copies"> & {
  readonly breathe: () => Promise<void> | undefined;
};

/** A restore of which everything is known that the index and the target tell. */
export interface PreparedRestore {
  readonly deps: OpenDeps;
  readonly options: RestoreOptions;
  readonly measure: Pick<RestoreMeasure, "entries" | "bytes" | "reads">;
  readonly waiting: RestoreWaiting;
  close(): void;
}

/**
 * Proves the identities, opens the target and finds what has to be waited for. Throws kind "usage"
 * where nothing is selected, "key" where no identity opens what is encrypted: before the target is
 * made.
 */
export async function prepareRestore(
  deps: RestoreDeps,
  options: RestoreOptions,
): Promise<PreparedRestore> {
  const { log, environment, store, hashing, identities, contents } = deps;
  const { state, selection, overwrite, resume, warmUp } = options;
  const repository = await readRepositoryOf(store, log);
  const total = measureRestore(state, selection);
  checkSelected(options, total.entries);
  const breathe = breather(environment.clock, deps.signal);
  const packs = packReader({
    ...{ store, hashing, identities, packs: contents, breathe },
    replaced: faultyPacks(deps.emit),
  });
  const encrypted = firstEncrypted(contents, state.index, selection);
  if (encrypted !== undefined) await packs.prove(encrypted);
  const opener = contentOpener({ store, identities });
  if (total.sealed > 0) await opener.prove(sealedObjects(state.index, selection));
  const shipper = restoreShipper(deps, repository);
  const target = deps.openTarget();
  const { restores } = log.index;
  const placed = { packs: contents, restores };
  const waiting = restoreWaiting(() => deps.work.waiting(), placed);
  const close = () => {
    waiting.close();
    target.close();
  };
  try {
    const isLimited = warmUp?.maxCost !== undefined || warmUp?.budget !== undefined;
    const isPlanned = resume !== undefined || isLimited || total.isCold ||
      hasColdPacks(contents) || restores.hasFoundClasses() || isCharged(deps.cold, total);
    const measure = isPlanned
      ? await planRestore(
        { contents: placed, hashing, target, breathe },
        {
          ...{ state, selection, overwrite, isResumed: resume !== undefined },
          isAwaited: (object) =>
            mayBeArchived(object.storageClass) ||
            (resume !== undefined && restores.object(resume, object) !== undefined),
        },
        (item, objects) => waiting.add(item, objects),
      )
      : { ...total, reads: new Map() };
    const isSealed = total.sealed > 0 || encrypted !== undefined;
    if (isSealed && waiting.files !== undefined) {
      await proveColdKeys({ store, identities }, log.index, waiting.files);
    }
    const opened = { ...deps, packs, opener, target, shipper, breathe };
    return { deps: opened, options, measure, waiting, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Counts what a restore would write, and how much of it is in encrypted objects of the mirror. */
export function measureRestore(state: ReadState, selection: Selection) {
  let [entries, bytes, sealed, isAnyCold] = [0, 0, 0, false];
  for (const item of restoreItems(state.index, selection)) {
    entries++;
    if (item.kind === "folder") continue;
    bytes += Number(unpackStat(item.row.stat).size);
    if (isSealed(item.row)) sealed++;
    isAnyCold ||= mayBeArchived(item.row.content.storageClass ?? "STANDARD");
  }
  return { entries, bytes, sealed, isCold: isAnyCold };
}

function hasColdPacks(packs: PackModel): boolean {
  for (const { stored, storageClass } of packs.all()) {
    if (stored > 0 && mayBeArchived(storageClass)) return true;
  }
  return false;
}

/** Whether downloads have a price at all: a folder has none, and nothing is counted for it. */
function isCharged(
  { quote }: RestoreDeps["cold"],
  { entries, bytes }: Pick<RestoreMeasure, "entries" | "bytes">,
): boolean {
  const all = { storageClass: "STANDARD", objects: 0, bytes: 0, fetched: bytes, gets: entries };
  return quote([all], { tier: "Bulk", days: 1 }).total.usd > 0;
}

function checkSelected({ selection, state }: RestoreOptions, entries: number): void {
  if (entries > 0 || (selection.paths.length === 0 && selection.include === undefined)) return;
  throw new HoldfastError("usage", `nothing in ${state.label} matches what was asked for`, {
    hint: "`holdfast ls` prints the paths as they are to be written",
  });
}
