import { exportLog } from "../app/export_log.ts";
import { historyGone } from "../app/log_base.ts";
import type { LogExportOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import type { ExportFormat } from "../core/export_format.ts";
import type { LogSink } from "../ports/log_sink.ts";
import { counted } from "../report/count_text.ts";
import { systemEnvironment } from "./environment.ts";
import { openLogAlone } from "./open_log.ts";
import { tellBase } from "./tell_base.ts";
import { needsSince, withPast } from "./with_past.ts";

/** `holdfast log export`. */
export async function runLogExport(input: RunInput<LogExportOptions>): Promise<number> {
  return await withPast(input, needsSince(input.options.since), exportAll);
}

async function exportAll(input: RunInput<LogExportOptions>): Promise<number> {
  const { output, job, signal, options, globals } = input;
  const { format, file, ...filter } = options;
  const started = performance.now();
  const log = openLogAlone(input);
  try {
    tellBase(input, log);
    if (filter.until !== undefined && log.base !== undefined) {
      if (log.lastPositionAt(filter.until) === 0) throw historyGone(log.base);
    }
    if (globals.dryRun) {
      const { position, hash: head } = log.head();
      output.text(`plan: write the events up to ${position} to ${file}`);
      output.summary({
        ...{ record: "summary", command: "log export", job: job.name, exit: EXIT.done },
        seconds: Math.round(performance.now() - started) / 1000,
        totals: { position, head, file, dry_run: true },
      }, []);
      return EXIT.done;
    }
    const sink = await openSink(format, file);
    try {
      const { clock } = systemEnvironment();
      const { events, position, head } = await exportLog(log, filter, sink, { clock, signal });
      output.summary({
        ...{ record: "summary", command: "log export", job: job.name, exit: EXIT.done },
        seconds: Math.round(performance.now() - started) / 1000,
        totals: { events, position, head, file },
      }, [
        `wrote ${counted(events, "event")} to ${file}; the log's head is ${head} at ${position}`,
      ]);
      return EXIT.done;
    } finally {
      sink.close();
    }
  } finally {
    log.close();
  }
}

async function openSink(format: ExportFormat, file: string): Promise<LogSink> {
  if (format === "parquet") return (await import("../exports/parquet_sink.ts")).parquetSink(file);
  const { csvSink, jsonLinesSink } = await import("../exports/text_sink.ts");
  return format === "csv" ? csvSink(file) : jsonLinesSink(file);
}
