/** What versitygw's access log says of a run: how many requests, and how many bytes of content. */
import type { Gateway } from "./each_store.ts";
import { holdfastJson, type JsonRecord, type Place, totalsOf } from "./holdfast.ts";
import { accessLog, type LoggedRequest } from "./store_look.ts";

export interface LoggedRun {
  readonly code: number;
  readonly said: string;
  readonly totals: JsonRecord;
  readonly seconds: number;
  /** All requests. */
  readonly count: number;
  /** How many of each operation, of what is not below ".holdfast/". */
  readonly operations: Readonly<Record<string, number>>;
  /** Request bodies of the same, but for lists of what is to be deleted. */
  readonly bytes: number;
}

/** Runs the executable and reads the server's log of it; reads of the store are not told of. */
export async function loggedRun(
  place: Place,
  server: Gateway,
  args: readonly string[],
): Promise<LoggedRun> {
  const requests = accessLog(server.folder);
  await requests();
  const { code, said, records } = await holdfastJson(place, args);
  const seconds = records.at(-1)?.seconds ?? 0;
  const made = await requests();
  const content = made.filter(isContent);
  const operations: Record<string, number> = {};
  for (const { operation } of content) operations[operation] = (operations[operation] ?? 0) + 1;
  const bytes = content.filter(({ operation }) => operation !== "DeleteObjects")
    .reduce((sum, { line }) => sum + bodyOf(line), 0);
  return { code, said, totals: totalsOf(records), seconds, count: made.length, operations, bytes };
}

function isContent({ operation, line }: LoggedRequest): boolean {
  return !/^(?:Get|Head|List)/.test(operation) && !/ s3_\w+ (?:\S+\/)?\.holdfast\//.test(line);
}

/** The field "Object Size", which of a PUT is the size of its body. */
function bodyOf(line: string): number {
  const size = / \d{3} \S+ \d+ (\d+) \d+ \d+ /.exec(line)?.[1];
  if (size === undefined) throw new Error(`no size in ${line}`);
  return Number(size);
}
