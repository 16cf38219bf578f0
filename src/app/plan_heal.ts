import { packUploads } from "../core/cost/pack_uploads.ts";
import type { HealPlan } from "../core/cost/price_heal.ts";
import { countUpload, uploadOf, type UploadTally } from "../core/cost/price_upload.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Clock } from "../ports/environment.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { PackOptions } from "./pack_context.ts";
import type { LostEntry } from "./lost_entries.ts";
import { planFees } from "./plan_fees.ts";
import { planItem, type PlanItemOptions } from "./plan_items.ts";

export interface HealPlanDeps {
  readonly log: JobLog;
  readonly clock: Clock;
  readonly store: Pick<ObjectStore, "features">;
}

export interface HealPlanOptions extends PlanItemOptions {
  readonly packs?: Pick<PackOptions, "packSize">;
}

/** Counts entries that are stored again, one by one. */
export interface HealPlanner {
  add(entry: LostEntry): void;
  plan(): HealPlan;
}

export function healPlanner(
  { log, clock, store }: HealPlanDeps,
  options: HealPlanOptions,
): HealPlanner {
  const uploads = new Map<string, UploadTally>();
  const fees = planFees(log, Number(clock.now() / 1_000_000n));
  const { packs } = options;
  // The damaged version stays where versions are kept, and a lost pack is not overwritten.
  const overwrites = packs === undefined && !store.features.versions.works;
  let [entries, bytes] = [0, 0];
  return {
    add(entry) {
      const { item } = entry;
      entries++;
      bytes += entry.bytes;
      if (packs !== undefined) return;
      const { storageClass, requests } = planItem({ log, clock }, options, item);
      countUpload(uploadOf(uploads, storageClass), entry.bytes, requests);
      if (overwrites && !item.isFolder && !entry.isMissing) fees.overwritten(item.row);
    },
    plan: () => ({
      ...{ entries, bytes, early: fees.early() },
      uploads: packs === undefined
        ? [...uploads.values()]
        : packUploads(bytes, { ...options, packSize: packs.packSize }),
    }),
  };
}
