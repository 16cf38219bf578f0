import { HoldfastError, isKind } from "../core/error.ts";
import { BATCH_ENTRIES, type HealedObject } from "../core/event/event.ts";
import { hex } from "../core/hash.ts";
import { EXIT, type ExitCode } from "../core/exit_code.ts";
import { joinPath, jsonOfText } from "../core/path_text.ts";
import { checkLayout } from "../core/repository_file.ts";
import type { HealPlan } from "../core/cost/price_heal.ts";
import type { SourceRoot } from "../ports/source.ts";
import type { WorkTables } from "../ports/work_tables.ts";
import type { Unstored } from "../ports/event_log.ts";
import { type BackupDeps, type BackupOptions } from "./backup.ts";
import { closePacks } from "./close_packs.ts";
import { healedContent, lossPositions, lostEntries, type LostEntry } from "./lost_entries.ts";
import { readOwnRepository } from "./read_repository.ts";
import { inRun } from "./run.ts";
import { type HealPlanner, healPlanner } from "./plan_heal.ts";
import { lackAtSight, lackOfSource } from "./source_match.ts";
import type { NamedSource } from "./source_contents.ts";
import { type StoreContext } from "./store_context.ts";
import { storeContext, storeItems } from "./store_entries.ts";
import { packItems } from "./store_packs.ts";

export interface HealDeps extends BackupDeps {
  readonly work: WorkTables;
}

export interface HealOptions extends
  Pick<
    BackupOptions,
    "config" | "storageClass" | "minArchiveSize" | "classes" | "partSize" | "workers" | "dryRun"
  > {
  readonly sources: readonly NamedSource[];
  readonly packs?: BackupOptions["packs"];
  readonly encryption?: BackupOptions["encryption"];
  /**
   * Told what it would cost, before anything is stored: at most, for what the source has is compared
   * only then. Throws kind "cost" where that is too much. In a dry run it is told last, and exactly.
   */
  readonly accept: (plan: HealPlan) => void;
}

export interface HealReport {
  readonly exitCode: ExitCode;
  /** Entries that a check had found lost and nobody had stored since. */
  readonly lost: number;
  /** Of these, those that are stored again; in a dry run those that would be. */
  readonly healed: number;
  readonly bytes: number;
  /** Entries that the source cannot make up for. */
  readonly left: number;
  /** Kept snapshots that cannot give something of it back, by position. */
  readonly snapshots: readonly number[];
}

/** Times of what is stored here are trusted from so long ago on: the widest window of any source (ns). */
const RACY_WINDOW = 3_000_000_000n;
/** Entries, and bytes of the mirror, that are compared with the source before they are stored. */
const BATCH_BYTES = 512 * 1024 ** 2;

/**
 * Stores again what a check has found missing or damaged, where the source still has that very
 * content; nothing else is scanned or stored. What is left is told, with the snapshots that it is in.
 */
export async function heal(deps: HealDeps, options: HealOptions): Promise<HealReport> {
  const { log, store, environment, shipper } = deps;
  const { config, dryRun, packs, encryption } = options;
  const { recipients } = packs ?? encryption ?? {};
  const repository = await readOwnRepository(store, log, recipients);
  checkLayout(repository, packs === undefined ? "mirror" : "pack", store.url);
  const start = { command: "heal", config, ...(dryRun ? {} : { shipper }) };
  return await inRun(log, environment, start, async (run) => {
    const roots = await openRoots(options.sources);
    try {
      const context = contextOf(deps, options, run, roots);
      const found = { context, roots, work: deps.work };
      const planner = healPlanner({ ...context, store }, options);
      if (!dryRun) await planAtSight(found, planner, options);
      if (packs !== undefined && !dryRun) await closePacks({ ...context, packs });
      const report = await healAll(found, planner, options);
      if (dryRun) options.accept(planner.plan());
      else await deps.shipRenames(run);
      const { lost, healed, bytes, left } = report;
      const totals = Object.entries({ lost, healed, bytes, left })
        .map(([name, count]) => [name, `${count}`]);
      return { result: report, outcome: report.exitCode, totals: Object.fromEntries(totals) };
    } finally {
      for (const root of roots.values()) await root.close();
    }
  });
}

