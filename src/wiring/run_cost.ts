import { breather } from "../app/breather.ts";
import { restoreFates, runTallies } from "../app/run_costs.ts";
import { storageByFolder } from "../app/storage_by_folder.ts";
import { packTotals, removedTotals } from "../app/stored_totals.ts";
import type { CostOptions, RunInput } from "../cli/runner.ts";
import { priceRun } from "../core/cost/price_run.ts";
import { priceStorage } from "../core/cost/price_storage.ts";
import { addTally, emptyTally, type StorageTally, tallyOf } from "../core/cost/storage_tally.ts";
import { EXIT } from "../core/exit_code.ts";
import type { PathText } from "../core/path_text.ts";
import { timeText } from "../core/time_text.ts";
import type { JobLog } from "../ports/event_log.ts";
import {
  folderLabel,
  type PricedRun,
  runCostLines,
  runCostRecord,
  STORED_HEAD,
  storedCostRecord,
  storedLine,
} from "../report/stored_cost_text.ts";
import { type CostSetting, costSetting } from "./cost_setting.ts";
import { systemEnvironment } from "./environment.ts";
import { openForLook } from "./open_log.ts";
import { showFullRestore, showPartialRestore } from "./restore_price.ts";

/** The prices are looked up once, not for each folder. */
interface Input extends RunInput<CostOptions> {
  readonly pricing: CostSetting;
}
type Tallies = ReadonlyMap<string, StorageTally>;

/** `holdfast cost`. */
export async function runCost(given: RunInput<CostOptions>): Promise<number> {
  const { output } = given;
  const input: Input = { ...given, pricing: costSetting(given.job) };
  const log = openForLook(input);
  try {
    output.text(`prices of ${input.pricing.region}, estimated; what is unknown is said`, "");
    const stored = await showStored(input, log);
    showFullRestore(input, stored);
    const { paths } = input.options;
    if (paths.length > 0) await showPartialRestore(input, log, paths);
    await showRuns(input, log);
    return EXIT.done;
  } finally {
    log.close();
  }
}

/** By folder, and then by class. Returns what a restore of everything would need, by class. */
async function showStored(input: Input, log: JobLog): Promise<Tallies> {
  const { output, options, signal, job } = input;
  const inPacks = job.layout === "pack";
  const breathe = breather(systemEnvironment().clock, signal);
  const all = new Map<string, StorageTally>();
  output.text(STORED_HEAD);
  for await (const found of storageByFolder(log, { depth: options.depth, inPacks }, breathe)) {
    showFolder(input, found.path, found.tallies);
    if (!inPacks) addAll(all, found.tallies);
  }
  if (inPacks) addAll(all, packTotals(log));
  const needed = structuredClone(all);
  if (!inPacks) showRemoved(input, log, all);
  showClasses(input, all);
  return needed;
}

function showFolder({ output, pricing }: Input, path: PathText, tallies: Tallies): void {
  for (const tally of tallies.values()) {
    output.record(storedCostRecord(path, tally, priceStorage([tally], pricing)));
  }
  if (tallies.size === 0) return;
  output.text(storedLine(pricedSum(tallies, pricing), folderLabel(path)));
}

function pricedSum(tallies: Tallies, pricing: CostSetting) {
  const sum = emptyTally("");
  for (const tally of tallies.values()) addTally(sum, tally);
  return { objects: sum.objects, bytes: sum.bytes, cost: priceStorage(tallies.values(), pricing) };
}

/** Objects of entries that are gone, which are paid for until `prune` or `backup --delete`. */
function showRemoved(
  { output, pricing }: Input,
  log: JobLog,
  all: Map<string, StorageTally>,
): void {
  const removed = removedTotals(log);
  if (removed.size === 0) return;
  output.text(storedLine(pricedSum(removed, pricing), "of entries that are gone"));
  addAll(all, removed);
}

function addAll(sums: Map<string, StorageTally>, tallies: Tallies): void {
  for (const tally of tallies.values()) addTally(tallyOf(sums, tally.storageClass), tally);
}

function showClasses({ output, pricing }: Input, all: Tallies): void {
  output.text("");
  for (const tally of all.values()) {
    const cost = priceStorage([tally], pricing);
    output.record(storedCostRecord(undefined, tally, cost));
    output.text(storedLine({ ...tally, cost }, tally.storageClass));
  }
  output.text(storedLine(pricedSum(all, pricing), "total"), "");
}

async function showRuns(input: Input, log: JobLog): Promise<void> {
  const { output, options, signal, pricing } = input;
  const breathe = breather(systemEnvironment().clock, signal);
  const priced: PricedRun[] = [];
  const fateOf = restoreFates(log);
  const which = { most: options.runs, fateOf };
  for await (const { run, tally } of runTallies(log, which, breathe)) {
    priced.push({ run, tally, cost: priceRun(tally, pricing, fateOf) });
  }
  for (const run of priced) output.record(runCostRecord(run));
  if (priced.length === 0) return;
  output.text(...runCostLines(priced, ({ started }) => timeText(Date.parse(started), output.zone)));
}
