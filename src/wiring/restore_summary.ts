import type { RestoreReport } from "../app/restore_deps.ts";
import type { RunInput } from "../cli/runner.ts";
import { formatSize } from "../core/size_text.ts";
import { counted, grouped } from "../report/count_text.ts";

export interface RestoreSummary {
  readonly command: "restore" | "restores resume";
  readonly to: string;
  readonly seconds: number;
  /** This machine does not write the job: it keeps no restore to go on with. */
  readonly isGuest: boolean;
}

export function showRestore(
  { output, job }: Pick<RunInput<unknown>, "output" | "job">,
  report: RestoreReport,
  { command, to, seconds, isGuest }: RestoreSummary,
): void {
  const { entries, bytes, present, failed, waiting, objects, unapproved } = report;
  output.summary(
    {
      ...{ record: "summary", command, job: job.name, exit: report.exitCode },
      seconds: Math.round(seconds * 1000) / 1000,
      totals: {
        ...{ restore: report.job, entries, bytes, present, failed, waiting },
        ...{ cold: objects.cold, warming: objects.warming, warm: objects.warm, unapproved },
      },
    },
    report.isDeclined ? ["nothing was asked for, and nothing restored"] : [
      `restored ${counted(entries, "entry", "entries")}, ${formatSize(bytes)}, to ${to}`,
      ...(present > 0 ? [`${present} of them were there already`] : []),
      ...(failed > 0 ? [`${counted(failed, "entry", "entries")} could not be restored`] : []),
      ...waitingLines(report, isGuest),
      ...[...report.limits].map(([reason, count]) =>
        `not kept for ${counted(count, "entry", "entries")}: ${reason}`
      ),
      ...report.targetLimits.map((limit) => `note: ${limit}`),
    ],
  );
}

function waitingLines(report: RestoreReport, isGuest: boolean): string[] {
  const { job, waiting, objects, unapproved, refused } = report;
  if (waiting === 0) return [];
  const { cold, warming, warm } = objects;
  const next = isGuest
    ? "repeat the command to go on: this machine does not write the job"
    : `\`holdfast restores resume ${job}\` or \`holdfast restore --wait\` goes on`;
  return [
    `${counted(waiting, "entry", "entries")} wait for archived objects: ${grouped(cold)} cold, ` +
    `${grouped(warming)} warming, ${grouped(warm)} warm; ${next}`,
    ...(unapproved > 0
      ? [`${counted(unapproved, "object")} cost more than was approved, and were not asked for`]
      : []),
    ...(refused > 0
      ? [
        `the service has no capacity for ${
          counted(refused, "object")
        } at this tier: --allow-slower`,
      ]
      : []),
  ];
}