async function openRoots(sources: readonly NamedSource[]): Promise<Map<string, SourceRoot>> {
  const roots = new Map<string, SourceRoot>();
  for (const { name, source } of sources) {
    try {
      roots.set(name, await source.open());
    } catch (error) {
      if (!isKind(error, "gone", "entry", "denied", "unreachable")) throw error;
    }
  }
  return roots;
}

function contextOf(
  deps: BackupDeps,
  options: HealOptions,
  run: string,
  roots: ReadonlyMap<string, SourceRoot>,
): StoreContext {
  const { log, store, hashing, owners, environment, emit, signal, shipper } = deps;
  const { storageClass, minArchiveSize, classes, partSize, workers, encryption } = options;
  const racyWindow = () => RACY_WINDOW;
  const { sealer, coding } = encryption ?? {};
  return storeContext({
    ...{ log, run, clock: environment.clock, sha256: hashing.sha256, emit, signal },
    inPacks: options.packs !== undefined,
  }, {
    ...{ store, hashing, owners, storageClass, minArchiveSize, partSize, workers },
    ...(classes === undefined ? {} : { classes }),
    ...(sealer === undefined ? {} : { sealer, coding }),
    sources: new Map([...roots].map(([name, root]) => [name, { root, racyWindow }])),
    ship: () => shipper.shipIfDue(),
    stillOurs: () => shipper.stillOurs(),
  });
}

/** What a check has found, and where it may be had. */
interface Lost {
  readonly context: StoreContext;
  readonly roots: ReadonlyMap<string, SourceRoot>;
  readonly work: WorkTables;
}

/** Entries that are lost still, each once: two checks may have named one. */
async function* entriesOf({ context: { log, signal }, work }: Lost): AsyncGenerator<LostEntry> {
  const find = lostEntries(log);
  const seen = work.notes();
  try {
    for (const position of lossPositions(log, log.head().position)) {
      signal.throwIfAborted();
      for (const entry of find(position)) {
        const name = `${entry.lost} ${entry.source}\0${entry.path}`;
        if (seen.get(name) !== undefined) continue;
        seen.set(name, "");
        yield entry;
      }
    }
  } finally {
    seen.close();
  }
}

/** By what the sources show without being read. */
async function planAtSight(
  lost: Lost,
  planner: HealPlanner,
  { accept }: HealOptions,
): Promise<void> {
  for await (const entry of entriesOf(lost)) {
    if (await lackAtSight(lost.roots.get(entry.source), entry) === undefined) planner.add(entry);
  }
  const plan = planner.plan();
  if (plan.entries > 0) accept(plan);
}

async function healAll(
  lost: Lost,
  planner: HealPlanner,
  options: HealOptions,
): Promise<HealReport> {
  const { context, roots } = lost;
  const { emit, signal, options: { hashing } } = context;
  const told = healTally(context);
  let batch: LostEntry[] = [];
  let bytes = 0;

  async function flush(): Promise<void> {
    const again = new Set(await storeAgain(context, options, batch, bytes));
    for (const entry of batch) {
      if (again.has(entry)) told.healed(entry);
      else told.left(entry, "it was not stored, or has changed meanwhile");
    }
    [batch, bytes] = [[], 0];
  }

  emit({ kind: "phase", name: "upload" });
  for await (const entry of entriesOf(lost)) {
    const lack = await lackOfSource(roots.get(entry.source), entry, { hashing, signal });
    if (lack !== undefined) told.left(entry, lack);
    else if (options.dryRun) {
      planner.add(entry);
      told.healed(entry);
    } else {
      batch.push(entry);
      bytes += entry.bytes;
      if (batch.length >= BATCH_ENTRIES || bytes >= BATCH_BYTES) await flush();
    }
  }
  if (batch.length > 0) await flush();
  return told.report();
}

