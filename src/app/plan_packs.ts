import type { PackRow } from "../core/index/pack_rows.ts";
import { packedHash } from "../core/index/packed_hash.ts";
import { isReadable } from "../core/mirror/storage_class.ts";
import {
  type JudgedPack,
  judgePack,
  NO_MOVE,
  type PackFacts,
  type PackMove,
  type PackRules,
} from "../core/plan/pack_plan.ts";
import { compareBytes } from "../core/path_text.ts";
import { isoTime, timeOfIso } from "../core/time_text.ts";
import type { Unstored } from "../ports/event_log.ts";
import type { ObjectHead } from "../ports/object_store.ts";
import type { ContentClaim } from "../ports/work_tables.ts";
import { isToBeDeleted } from "./check_packs.ts";
import { heldUntil, mayBeLocked } from "./held_by_locks.ts";
import { eachInParallel } from "./in_parallel.ts";
import { fillPackLedger } from "./needed_contents.ts";
import type { PackUpkeep } from "./pack_upkeep.ts";

/** Live entries that nothing but the index of a pack tells of, counted by pack. */
export type Markers = Map<number, number>;

/** Fills the ledger and counts markers: one replay, and one look at every entry. */
export async function surveyPackUse(upkeep: PackUpkeep): Promise<Markers> {
  const { deps, ledger, homes, breathe } = upkeep;
  const markers: Markers = new Map();
  await fillPackLedger({ ...deps, breathe }, ledger, {
    see: (event) => homes.note(event),
    live: (item) => noteMarker(upkeep, markers, item),
  });
  return markers;
}

export function noteMarker(
  { homes }: Pick<PackUpkeep, "homes">,
  markers: Markers,
  item: Unstored,
): void {
  const home = isMarker(item) ? homes.of(item.row) : "none";
  if (typeof home === "number") markers.set(home, (markers.get(home) ?? 0) + 1);
}

/** Folders, symlinks, empty files and the like, which a pack has by a header. Roots have none. */
export function isMarker({ isFolder, row }: Unstored): boolean {
  return isFolder ? row.parent !== 0 : packedHash(row) === undefined;
}

const HEADS = 16;

/** What the store says of a pack. */
export type PackHeads = Map<number, ObjectHead>;

/** Every complete pack that is not to be deleted already. */
export function packFacts({ deps, ledger }: PackUpkeep, markers: Markers): PackFacts[] {
  const { log } = deps;
  const uses = new Map(ledger.uses().map((use) => [use.pack, use]));
  const facts: PackFacts[] = [];
  for (const row of log.index.packs.all()) {
    if (row.stored === 0 || isToBeDeleted(log, row)) continue;
    const { needed = 0, dead = 0 } = uses.get(row.id) ?? {};
    facts.push(factsOf(row, { needed, dead, markers: markers.get(row.id) ?? 0 }));
  }
  return facts;
}

function factsOf(
  { id, key, storageClass, size: bytes, plain }: PackRow,
  use: Pick<PackFacts, "needed" | "dead" | "markers">,
): PackFacts {
  return { id, key, storageClass, bytes, plain, storedAt: 0, ...use };
}

/** Those that may have to go, with what moving their contents takes. Asks the store for each of them. */
export async function judgePacks(
  upkeep: PackUpkeep,
  facts: readonly PackFacts[],
  rules: PackRules,
): Promise<{ judged: JudgedPack[]; heads: PackHeads }> {
  const wanted = facts.flatMap((pack) => {
    const verdict = judgePack(pack, rules);
    return verdict === "keep" ? [] : [{ pack, verdict }];
  });
  const packs = wanted.map(({ pack }) => pack);
  const heads = await headPacks(upkeep, packs);
  const locks = await packLocks(upkeep, packs);
  const judged: JudgedPack[] = [];
  for (const { pack, verdict } of wanted) {
    const now = asStored(upkeep, pack, heads.get(pack.id));
    const move = locks.get(pack.id) ??
      (verdict === "delete" ? NO_MOVE : await moveOf(upkeep, now, heads));
    judged.push({ pack: now, verdict, move });
  }
  return { judged, heads };
}

