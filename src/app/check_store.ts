import { isKind } from "../core/error.ts";
import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import { REPOSITORY_KEY } from "../core/mirror/object_key.ts";
import { checkRepository } from "../core/repository_file.ts";
import type { ObjectStore } from "../ports/object_store.ts";
import type { ReadingQueue } from "../ports/work_tables.ts";
import { checkContents, type ContentCounts } from "./check_contents.ts";
import { breather } from "./breather.ts";
import type { CheckContext, CheckDeps } from "./check_context.ts";
import { findings } from "./check_findings.ts";
import { checkLifecycle } from "./check_lifecycle.ts";
import { readContents, type ReadTotals } from "./check_read.ts";
import { checkSnapshots } from "./check_snapshots.ts";
import { readRepository } from "./read_repository.ts";
import { inRun } from "./run.ts";

export interface CheckOptions {
  readonly config: string;
  /** Percent of the bytes to be read; undefined for none. */
  readonly readData: number | undefined;
  /** Content of kept snapshots that is no entry's now, too. */
  readonly snapshots: boolean;
}

export interface CheckReport extends ContentCounts {
  readonly exitCode: ExitCode;
  readonly missing: number;
  readonly damaged: number;
  /** Objects outside `.holdfast/` that no entry of the index has. */
  readonly unknown: { readonly objects: number; readonly bytes: number };
  readonly read: ReadTotals;
  /** Further contents of kept snapshots that were looked at. */
  readonly snapshotContents: number;
  /** What of the bucket's lifecycle rules is dangerous, or could not be read. */
  readonly lifecycle: { readonly danger?: string; readonly notice?: string };
}

/** Compares the index with the store: each content, the log's objects, and what else is there. */
export async function checkStore(deps: CheckDeps, options: CheckOptions): Promise<CheckReport> {
  const { log, store, environment, shipper } = deps;
  checkRepository(await readRepository(store), log.genesis.repository, store.url);
  const start = {
    ...{ command: "check", config: options.config },
    ...(shipper === undefined ? {} : { shipper }),
  };
  return await inRun(log, environment, start, async (run) => {
    const listing = deps.work.listing();
    const readings = options.readData === undefined ? undefined : deps.work.readings();
    try {
      const context: CheckContext = {
        ...{ ...deps, run, listing, found: findings(log, run, deps.emit) },
        breathe: breather(environment.clock, deps.signal),
      };
      const report = await checkAll(context, options, readings);
      return { result: report, outcome: report.exitCode, totals: totalsOf(report) };
    } finally {
      listing.close();
      readings?.close();
    }
  });
}

async function checkAll(
  context: CheckContext,
  { readData = 0, snapshots }: CheckOptions,
  readings: ReadingQueue | undefined,
): Promise<CheckReport> {
  const { listing, found, store, emit, signal } = context;
  const lifecycle = await lookAtLifecycle(store);
  emit({ kind: "phase", name: "list" });
  for await (const page of store.list("")) {
    listing.add(page);
    signal.throwIfAborted();
  }
  emit({ kind: "phase", name: "check" });
  checkLogObjects(context);
  const contents = await checkContents(context, readings);
  const snapshotContents = snapshots ? await checkSnapshots(context) : 0;
  const read = readings === undefined
    ? { objects: 0, bytes: 0, archived: 0 }
    : await readContents(context, readings, readData);
  found.flush();
  const { missing, damaged } = found;
  return {
    ...{ ...contents, missing, damaged, snapshotContents, read, lifecycle },
    unknown: listing.unknown(".holdfast/"),
    exitCode: worstExitCode([
      missing + damaged > 0 ? EXIT.damage : EXIT.done,
      lifecycle.danger === undefined ? EXIT.done : EXIT.guard,
    ]),
  };
}

async function lookAtLifecycle(store: ObjectStore): Promise<CheckReport["lifecycle"]> {
  try {
    const notice = await checkLifecycle(store);
    return notice === undefined ? {} : { notice };
  } catch (error) {
    if (!isKind(error, "guard")) throw error;
    return { danger: error.message };
  }
}

/** repository.json was read before; here it is only known. */
function checkLogObjects({ log, listing, found }: CheckContext): void {
  listing.find(REPOSITORY_KEY);
  for (const kind of ["segment", "renames"] as const) {
    for (const { key, first, last } of log.index.segments(kind)) {
      if (listing.find(key) !== undefined) continue;
      const what = kind === "segment" ? "the log's events" : "the record of renames in events";
      const reason = `missing: ${what} ${first} to ${last}`;
      found.add({ kind: "missing", source: "", path: "", key, reason });
    }
  }
}

function totalsOf(report: CheckReport): Record<string, string> {
  const { entries, missing, damaged, unstored, read, unknown } = report;
  const totals = { entries, missing, damaged, unstored, read: read.objects, bytes: read.bytes };
  return Object.fromEntries(
    Object.entries({ ...totals, unknown: unknown.objects }).map(([name, n]) => [name, `${n}`]),
  );
}
