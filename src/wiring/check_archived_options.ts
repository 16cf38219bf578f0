import { basename, dirname, join } from "node:path";
import type { ArchivedOptions, ArchivedPlan, ArchivedTotals } from "../app/check_archived.ts";
import { reportRows } from "../app/batch_report.ts";
import type { CheckOptions, RunInput } from "../cli/runner.ts";
import { priceChecksums } from "../core/cost/price_batch.ts";
import { readReportManifest } from "../core/batch/report_manifest.ts";
import type { ReportRow } from "../core/batch/report_rows.ts";
import { HoldfastError, messageOf } from "../core/error.ts";
import { formatSize } from "../core/size_text.ts";
import type { BatchJobs } from "../ports/batch_jobs.ts";
import { counted } from "../report/count_text.ts";
import { costSetting } from "./cost_setting.ts";
import { systemEnvironment } from "./environment.ts";
import { openBatchJobs } from "./open_batch_jobs.ts";
import { showPrice } from "./upkeep_price.ts";

type Input = RunInput<CheckOptions>;

/** `check --archived`; undefined without it. What it opens `close` closes. */
export async function archivedOptions(
  input: Input,
): Promise<{ readonly archived?: ArchivedOptions; close(): void }> {
  const { job, options, globals, signal } = input;
  if (!options.archived) return { close() {} };
  const { repository } = job;
  const prefix = repository.kind === "s3" ? repository.prefix : "";
  const keyPrefix = prefix === "" ? "" : `${prefix}/`;
  if (options.report !== undefined) {
    const report = reportOf(options.report);
    const none = { show() {}, accept: () => Promise.resolve(false) };
    return { archived: { keyPrefix, report, ...none }, close() {} };
  }
  const batch: BatchJobs = await openBatchJobs(job, systemEnvironment(), { signal });
  const show = (plan: ArchivedPlan) => {
    input.output.text(
      `plan: S3 Batch Operations computes the checksums of ${counted(plan.objects, "object")}, ` +
        `${formatSize(plan.bytes)}, in ${counted(plan.jobs, "job")}; not yet run on AWS`,
    );
    showPrice(input, priceChecksums(plan, costSetting(job)));
  };
  const accept = async (plan: ArchivedPlan) => {
    const accepted = await input.confirm(`compute ${counted(plan.objects, "checksum")}?`);
    if (!accepted) input.output.signal({ kind: "notice", text: "no checksum was asked for" });
    return accepted;
  };
  return {
    archived: { keyPrefix, show, accept, batch, dryRun: globals.dryRun },
    close: () => batch.close(),
  };
}

/** Rows of a CSV, or of those that a manifest.json names: beside it, or in `results/` beside it. */
function reportOf(file: string): () => AsyncGenerator<ReportRow> {
  return async function* () {
    const files = file.endsWith(".json") ? partsOf(file) : [file];
    for (const part of files) yield* reportRows(opened(part));
  };
}

function partsOf(file: string): string[] {
  const folder = dirname(file);
  return readReportManifest(readText(file)).map(({ key }) => {
    const name = basename(key);
    const places = [join(folder, name), join(folder, "results", name)];
    const found = places.find((place) => isThere(place));
    if (found !== undefined) return found;
    throw new HoldfastError("usage", `--report: ${name} is not beside ${file}`, {
      hint: "fetch the CSV files that it names into its folder, too",
    });
  });
}

function isThere(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}

function readText(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function opened(file: string): ReadableStream<Uint8Array> {
  try {
    return Deno.openSync(file).readable;
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): HoldfastError {
  return new HoldfastError("usage", `--report: ${messageOf(cause)}`, {
    hint: "name the manifest.json of a completion report, or a CSV of it",
    cause,
  });
}

export function archivedTotals(totals: ArchivedTotals) {
  const { compared, incomparable, tiering, unknown, unreported, cutOff } = totals;
  return {
    ...{ compared, incomparable, intelligent_tiering: tiering, unreported, jobs_cut_off: cutOff },
    not_compared: Object.fromEntries(unknown),
  };
}

export function archivedLines(totals: ArchivedTotals): string[] {
  const { compared, incomparable, tiering, unknown, unreported, cutOff } = totals;
  const not = (count: number, why: string) =>
    count === 0 ? [] : [`not compared: ${counted(count, "object")} ${why}`];
  return [
    `compared ${counted(compared, "archived object")} by the checksums that AWS has computed`,
    ...not(incomparable, "of which the log has no checksum that AWS could compute"),
    ...not(tiering, "in INTELLIGENT_TIERING: no LIST tells which of them are archived"),
    ...[...unknown].map(([reason, count]) =>
      `not compared: ${counted(count, "object")}: ${reason}`
    ),
    ...not(unreported, "that no report names"),
    ...(cutOff === 0 ? [] : [`${counted(cutOff, "Batch job")} did not come to the end`]),
  ];
}