/** Why packs cannot go: their locks have not ended. Packed again, what they have would lie there twice. */
export async function packLocks(
  { deps }: Pick<PackUpkeep, "deps">,
  packs: readonly Pick<PackFacts, "id" | "key">[],
): Promise<ReadonlyMap<number, PackMove>> {
  const moves = new Map<number, PackMove>();
  if (!mayBeLocked(deps, deps.isLocking ?? false)) return moves;
  const now = Number(deps.environment.clock.now() / 1_000_000n);
  await eachInParallel(packs, HEADS, async ({ id, key }) => {
    const { version } = deps.log.index.packs.pack(id)!;
    const object = version === null ? { key } : { key, versionId: version };
    const until = await heldUntil(deps.store, object, now);
    if (until === undefined) return;
    const hindrance = `its lock ends on ${isoTime(until).slice(0, 10)}: reclaimable then`;
    moves.set(id, { ...NO_MOVE, hindrance, heldUntil: until });
  });
  return moves;
}

export async function headPacks(
  { deps }: PackUpkeep,
  packs: readonly Pick<PackFacts, "id" | "key">[],
): Promise<PackHeads> {
  const heads: PackHeads = new Map();
  await eachInParallel(packs, HEADS, async ({ id, key }) => {
    const { version } = deps.log.index.packs.pack(id)!;
    const head = await deps.store.head(key, version === null ? {} : { versionId: version });
    if (head !== undefined) heads.set(id, head);
  });
  return heads;
}

/** With the class that it is in now, and when it was stored by the log, or else by the store. */
export function asStored(
  { deps: { log } }: PackUpkeep,
  pack: PackFacts,
  head: ObjectHead | undefined,
): PackFacts {
  const { stored } = log.index.packs.pack(pack.id)!;
  const [event] = log.events({ from: stored, to: stored });
  return {
    ...pack,
    storageClass: head?.storageClass ?? pack.storageClass,
    storedAt: event === undefined ? head?.lastModified ?? 0 : timeOfIso(event.at),
  };
}

/** Where the needed contents of a pack can be had from: from the source first, never from an archive. */
export async function moveOf(
  upkeep: PackUpkeep,
  pack: PackFacts,
  heads: PackHeads,
): Promise<PackMove> {
  const has = sourceHas(upkeep);
  let [fromSource, fromStore, absent, lost] = [0, 0, 0, 0];
  for (const { claim, size, list, lost: isLost } of upkeep.ledger.needed(pack.id)) {
    const pause = upkeep.breathe();
    if (pause !== undefined) await pause;
    // The list of a file's chunks is made of what the index knows.
    if (list > 0) continue;
    if (claim !== undefined && await has(claim)) fromSource += size;
    else if (isLost || !heads.has(pack.id)) lost++;
    else {
      absent++;
      fromStore += size;
    }
  }
  const barred = absent > 0 ? await storeHindrance(upkeep, pack, absent) : undefined;
  const move = { fromSource, fromStore: barred === undefined ? fromStore : 0 };
  if (lost === 0 || barred?.needsIdentity) return { ...move, hindrance: undefined, ...barred };
  const what = `${lost} of its contents are needed and were found missing or damaged`;
  const hindrance = `${what}: see \`holdfast check\``;
  return { ...move, hindrance, ...(barred === undefined ? { givesRest: true } : {}) };
}

/** Whether the source still has an entry as it was stored; the chunks of one ask one after the other. */
function sourceHas(
  { deps, sources }: PackUpkeep,
): (claim: ContentClaim) => Promise<boolean> {
  const { tables } = deps.log.index;
  let last: { readonly claim: ContentClaim; readonly has: boolean } | undefined;
  return async (claim) => {
    const isSame = last?.claim.folder === claim.folder &&
      compareBytes(last.claim.name, claim.name) === 0;
    if (!isSame) {
      const row = tables.findEntry(claim.folder, claim.name);
      last = { claim, has: row !== undefined && await sources.has(row) };
    }
    return last!.has;
  };
}

/** Why a pack cannot be read. Throws kind "key" where the identity that was named is a wrong one. */
async function storeHindrance(
  { deps, reader }: PackUpkeep,
  { id, storageClass }: PackFacts,
  absent: number,
): Promise<Pick<PackMove, "hindrance" | "needsIdentity"> | undefined> {
  const what = `the source does not have ${absent} of its contents any more`;
  if (!isReadable(storageClass)) {
    return { hindrance: `${what}, and nothing is read from ${storageClass}` };
  }
  if (deps.log.index.packs.pack(id)!.encryption === "none") return undefined;
  if (await deps.identities() === undefined) {
    const hindrance = `${what}, and without --identity an encrypted pack is not read`;
    return { hindrance, needsIdentity: true };
  }
  await reader.prove(id);
  return undefined;
}
