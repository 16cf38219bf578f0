import { HoldfastError } from "../error.ts";

/** A task of a completion report. */
export interface ReportRow {
  readonly bucket: string;
  /** As the report has it; see reportedKeys. */
  readonly key: string;
  /** "" where the manifest names none. */
  readonly version: string;
  readonly succeeded: boolean;
  /** The service's word for a failure, "" where there is none. */
  readonly code: string;
  /** HTTP status, 0 where the report says none. */
  readonly status: number;
  readonly message: string;
}

export interface ReportReader {
  /** Rows that are complete with this text. */
  push(text: string): ReportRow[];
  /** What is left. Throws kind "damage" where a row is cut off. */
  end(): ReportRow[];
}

const COLUMNS = 7;

/**
 * Reads a completion report of format Report_CSV_20180820 piece by piece
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-examples-reports.html): Bucket, Key,
 * VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage, no header. AWS's own samples have
 * the status before the code, and failed rows whose message holds a quote that is not doubled; both
 * are read. Throws kind "damage" for what is no such report.
 */
export function reportReader(): ReportReader {
  let rest = "";

  function take(isLast: boolean): ReportRow[] {
    const rows: ReportRow[] = [];
    for (;;) {
      const end = rowEnd(rest, isLast);
      if (end === undefined) return rows;
      const line = rest.slice(0, end).replace(/\r$/, "");
      rest = rest.slice(end + 1);
      if (line !== "") rows.push(rowOf(line));
    }
  }

  return {
    push(text) {
      rest += text;
      return take(false);
    },
    end() {
      if (rest === "") return [];
      if (!rest.endsWith("\n")) rest += "\n";
      const rows = take(true);
      if (rest !== "") throw noReport(rest);
      return rows;
    },
  };
}

/**
 * Index of the line break behind the first row; undefined where it has not come yet. A quoted message
 * ends with a quote before a line break: one that was doubled, or left single, is followed by more.
 */
function rowEnd(text: string, isLast: boolean): number | undefined {
  const message = messageStart(text);
  if (message === undefined || text[message] !== '"') {
    const end = text.indexOf("\n");
    return end < 0 ? undefined : end;
  }
  for (let at = message + 1;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return undefined;
    let last = quote;
    while (text[last + 1] === '"') last++;
    const next = text[last + 1] === "\r" ? last + 2 : last + 1;
    // Whether another quote follows is not known before more has come.
    if (next >= text.length && !isLast) return undefined;
    // An even number of quotes is doubled ones before a line break in the message.
    if (text[next] === "\n" && (last - quote) % 2 === 0) return next;
    if (next >= text.length) return undefined;
    at = last + 1;
  }
}

/** Index behind the sixth comma of the first line; the six fields before hold neither comma nor quote. */
function messageStart(text: string): number | undefined {
  let at = 0;
  for (let fields = 1; fields < COLUMNS; fields++) {
    const comma = text.indexOf(",", at);
    const end = text.indexOf("\n", at);
    if (comma < 0 || (end >= 0 && end < comma)) return undefined;
    at = comma + 1;
  }
  return at;
}

function rowOf(line: string): ReportRow {
  const start = messageStart(line);
  if (start === undefined) throw noReport(line);
  const [bucket, key, version, task, fifth, sixth] = line.slice(0, start - 1).split(",").map(plain);
  if (task !== "succeeded" && task !== "failed") throw noReport(line);
  const [status, code] = isStatus(fifth) ? [fifth, sixth] : [sixth, fifth];
  return {
    ...{ bucket, key, version: version === "null" ? "" : version, succeeded: task === "succeeded" },
    ...{ code, status: isStatus(status) ? Number(status) : 0 },
    message: plain(line.slice(start)),
  };
}

function isStatus(text: string): boolean {
  return /^\d{3}$/.test(text);
}

/** Without the quotes around it and in it. */
function plain(field: string): string {
  if (!field.startsWith('"')) return field;
  return field.replace(/^"|"$/g, "").replaceAll('""', '"');
}

function noReport(line: string): HoldfastError {
  const shown = line.length > 80 ? `${line.slice(0, 80)}…` : line;
  return new HoldfastError("damage", `no row of a completion report: ${JSON.stringify(shown)}`, {
    hint: "the report is the CSV that S3 Batch Operations writes, or the manifest.json beside it",
  });
}
