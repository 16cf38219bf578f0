import type { Pricing } from "../core/cost/price_storage.ts";
import { displayPath, jsonOfText } from "../core/path_text.ts";
import type { PruneItem, PrunePlan } from "../core/plan/prune_plan.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "./count_text.ts";
import { earlyText } from "./early_text.ts";
import { heldText } from "./lock_text.ts";
import type { StepRecord } from "./records.ts";

const REASON = "no kept snapshot and no entry needs it";

/** `prune --dry-run`: what would be deleted, one by one. */
export function pruneStepLines({ steps, further }: PrunePlan): string[] {
  return [
    ...steps.map(stepLine),
    ...(further > 0 ? [`and ${further} more`] : []),
  ];
}

function stepLine({ key, version, bytes, storageClass }: PruneItem): string {
  const which = version === undefined ? "" : ` version ${version}`;
  const where = storageClass === "STANDARD" ? "" : ` of ${storageClass}`;
  return `delete ${displayPath(key)}${which} (${formatSize(bytes)}${where})`;
}

export function pruneStepRecord({ path, key, version, bytes }: PruneItem): StepRecord {
  return {
    ...{ record: "step", action: "delete", path: jsonOfText(path), key },
    ...(version === undefined ? {} : { version }),
    ...{ size: bytes, reason: REASON },
  };
}

/** The plan in a few lines: counts, bytes, requests, and what early deletion costs. */
export function prunePlanLines(
  { objects, bytes, requests, early, held }: PrunePlan,
  pricing: Pricing,
): string[] {
  const locked = held === undefined ? [] : [heldText(held)];
  if (objects === 0) {
    const why = held === undefined
      ? "kept snapshots or entries need it all"
      : "locks keep the rest";
    return [`plan: nothing to delete: ${why}`, ...locked];
  }
  return [
    ...locked,
    `plan: delete ${counted(objects, "object")} or versions, ${formatSize(bytes)}: ${REASON}`,
    `cost: ${counted(requests, "DELETE request")} (free on AWS)` +
    (early.length === 0 ? "" : ", and early deletion:"),
    ...early.map((sum) => `  ${earlyText(sum, pricing)}`),
  ];
}
