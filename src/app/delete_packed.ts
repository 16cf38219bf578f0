import { HoldfastError } from "../core/error.ts";
import { EXIT, type ExitCode } from "../core/exit_code.ts";
import { type HeldSpace, withHeld } from "../core/lock/held_space.ts";
import { displayPath, type PathText } from "../core/path_text.ts";
import type { DeletePlan } from "../core/plan/delete_plan.ts";
import {
  chargedDays,
  type LeftPack,
  NO_MOVE,
  type PackFacts,
  type PackMove,
  type PackStep,
  planOf,
} from "../core/plan/pack_plan.ts";
import { isoTime } from "../core/time_text.ts";
import { fillChosen } from "./chosen_contents.ts";
import { dropPacks } from "./drop_packs.ts";
import { loseEntries } from "./lose_entries.ts";
import { type Losers, nameLosers } from "./name_losers.ts";
import {
  inPackUpkeep,
  type PackUpkeep,
  type PackUpkeepDeps,
  type PackUpkeepOptions,
} from "./pack_upkeep.ts";
import {
  asStored,
  headPacks,
  moveOf,
  packFacts,
  type PackHeads,
  packLocks,
  surveyPackUse,
} from "./plan_packs.ts";
import { emptied, packAgain } from "./prune_packs.ts";
import { stayingEntries } from "./staying_entries.ts";

export interface DeletePackedOptions extends PackUpkeepOptions {
  /** Paths as `ls` prints them, or else ids or keys of packs. */
  readonly paths: readonly PathText[];
  /** What kept snapshots need goes, too. */
  readonly force: boolean;
  /** Shows the plan. */
  readonly show: (plan: DeletePlan) => void;
  /** Asks; nothing is done where it says no. */
  readonly accept: (plan: DeletePlan) => Promise<boolean>;
}

export interface DeletePackedReport {
  readonly exitCode: ExitCode;
  readonly plan: DeletePlan;
  readonly accepted: boolean;
  /** Packs that are gone, and their bytes as stored. */
  readonly deleted: number;
  readonly bytes: number;
  readonly failed: number;
  /** Packs that stayed after all: something in them could not be had. */
  readonly kept: number;
  /** Entries of the present state that are not stored any more. */
  readonly lost: number;
  readonly packs: number;
}

/**
 * Deletes packs, or what the packs have of entries: in the latter case the packs are packed again
 * without it, so that no copy is left that can be read. Throws kind "usage" where nothing has one of
 * the names, "guard" where a kept snapshot needs what is to go, or a pack cannot be packed again.
 */
export async function deletePacked(
  deps: PackUpkeepDeps,
  options: DeletePackedOptions,
): Promise<DeletePackedReport> {
  return await inPackUpkeep(deps, { ...options, command: "delete" }, async (upkeep) => {
    const { plan, losers, heads } = await planDeletion(upkeep, options);
    options.show(plan);
    if (!options.force) refuse(plan);
    const accepted = plan.steps.length > 0 && await options.accept(plan);
    const done = accepted ? await carryOut(upkeep, plan, losers, heads) : NOTHING;
    const isLeft = done.failed + done.kept + plan.staying.length > 0;
    const exitCode = isLeft ? EXIT.entries : EXIT.done;
    const counts = { ...done, packs: upkeep.context.totals.objects };
    const totals = Object.entries(counts).map(([name, count]) => [name, `${count}`]);
    return {
      result: { exitCode, plan, accepted, ...counts },
      ...{ outcome: exitCode, totals: Object.fromEntries(totals) },
    };
  });
}

const NOTHING = { deleted: 0, bytes: 0, failed: 0, kept: 0, lost: 0 };

interface Planned {
  readonly plan: DeletePlan;
  readonly losers: Losers;
  readonly heads: PackHeads;
}

async function planDeletion(
  upkeep: PackUpkeep,
  { paths }: DeletePackedOptions,
): Promise<Planned> {
  const packs = paths.map((path) => packNamed(upkeep, path));
  const named = packs.filter((id) => id !== undefined);
  if (named.length === 0) return await planPaths(upkeep, paths);
  const other = paths.find((_, i) => packs[i] === undefined);
  if (other === undefined) return await planPacks(upkeep, named);
  const shown = JSON.stringify(displayPath(other));
  throw new HoldfastError("usage", `${shown} is no pack of this job, and others of the names are`, {
    hint: "delete packs and paths one after the other",
  });
}

/** Position of the PackStarted of the pack that has this id or key. */
function packNamed({ deps: { log } }: PackUpkeep, name: string): number | undefined {
  const { tables } = log.index;
  const row = tables.packByName(name) ?? tables.packByKey(name);
  return row === undefined || row.stored === 0 ? undefined : row.id;
}

/** Whole packs: what nothing else has goes with them. */
async function planPacks(upkeep: PackUpkeep, ids: readonly number[]): Promise<Planned> {
  const { ledger } = upkeep;
  // From the beginning: what other packs have, too, is needed there.
  for (const id of ids) ledger.leave(id);
  const markers = await surveyPackUse(upkeep);
  for (const content of ledger.waiting()) ledger.giveUp(content);
  const facts = packFacts(upkeep, markers).filter(({ id }) => ledger.isLeaving(id));
  const heads = await headPacks(upkeep, facts);
  const steps = facts.map((pack) => stepOf(upkeep, "delete", pack, heads));
  const losers = await nameLosers(upkeep);
  const { lost: _, ...named } = losers;
  const held = await heldOf(upkeep, steps);
  return { losers, heads, plan: { ...planOf(steps), ...named, staying: [], hindered: [], held } };
}

