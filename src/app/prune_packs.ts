import { HoldfastError } from "../core/error.ts";
import { EXIT, type ExitCode } from "../core/exit_code.ts";
import type { PackRow } from "../core/index/pack_rows.ts";
import { heldPacks, type PackPlan, packRules, planPacks } from "../core/plan/pack_plan.ts";
import { heldTotals } from "../core/lock/held_space.ts";
import type { JobLog } from "../ports/event_log.ts";
import { dropPacks, type Dropped } from "./drop_packs.ts";
import { moveContents } from "./move_contents.ts";
import {
  inPackUpkeep,
  type PackUpkeep,
  type PackUpkeepDeps,
  type PackUpkeepOptions,
} from "./pack_upkeep.ts";
import { packWriter } from "./pack_writer.ts";
import { judgePacks, packFacts, type PackHeads, surveyPackUse } from "./plan_packs.ts";
import { recordAgain } from "./record_again.ts";

export interface PrunePacksOptions extends PackUpkeepOptions {
  /** Share of a pack, from 0 to 1, that may be dead before it is repacked. */
  readonly maxDead: number;
  /** Shows the plan, and asks; nothing is done where it says no. */
  readonly accept: (plan: PackPlan) => Promise<boolean>;
}

export interface PrunePacksReport {
  readonly exitCode: ExitCode;
  readonly plan: PackPlan;
  readonly accepted: boolean;
  /** Packs that are gone, and their bytes as stored. */
  readonly deleted: number;
  readonly bytes: number;
  readonly failed: number;
  /** Packs that stayed after all: something in them could not be had. */
  readonly kept: number;
  /** New packs, and their bytes as stored. */
  readonly packs: number;
  readonly packedBytes: number;
}

/**
 * Deletes the packs that no kept snapshot and no entry needs; packs of which much is dead, and many
 * small ones, are packed again before.
 */
export async function prunePacks(
  deps: PackUpkeepDeps,
  options: PrunePacksOptions,
): Promise<PrunePacksReport> {
  return await inPackUpkeep(deps, { ...options, command: "prune" }, async (upkeep) => {
    const { deps: { log }, now } = upkeep;
    if (log.index.snapshots().every(({ forgotten }) => forgotten !== 0)) throw noSnapshot();
    const markers = await surveyPackUse(upkeep);
    const rules = packRules(options.packs.packSize, options.maxDead);
    // What a restore waits for may have been paid for.
    const facts = packFacts(upkeep, markers).filter(({ id }) => !isAwaited(log, id));
    const { judged, heads } = await judgePacks(upkeep, facts, rules);
    const plan = planPacks(judged, rules, now);
    const accepted = await options.accept(plan);
    const done = accepted ? await carryOut(upkeep, plan, heads) : NOTHING;
    const { failed, packs: deleted, bytes, kept } = done;
    const { objects: packs, bytes: packedBytes } = upkeep.context.totals;
    const exitCode = failed > 0 ? EXIT.entries : EXIT.done;
    const counts = { deleted, bytes, failed, kept, packs, packedBytes };
    const totals = Object.entries(counts).map(([name, count]) => [name, `${count}`]);
    return {
      result: { exitCode, plan, accepted, ...counts },
      outcome: exitCode,
      totals: { ...Object.fromEntries(totals), ...heldTotals(heldPacks(plan)) },
    };
  });
}

function isAwaited({ index }: JobLog, id: number): boolean {
  const { key, version } = index.packs.pack(id)!;
  return index.tables.isAwaited({ key, version: version ?? "" });
}

const NOTHING = { packs: 0, bytes: 0, failed: 0, kept: 0 };

function noSnapshot(): HoldfastError {
  return new HoldfastError("usage", "no snapshot is kept, so nothing says what is needed", {
    hint: "run a backup first: its snapshot is what prune keeps",
  });
}

async function carryOut(
  upkeep: PackUpkeep,
  plan: PackPlan,
  heads: PackHeads,
): Promise<Dropped & { readonly kept: number }> {
  if (plan.steps.length === 0) return NOTHING;
  const ids = plan.steps.map(({ pack }) => pack.id);
  for (const id of ids) upkeep.ledger.leave(id);
  await packAgain(upkeep, heads, plan);
  const rows = emptied(upkeep, ids);
  const dropped = await dropPacks(upkeep, rows, { why: "pruned", heads });
  return { ...dropped, kept: ids.length - rows.length };
}

/** What is needed of the packs that are to leave is in others afterwards, as far as it can be had. */
export async function packAgain(
  upkeep: PackUpkeep,
  heads: PackHeads,
  { steps, fromSource, fromStore }: Pick<PackPlan, "steps" | "fromSource" | "fromStore">,
): Promise<void> {
  const bytes = fromSource + fromStore;
  const total = steps.reduce((sum, { pack }) => sum + pack.needed, 0);
  const writer = packWriter(upkeep.context, { bytes, entries: total });
  upkeep.deps.emit({ kind: "phase", name: "upload" });
  try {
    await recordAgain(upkeep, writer);
    const progress = { done: 0, bytes: 0, total, totalBytes: bytes };
    await moveContents({ upkeep, writer, heads, progress });
    await writer.finish();
  } finally {
    await writer.close();
  }
}

/** Those whose needed contents are all in complete packs that stay. Looked up once more: to be sure. */
export function emptied({ deps, ledger }: PackUpkeep, ids: readonly number[]): PackRow[] {
  const { packs } = deps.log.index;
  const rows: PackRow[] = [];
  for (const id of ids) if (ledger.isWaiting(id)) ledger.stay(id);
  for (const id of ids) {
    if (!ledger.isLeaving(id)) continue;
    let isEmptied = true;
    for (const { sha256 } of ledger.needed(id)) {
      isEmptied = packs.places(sha256).some(({ pack, lost }) => !lost && !ledger.isLeaving(pack));
      if (!isEmptied) break;
    }
    if (isEmptied) rows.push(packs.pack(id)!);
    else ledger.stay(id);
  }
  return rows;
}
