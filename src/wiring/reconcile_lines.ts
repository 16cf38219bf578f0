import type { ReconcileReport } from "../app/reconcile.ts";
import { formatSize } from "../core/size_text.ts";
import { counted } from "../report/count_text.ts";

/** Fields of the summary. */
export function reconcileTotals(report: ReconcileReport) {
  const { objects, bytes, entries, unstored, seen, missing, damaged, newer, by } = report;
  const { unknown, former, otherClass, adopted, removed } = report;
  return {
    ...{ by, entries, objects, bytes, seen, unstored, missing, damaged, newer },
    ...{ unknown_objects: unknown.objects, unknown_bytes: unknown.bytes, former },
    other_class: Object.fromEntries(otherClass),
    adopted: adopted?.objects ?? 0,
    not_adopted: Object.fromEntries(adopted?.left ?? []),
    planned_deletions: removed?.plan.objects ?? 0,
    deleted: removed?.deleted ?? 0,
    not_deleted: Object.fromEntries(removed?.plan.left ?? []),
  };
}

export function reconcileLines(report: ReconcileReport, dryRun: boolean): string[] {
  const { objects, bytes, unstored, seen, missing, damaged, newer } = report;
  const { unknown, former, otherClass, adopted, removed } = report;
  const some = (count: number, text: () => string) => count === 0 ? [] : [text()];
  const are = (count: number) => counted(count, "object is", "objects are");
  return [
    `compared ${counted(objects, "object")} of the index, ${formatSize(bytes)}, with ` +
    `${counted(seen, "object")} that ${
      report.by === "list" ? "the store lists" : "the report has"
    }`,
    ...some(
      unstored,
      () =>
        `${counted(unstored, "entry is", "entries are")} not stored yet: the next backup does it`,
    ),
    ...[...otherClass].map(([name, count]) => `${are(count)} in ${name} now: noted`),
    ...some(
      newer,
      () => `${counted(newer, "object")} below newer versions or delete markers of others`,
    ),
    ...some(former, () => `${counted(former, "object")} of older states: \`holdfast prune\``),
    ...some(
      unknown.objects,
      () =>
        `${are(unknown.objects)} unknown, ${formatSize(unknown.bytes)}: ` +
        "`holdfast log --type DifferencesFound --json` names them",
    ),
    missing + damaged === 0
      ? "nothing is missing or damaged"
      : `${are(missing)} missing, ${damaged} damaged`,
    ...(adopted === undefined ? [] : [
      `${dryRun ? "plan: adopt" : "adopted"} ${counted(adopted.objects, "object")}` +
      (adopted.bytes > 0 ? `, ${formatSize(adopted.bytes)}` : ""),
      ...leftLines("not adopted", adopted.left),
    ]),
    ...(removed === undefined ? [] : [
      ...some(removed.deleted, () => `deleted ${counted(removed.deleted, "unknown object")}`),
      ...some(removed.failed, () => `${counted(removed.failed, "object")} could not be deleted`),
      ...leftLines("not deleted", removed.plan.left),
    ]),
  ];
}

function leftLines(what: string, left: ReadonlyMap<string, number>): string[] {
  return [...left].map(([reason, count]) => `${what}: ${counted(count, "object")}: ${reason}`);
}