async function heldOf(
  upkeep: PackUpkeep,
  steps: readonly PackStep[],
): Promise<HeldSpace | undefined> {
  const locks = await packLocks(upkeep, steps.map(({ pack }) => pack));
  let space: HeldSpace | undefined;
  for (const { pack: { id, bytes } } of steps) {
    const until = locks.get(id)?.heldUntil;
    if (until !== undefined) space = withHeld(space, { bytes, until });
  }
  return space;
}

function stepOf(
  upkeep: PackUpkeep,
  action: PackStep["action"],
  facts: PackFacts,
  heads: PackHeads,
): PackStep {
  const pack = asStored(upkeep, facts, heads.get(facts.id));
  return { action, pack, move: NO_MOVE, chargedDays: chargedDays(pack, upkeep.now) };
}

/** What is at and below the paths, in any state, and in whatever pack. */
async function planPaths(upkeep: PackUpkeep, paths: readonly PathText[]): Promise<Planned> {
  const { ledger } = upkeep;
  const { markers, found } = await fillChosen(upkeep, { paths });
  if (!found) throw notFound(paths);
  for (const { sha256 } of ledger.chosen()) {
    if (ledger.isGoing(sha256)) { for (const pack of ledger.packsWith(sha256)) ledger.leave(pack); }
  }
  const facts = packFacts(upkeep, markers).filter(({ id }) => ledger.isLeaving(id));
  const heads = await headPacks(upkeep, facts);
  const steps: PackStep[] = [];
  const hindered: (LeftPack & Pick<PackMove, "givesRest">)[] = [];
  for (const one of facts) {
    const isEmpty = one.needed === 0 && one.markers === 0;
    const step = stepOf(upkeep, isEmpty ? "delete" : "repack", one, heads);
    const move = isEmpty ? NO_MOVE : await moveOf(upkeep, step.pack, heads);
    if (move.needsIdentity) throw needsIdentity(one, move.hindrance!);
    steps.push({ ...step, move });
    if (move.hindrance !== undefined) {
      const { hindrance: why, givesRest } = move;
      hindered.push({ pack: step.pack, why, givesRest });
    }
  }
  // Only with `--force` it comes to that: then these packs go with all that cannot be had elsewhere.
  for (const { pack, givesRest } of hindered) await giveUpUnmoved(upkeep, pack, givesRest === true);
  const staying = await stayingEntries(upkeep, { paths });
  const losers = await nameLosers(upkeep);
  const { lost: _, ...named } = losers;
  const held = await heldOf(upkeep, steps);
  return { losers, heads, plan: { ...planOf(steps), ...named, staying, hindered, held } };
}

/** What neither the source nor the store gives of a pack. */
async function giveUpUnmoved(
  upkeep: PackUpkeep,
  { id }: PackFacts,
  isReadable: boolean,
): Promise<void> {
  const { ledger, deps, sources, breathe } = upkeep;
  const { tables } = deps.log.index;
  for (const content of ledger.needed(id)) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    if (content.list > 0 || !ledger.mustMove(content.sha256)) continue;
    if (isReadable && !content.lost) continue;
    const { claim } = content;
    const row = claim === undefined ? undefined : tables.findEntry(claim.folder, claim.name);
    if (row === undefined || !await sources.has(row)) ledger.giveUp(content);
  }
}

/** What can be kept is not given up, by no option. */
function needsIdentity({ key }: PackFacts, why: string): HoldfastError {
  return new HoldfastError("key", `${key} cannot be packed again without it: ${why}`, {
    context: { key },
    hint: "name the identity file with --identity or HOLDFAST_IDENTITY_FILE; nothing was changed",
  });
}

function notFound(paths: readonly PathText[]): HoldfastError {
  const names = paths.map((path) => JSON.stringify(displayPath(path))).join(", ");
  return new HoldfastError("usage", `there is no entry, and no pack, ${names}`, {
    hint: "write paths as holdfast ls prints them, packs as their keys or ids",
  });
}

/** Without `--force`. */
function refuse({ snapshots, hindered, held, current }: DeletePlan): void {
  if (held !== undefined) {
    const end = isoTime(held.until).slice(0, 10);
    throw new HoldfastError("guard", `a lock keeps what is to go until ${end}`, {
      hint: "repeat it after that, or with --force: then it is given up now, and deleted when " +
        "its lock has ended; nothing was changed",
    });
  }
  if (hindered.length > 0) {
    const [{ pack, why }] = hindered;
    throw new HoldfastError("guard", `${pack.key} cannot be packed again without it: ${why}`, {
      context: { key: pack.key },
      hint: "with --force the whole pack goes, and what is listed loses its content; " +
        "nothing was changed",
    });
  }
  if (snapshots.length === 0) return;
  const positions = snapshots.map(({ position }) => position).join(", ");
  throw new HoldfastError("guard", `kept snapshots need it: ${positions}`, {
    hint: `forget them, or repeat with --force${
      current > 0 ? "; exclude it, or the next backup stores it again" : ""
    }; nothing was changed`,
  });
}

async function carryOut(
  upkeep: PackUpkeep,
  plan: DeletePlan,
  { lost }: Losers,
  heads: PackHeads,
) {
  const ids = plan.steps.map(({ pack }) => pack.id);
  await packAgain(upkeep, heads, plan);
  const rows = emptied(upkeep, ids);
  const kept = ids.length - rows.length;
  // All of it or nothing: else entries would lose what can be read still.
  if (kept > 0) return { ...NOTHING, kept };
  const entries = await loseEntries(upkeep);
  const { packs: deleted, bytes, failed } = await dropPacks(upkeep, rows, {
    ...{ why: "deleted", heads, lost, snapshots: plan.snapshots },
  });
  return { deleted, bytes, failed, kept, lost: entries };
}
