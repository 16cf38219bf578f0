import { displayPath, jsonOfText } from "../core/path_text.ts";
import { moneyText } from "../core/cost/money_text.ts";
import { priceEarlyPack } from "../core/cost/price_packs.ts";
import type { Pricing } from "../core/cost/price_storage.ts";
import { heldPacks, type PackPlan, type PackStep } from "../core/plan/pack_plan.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "./count_text.ts";
import { heldText } from "./lock_text.ts";
import type { StepRecord } from "./records.ts";

type Steps = Omit<PackPlan, "left">;

const ACTIONS = { delete: "delete", repack: "pack again", merge: "merge" } as const;

/** `--dry-run`: what would be done, pack by pack. */
export function packStepLines({ steps }: Steps, reason: string): string[] {
  return steps.map((step) => {
    const { action, pack: { key, bytes, storageClass } } = step;
    const where = storageClass === "STANDARD" ? "" : ` of ${storageClass}`;
    const why = reasonOf(step, reason);
    return `${ACTIONS[action]} ${displayPath(key)} (${formatSize(bytes)}${where}): ${why}`;
  });
}

export function packStepRecord(step: PackStep, reason: string): StepRecord {
  const { action, pack: { key, bytes }, chargedDays } = step;
  return {
    ...{ record: "step", action, path: jsonOfText(""), key, size: bytes },
    ...{ reason: reasonOf(step, reason), charged_days: chargedDays ?? null },
  };
}

/** `reason`: why packs are deleted. */
function reasonOf({ action, pack: { dead, plain }, move }: PackStep, reason: string): string {
  const moved = moveText(move);
  switch (action) {
    case "delete":
      return reason;
    case "repack":
      return `${Math.round(100 * dead / Math.max(1, plain))} % of it is dead${moved}`;
    case "merge":
      return `it is small${moved}`;
  }
}

function moveText({ fromSource, fromStore }: Pick<Steps, "fromSource" | "fromStore">): string {
  const parts = [
    ...(fromSource > 0 ? [`${formatSize(fromSource)} from the source`] : []),
    ...(fromStore > 0 ? [`${formatSize(fromStore)} from the store`] : []),
  ];
  return parts.length === 0 ? "" : `; the rest is packed again, ${parts.join(" and ")}`;
}

/** `prune`: the plan in a few lines, with each early deletion and each pack that stays. */
export function packPlanLines(plan: PackPlan, pricing: Pricing): string[] {
  const held = heldPacks(plan);
  return [
    ...(held === undefined ? [] : [heldText(held)]),
    ...(plan.steps.length === 0
      ? ["plan: nothing to delete and nothing to pack again"]
      : [`plan: ${actionsText(plan)}: ${formatSize(plan.bytes)} go`, ...workLines(plan, pricing)]),
    ...plan.left.map(({ pack, why }) => `left: ${displayPath(pack.key)}: ${why}`),
  ];
}

export function actionsText({ counts }: Steps): string {
  const parts = [
    ...(counts.delete > 0 ? [`delete ${counted(counts.delete, "pack")}`] : []),
    ...(counts.repack > 0 ? [`pack ${counted(counts.repack, "pack")} again`] : []),
    ...(counts.merge > 0 ? [`merge ${counted(counts.merge, "small pack")}`] : []),
  ];
  return parts.join(", ");
}

/** What it takes, and what is charged for early deletion, pack by pack. No price is guessed. */
export function workLines(
  { steps, fromSource, fromStore, requests }: Steps,
  pricing: Pricing,
): string[] {
  const upload = fromSource + fromStore;
  const early = steps.filter(({ chargedDays }) => chargedDays !== 0);
  return [
    `cost: ${counted(requests, "DELETE request")} (free on AWS)`,
    ...(upload > 0
      ? [
        `  to be packed again: ${formatSize(fromSource)} from the source, ` +
        `${formatSize(fromStore)} read from the store`,
      ]
      : []),
    ...early.map((step) => earlyLine(step, pricing)),
  ];
}

function earlyLine(step: PackStep, pricing: Pricing): string {
  const { pack: { key, bytes, storageClass }, chargedDays } = step;
  const what = `  early deletion of ${displayPath(key)}, ${formatSize(bytes)} in ${storageClass}`;
  return chargedDays === undefined
    ? `${what}: whether its class has a minimum duration is not known, nor the fee`
    : `${what}: ${counted(chargedDays, "day")} of its minimum duration are still charged, ` +
      moneyText(priceEarlyPack(step, pricing).total);
}
