import { moneyText } from "../core/cost/money_text.ts";
import type { BackupCost } from "../core/cost/price_backup.ts";
import { formatSize } from "../core/size_text.ts";
import { uploadCostLines } from "./cost_text.ts";
import { counted } from "./count_text.ts";

/** The end of `backup --dry-run`: each line of the bill, and the price in one. */
export function backupCostLines(cost: BackupCost): string[] {
  return [...archivedLines(cost), ...uploadCostLines(cost)];
}

/** The three ways to settle archived renames, whichever is chosen. */
function archivedLines({ archived }: BackupCost): string[] {
  if (archived === undefined) return [];
  const { objects, bytes, alias, copy, upload, keepsFormer } = archived;
  const wait = copy.wait === undefined ? "" : ` after ${copy.wait.text}`;
  return [
    `${counted(objects, "moved archived object")}, ${formatSize(bytes)}: as an alias ` +
    `${moneyText(alias.total)}, copied ${moneyText(copy.total)}${wait}, ` +
    `uploaded again ${moneyText(upload.total)}` +
    (keepsFormer ? ", each with a month of the old versions, which stay until prune" : ""),
  ];
}
