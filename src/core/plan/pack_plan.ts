import { deleteRequests } from "../cost/price_deletion.ts";
import { type HeldSpace, withHeld } from "../lock/held_space.ts";
import { remainingDays } from "./minimum_days.ts";

/** How a complete pack is used. */
export interface PackFacts {
  /** Position of its PackStarted. */
  readonly id: number;
  readonly key: string;
  readonly storageClass: string;
  /** As stored, and of its TAR. */
  readonly bytes: number;
  readonly plain: number;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  /** Contents that an entry or a kept snapshot needs. */
  readonly needed: number;
  /** Live entries without a content that nothing but this pack's index tells of. */
  readonly markers: number;
  /** Bytes of TAR that nobody needs, about. */
  readonly dead: number;
}

/** What it takes to have the needed contents of a pack in another one (bytes of content). */
export interface PackMove {
  readonly fromSource: number;
  readonly fromStore: number;
  /** Why that cannot be done; undefined where it can. */
  readonly hindrance: string | undefined;
  /** It can be done by whoever names an identity. */
  readonly needsIdentity?: true;
  /** What hinders is its lock, which ends then (ms since 1970). */
  readonly heldUntil?: number;
  /** What hinders are lost contents alone: the others can be had. */
  readonly givesRest?: true;
}

export const NO_MOVE: PackMove = { fromSource: 0, fromStore: 0, hindrance: undefined };

export interface PackRules {
  /** Share of a pack, from 0 to 1, that may be dead before it is repacked. */
  readonly maxDead: number;
  /** Packs smaller than this are merged (bytes as stored) … */
  readonly small: number;
  /** … where there are so many of them. */
  readonly mergeFrom: number;
}

/** Small are packs below an eighth of `pack_size`; fewer than eight of them are left alone. */
export function packRules(packSize: number, maxDead: number = MAX_DEAD): PackRules {
  return { maxDead, small: packSize / 8, mergeFrom: 8 };
}

/** Half: what is sent again is then at most what is freed. */
export const MAX_DEAD = 0.5;

export type PackVerdict = "keep" | "delete" | "repack" | "small";

export function judgePack(pack: PackFacts, rules: PackRules): PackVerdict {
  const { needed, markers, dead, plain, bytes } = pack;
  if (needed === 0 && markers === 0) return "delete";
  if (dead > 0 && dead >= plain * rules.maxDead) return "repack";
  return bytes < rules.small ? "small" : "keep";
}

export type PackAction = "delete" | "repack" | "merge";

/** One pack that will be deleted; of "repack" and "merge" what it has is in another one before. */
export interface PackStep {
  readonly action: PackAction;
  readonly pack: PackFacts;
  readonly move: PackMove;
  /** Days of its class's minimum storage duration that are still to be paid; undefined: not known. */
  readonly chargedDays: number | undefined;
}

/** A pack that should go, and stays. */
export interface LeftPack {
  readonly pack: PackFacts;
  readonly why: string;
  /** Its lock ends then (ms since 1970). */
  readonly heldUntil?: number;
}

/** What a prune will do with packs, as data (DESIGN section 2: plan, step). */
export interface PackPlan {
  readonly steps: readonly PackStep[];
  readonly left: readonly LeftPack[];
  readonly counts: Readonly<Record<PackAction, number>>;
  /** As stored, of the packs that go. */
  readonly bytes: number;
  /** Of content that is packed again: from the source, and from the store. */
  readonly fromSource: number;
  readonly fromStore: number;
  /** DELETE requests, of up to 1,000 objects each: a pack and its index are two. */
  readonly requests: number;
}

export interface JudgedPack {
  readonly pack: PackFacts;
  readonly verdict: Exclude<PackVerdict, "keep">;
  readonly move: PackMove;
}

/** `now` is in milliseconds since 1970. */
export function planPacks(judged: readonly JudgedPack[], rules: PackRules, now: number): PackPlan {
  const free = judged.filter(({ verdict, pack }) =>
    verdict === "small" && chargedDays(pack, now) === 0
  );
  const small = free.filter(({ move }) => move.hindrance === undefined);
  const locked = free.filter(({ move }) => move.needsIdentity === true);
  const merged = new Set(small.length >= rules.mergeFrom ? small : []);
  const isWorthAnIdentity = small.length + locked.length >= rules.mergeFrom;
  const told = new Set(merged.size === 0 && isWorthAnIdentity ? locked : []);
  const steps: PackStep[] = [];
  const left: LeftPack[] = [];
  for (const one of judged) {
    const { pack, verdict, move } = one;
    if (verdict === "small" && !merged.has(one) && !told.has(one)) continue;
    if (move.hindrance !== undefined) {
      const { heldUntil } = move;
      left.push({ pack, why: move.hindrance, ...(heldUntil === undefined ? {} : { heldUntil }) });
      continue;
    }
    const action = verdict === "small" ? "merge" : verdict;
    steps.push({ action, pack, move, chargedDays: chargedDays(pack, now) });
  }
  return { ...planOf(steps), left };
}

/** What could be had back, were it not for locks. */
export function heldPacks({ left }: Pick<PackPlan, "left">): HeldSpace | undefined {
  let space: HeldSpace | undefined;
  for (const { pack: { needed, bytes, dead }, heldUntil: until } of left) {
    if (until !== undefined) space = withHeld(space, { bytes: needed === 0 ? bytes : dead, until });
  }
  return space;
}

/** The totals of steps that somebody has chosen. */
export function planOf(steps: readonly PackStep[]): Omit<PackPlan, "left"> {
  const sum = (pick: (step: PackStep) => number) =>
    steps.reduce((total, step) => total + pick(step), 0);
  const count = (action: PackAction) => sum((step) => step.action === action ? 1 : 0);
  return {
    steps,
    counts: { delete: count("delete"), repack: count("repack"), merge: count("merge") },
    bytes: sum(({ pack }) => pack.bytes),
    fromSource: sum(({ move }) => move.fromSource),
    fromStore: sum(({ move }) => move.fromStore),
    requests: deleteRequests(2 * steps.length),
  };
}

export function chargedDays(
  { storageClass, storedAt }: Pick<PackFacts, "storageClass" | "storedAt">,
  now: number,
): number | undefined {
  return remainingDays(storageClass, storedAt, now);
}
