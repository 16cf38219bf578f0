import type { Pricing } from "../core/cost/price_storage.ts";
import { displayPath } from "../core/path_text.ts";
import type { DeletePlan, LosingEntry } from "../core/plan/delete_plan.ts";
import { counted } from "./count_text.ts";
import { lockDate } from "./lock_text.ts";
import { actionsText, workLines } from "./pack_plan_text.ts";
import { formatSize } from "../core/size_text.ts";

/** `delete`: who loses what, in which snapshots, and what it costs. */
export function deletePlanLines(plan: DeletePlan, pricing: Pricing): string[] {
  const { losing, current, snapshots, staying, hindered, held, steps, bytes } = plan;
  return [
    ...losing.map(losingLine),
    ...snapshots.map(({ position, entries }) =>
      `snapshot ${position} loses the content of ${counted(entries, "entry", "entries")}`
    ),
    ...(current > 0
      ? [
        `the present state loses that of ${counted(current, "entry", "entries")}: ` +
        "what is still in the source and not excluded, the next backup stores again",
      ]
      : []),
    ...staying.map(({ place, sameAs }) => {
      const where = sameAs.snapshot === undefined ? "" : ` of snapshot ${sameAs.snapshot}`;
      return `stays: ${displayPath(place)} has the content of ${displayPath(sameAs.place)}${where}`;
    }),
    ...hindered.map(({ pack, why }) =>
      `cannot be packed again: ${displayPath(pack.key)}: ${why}: ` +
      "all of it goes with --force, and what else loses its content is listed here, too"
    ),
    ...(held === undefined ? [] : [
      `locks keep ${counted(held.objects, "pack")} of it, ${
        formatSize(held.bytes)
      }, which can be ` +
      `read until ${
        lockDate(held.until)
      }: with --force what is listed loses its content now, and ` +
      "the first run after that deletes the rest",
    ]),
    ...(steps.length === 0
      ? ["plan: nothing to delete: no pack has anything of it that could go"]
      : [`plan: ${actionsText(plan)}: ${formatSize(bytes)} go`, ...workLines(plan, pricing)]),
  ];
}

function losingLine({ place, isCurrent, snapshots }: LosingEntry): string {
  const where = [
    ...(isCurrent ? ["the present state"] : []),
    ...(snapshots.length > 0 ? [`snapshots ${snapshots.join(", ")}`] : []),
  ];
  return `loses its content: ${displayPath(place)}, in ${where.join(" and ")}`;
}
