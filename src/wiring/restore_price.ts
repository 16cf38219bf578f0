import { dirname } from "node:path";
import { breather } from "../app/breather.ts";
import { openState } from "../app/read_state.ts";
import { restoreNeeds } from "../app/restore_needs.ts";
import type { CostOptions, RunInput } from "../cli/runner.ts";
import { TIERS } from "../core/cold/restore_state.ts";
import { packedGets } from "../core/cost/price_packs.ts";
import { quoteRestore, type RestoreGroup } from "../core/cost/quote_restore.ts";
import { isCold } from "../core/cost/restore_wait.ts";
import type { StorageTally } from "../core/cost/storage_tally.ts";
import { HoldfastError } from "../core/error.ts";
import { displayPath, jsonOfText, type PathText } from "../core/path_text.ts";
import { formatSize } from "../core/size_text.ts";
import { platformHashing } from "../crypto/hashing.ts";
import type { JobLog } from "../ports/event_log.ts";
import { priceRecord } from "../report/cost_text.ts";
import { counted } from "../report/count_text.ts";
import { restoreCostLines } from "../report/stored_cost_text.ts";
import { sqliteWorkTables } from "../sqlite/work_tables.ts";
import { costSetting } from "./cost_setting.ts";
import { systemEnvironment } from "./environment.ts";
import { replayerBeside } from "./open_log.ts";

type Input = RunInput<CostOptions>;

/** What restoring all that is stored would cost by each tier, as if nothing were warm. */
export function showFullRestore(
  input: Input,
  stored: ReadonlyMap<string, StorageTally>,
): void {
  const isPacked = input.job.layout === "pack";
  const groups = [...stored.values()].map(({ storageClass, objects, bytes }) => ({
    ...{ storageClass, fetched: bytes, gets: isPacked ? packedGets(bytes) : objects },
    ...(isCold(storageClass) ? { objects, bytes } : { objects: 0, bytes: 0 }),
  }));
  showRestore(input, "restoring everything:", { groups });
}

/** The same of some entries, with all that is in the folders among them. */
export async function showPartialRestore(
  input: Input,
  log: JobLog,
  paths: readonly PathText[],
): Promise<void> {
  const { stateFile, output, signal } = input;
  const state = openState(log, replayerBeside(stateFile), { kind: "head" }, output.signal);
  try {
    const { entries, bytes, groups } = await restoreNeeds({
      ...{ log, work: sqliteWorkTables(dirname(stateFile)), hashing: platformHashing },
      breathe: breather(systemEnvironment().clock, signal),
    }, { state, selection: { paths, include: undefined, exclude: undefined } });
    const names = paths.map(displayPath).join(", ");
    if (entries === 0) throw nothingAt(names);
    const what = `${counted(entries, "entry", "entries")}, ${formatSize(bytes)}`;
    showRestore(input, `restoring ${names} (${what}):`, { groups, paths });
  } finally {
    state.close();
  }
}

function nothingAt(names: string): HoldfastError {
  return new HoldfastError("usage", `nothing is backed up as ${names}`, {
    hint: "write paths as `holdfast ls` prints them",
  });
}

function showRestore(
  { output, job, options: { days = job.days } }: Input,
  title: string,
  { groups, paths }: {
    readonly groups: readonly RestoreGroup[];
    readonly paths?: readonly PathText[];
  },
): void {
  const isAnyCold = groups.some(({ objects }) => objects > 0);
  const quotes = (isAnyCold ? TIERS : ["Bulk"] as const).map((tier) => ({
    tier: isAnyCold ? tier : "(none is archived)",
    quote: quoteRestore(groups, { ...costSetting(job), tier, days }),
    wanted: tier,
  }));
  const part = paths === undefined ? {} : { paths: paths.map(jsonOfText) };
  for (const { quote, wanted } of quotes) {
    const wait = quote.wait?.text ?? null;
    const tier = isAnyCold ? { tier: wanted } : {};
    output.record(priceRecord("restore", quote, { ...tier, wait, ...part }));
  }
  output.text(title, ...restoreCostLines(quotes), "");
}
