import { type HoldfastError, isKind } from "../core/error.ts";
import { jsonOfText } from "../core/path_text.ts";
import { typeAt } from "../core/stat_record.ts";
import type { StoreContext, Task } from "./store_context.ts";

/** An entry that could not be read or stored is noted, and the run goes on; other errors end it. */
export function noteFailure(context: StoreContext, task: Task, error: unknown): void {
  if (isKind(error, "entry")) noteUnreadable(context, task, error);
  else if (isKind(error, "refused") && !isAboutAll(error)) noteRefused(context, task, error);
  else throw error;
}

/** Refusals that every object of the run would meet. */
const REFUSED_FOR_ALL = new Set([
  "InvalidStorageClass",
  "NotImplemented",
  "InvalidBucketName",
  "MethodNotAllowed",
  "KMS.NotFoundException",
]);

function isAboutAll(error: HoldfastError): boolean {
  return REFUSED_FOR_ALL.has(String(error.context.code ?? ""));
}

function noteUnreadable(context: StoreContext, task: Task, error: HoldfastError): void {
  // As the index has it now: a file may have been observed anew since the task began.
  const row = currentRow(context, task);
  context.totals.unreadable++;
  context.emit({ kind: "entry-error", path: task.path, reason: error.message });
  context.batch.observed(task.source, task.folder, {
    name: jsonOfText(task.name),
    change: "unreadable",
    type: typeAt(row.stat),
    reason: error.message,
    prev: row.position,
  });
}

function currentRow({ log }: StoreContext, { item }: Task) {
  if (item.isFolder) return item.row;
  return log.index.tables.findEntry(item.row.folder, item.row.name) ?? item.row;
}

function noteRefused(context: StoreContext, task: Task, error: HoldfastError): void {
  context.totals.refused++;
  context.emit({ kind: "entry-error", path: task.path, reason: error.message });
  context.batch.refused(task.source, task.path, error.message);
}
