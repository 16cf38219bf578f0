import { isLive } from "../core/index/rows.ts";
import { isInObject } from "../core/index/observed_content.ts";
import type { Claim } from "../core/mirror/claim.ts";
import type { RecordedEntry } from "../core/mirror/renames_record.ts";
import type { Place } from "./adopt_batch.ts";
import {
  applyChange,
  type Changing,
  markUnreadable,
  noteSources,
  removeRow,
  sayAssumed,
  shown,
} from "./adopt_changes.ts";
import { remarks } from "./adopt_remarks.ts";
import { addRemoved } from "./adopt_removed.ts";
import type { AdoptWork } from "./adopt_work.ts";

interface Placing extends AdoptWork, Changing {
  /** Contents that records name and the store does not have as recorded: key and ETag. */
  readonly lost: ReadonlySet<string>;
  /** Placed, by what says so. */
  readonly entries: Record<Claim["from"], number>;
  outside: number;
}

export interface Placed {
  readonly entries: Readonly<Record<Claim["from"], number>>;
  readonly missing: readonly string[];
  /** Of no source that is known. */
  readonly outside: number;
}

/** Brings the index to the state, and says what of it could not be. */
export async function placeAll(work: AdoptWork): Promise<Placed> {
  const { survey, state, batch, after } = work;
  for (const object of survey.objects()) {
    if (object.metadata.position > after) state.see(object);
  }
  const lost = await lostContents(work);
  const placing: Placing = {
    ...{ ...work, inPacks: false, lost, unreadable: [], missing: remarks() },
    ...{ entries: { object: 0, record: 0 }, outside: 0 },
  };
  for (const step of state.steps()) {
    if (step.kind === "place") placeClaim(placing, step.claim, "then");
    else applyChange(placing, step.change);
  }
  // Sources have no object, and all else is in them.
  for (const claim of state.rest((claim) => isRoot(placing, claim))) {
    placeClaim(placing, claim, "now");
  }
  for (const object of survey.objects()) {
    if (object.metadata.position <= after) continue;
    const claim = state.turn(object);
    if (claim !== undefined) placeClaim(placing, claim, "now");
  }
  for (const claim of state.rest(() => true)) placeClaim(placing, claim, "now");
  batch.flush();
  noteSources(placing);
  markUnreadable(placing);
  addRemoved(work);
  sayAssumed(placing);
  const { entries, missing, outside } = placing;
  return { entries, missing: missing.texts(), outside };
}

function isRoot({ names }: Placing, { now, isFolder }: Claim): boolean {
  return isFolder && names.split(now, Infinity)?.path === "";
}

const named = ({ key, etag }: { key: string; etag?: string }) => `${key}\0${etag}`;

/** Of what records in force say: that it is not there any more, as it was recorded. */
async function lostContents({ deps, survey, state }: AdoptWork): Promise<Set<string>> {
  const lost = new Set<string>();
  for (const { entry } of state.contents()) {
    const content = entry.content!;
    if (!isInObject(content)) continue;
    if (survey.etagOf(content.key) === content.etag) continue;
    const { key, version } = content;
    const head = version === undefined
      ? undefined
      : await deps.store.head(key, { versionId: version });
    if (head?.etag !== content.etag) lost.add(named(content));
  }
  return lost;
}

function placeClaim(placing: Placing, claim: Claim, when: "then" | "now"): void {
  const { names, batch } = placing;
  const place = when === "now"
    ? names.split(claim.now, Infinity)
    : names.split(claim.path, claim.position);
  if (place === undefined) {
    placing.outside++;
    return;
  }
  const entry = withoutLost(placing, claim, place);
  if (placing.gaps.length > 0 && isInTheWay(placing, claim, place)) {
    placing.missing.push(`${shown(place)} is a folder and a file: the folder is in the index`);
    return;
  }
  batch.place(place, entry);
  placing.entries[claim.from]++;
  if (entry.unreadable) placing.unreadable.push(place);
}

/** Where the record of a removal is missing, a file and a folder may claim one path. */
function isInTheWay(placing: Placing, { isFolder }: Claim, place: Place): boolean {
  const isTaken = isLive(placing.batch.rowOf(place, !isFolder));
  if (isTaken && isFolder) removeRow(placing, place, false);
  return isTaken && !isFolder;
}

function withoutLost(placing: Placing, { entry, isFolder }: Claim, place: Place): RecordedEntry {
  const { content, ...rest } = entry;
  const isThere = content === undefined || !isInObject(content) ||
    !placing.lost.has(named(content));
  if (isThere) return entry;
  if (!isFolder) {
    placing.missing.push(
      `the content of ${shown(place)} is not in the store as it was recorded (${content.key})`,
    );
  }
  return rest;
}