/** Counts what became of each lost entry, and tells of those that are left. */
function healTally(context: StoreContext) {
  let [healed, left, bytes] = [0, 0, 0];
  const snapshots = new Set<number>();
  return {
    healed(entry: LostEntry): void {
      healed++;
      bytes += entry.bytes;
    },
    left(entry: LostEntry, reason: string): void {
      left++;
      const hit = snapshotsWith(context, entry);
      for (const snapshot of hit) snapshots.add(snapshot);
      const path = joinPath(entry.source, entry.path);
      const why = `not healed: ${reason}${snapshotText(hit)}`;
      context.emit({ kind: "entry-error", path, reason: why });
    },
    report: (): HealReport => ({
      ...{ lost: healed + left, healed, bytes, left },
      snapshots: [...snapshots].sort((a, b) => a - b),
      exitCode: left > 0 ? EXIT.damage : EXIT.done,
    }),
  };
}

/** Returns those that are in the store now. */
async function storeAgain(
  context: StoreContext,
  { packs }: HealOptions,
  batch: readonly LostEntry[],
  bytes: number,
): Promise<LostEntry[]> {
  const items = batch.map(({ item }) => item);
  const expected = { entries: items.length, bytes: BigInt(bytes) };
  // From here on keys that hold what is damaged are overwritten.
  context.log.append(context.run, [], { durable: true });
  if (packs === undefined) await storeItems(context, items, expected);
  else await packItems({ ...context, packs }, items, expected);
  const healed = batch.flatMap((entry) => {
    const now = nowOf(context, entry.item);
    const content = healedContent(context.log, now);
    return content === undefined || !hasHash(now, entry) ? [] : [{ entry, content }];
  });
  for (const [source, objects] of Map.groupBy(healed, ({ entry }) => entry.source)) {
    const data = { source, objects: objects.map(({ entry, content }) => said(entry, content)) };
    context.log.append(context.run, [{ type: "ObjectHealed", data }], { durable: true });
  }
  return healed.map(({ entry }) => entry);
}

/** A file that was changed between the comparison and the upload is stored, and heals nothing. */
function hasHash({ row: { content } }: Unstored, { sha256 }: LostEntry): boolean {
  return sha256 === undefined || (content.sha256 !== null && hex(content.sha256) === sha256);
}

function said({ path, key, lost }: LostEntry, { content }: Pick<HealedObject, "content">) {
  return {
    ...{ path: jsonOfText(path), lost },
    ...(content === undefined ? {} : { from: key, content }),
  };
}

function nowOf({ log }: StoreContext, item: Unstored): Unstored {
  const { tables } = log.index;
  if (item.isFolder) return { isFolder: true, row: tables.folderById(item.row.id)! };
  const row = tables.findEntry(item.row.folder, item.row.name);
  if (row === undefined) throw new HoldfastError("failed", "an entry is gone while it is healed");
  return { isFolder: false, row };
}

/** Kept snapshots between the storing of what was lost and the check that found it: all have it. */
function snapshotsWith({ log }: StoreContext, { lost, found }: LostEntry): number[] {
  return log.index.snapshots()
    .filter(({ position, forgotten }) => forgotten === 0 && position > lost && position < found)
    .map(({ position }) => position);
}

const TOLD = 5;

function snapshotText(snapshots: readonly number[]): string {
  if (snapshots.length === 0) return "";
  const more = snapshots.length > TOLD ? ` and ${snapshots.length - TOLD} more` : "";
  const which = snapshots.slice(0, TOLD).join(", ") + more;
  return `; snapshot${snapshots.length === 1 ? "" : "s"} ${which} cannot give it back`;
}
