/**
 * What killed processes left: a mark in `pending/<host>~<pid>~<random>/` for every put that was under
 * way. A mark is swept where its process is dead (same host) or, as another host's process cannot be
 * asked, where the marked data was not written to for a day.
 */
import { removeQuietly } from "./disk.ts";
import { isRequestDraft, removeRestoreRequests } from "./restore_requests.ts";
import { dropClaim, previousVersion } from "./make_current.ts";
import { ifThere } from "./disk_error.ts";
import { findRecord } from "./read_version.ts";
import { settlePlain } from "./settle_plain.ts";
import { nowMs, type StoreState } from "./store_state.ts";
import { type VersionPlace, versionPlace } from "./store_layout.ts";
import { recordIn, type VersionRecord } from "./version_record.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The name of a process's folder in `pending/`. */
export function ownerName(hostname: string, pid: number, random: string): string {
  return `${encodeURIComponent(hostname).replaceAll("~", "%7E")}~${pid}~${random}`;
}

export interface Sweeper {
  readonly hostname: string;
  readonly isAlive: (pid: number) => boolean;
}

/** Completes or removes what dead processes left. What cannot be swept now is left as it is. */
export async function sweepPending(state: StoreState, sweeper: Sweeper): Promise<void> {
  const { disk, layout } = state;
  for (const owner of await disk.names(layout.pending)) {
    const folder = `${layout.pending}/${owner}`;
    if (folder === state.pending) continue;
    const names = await ifThere(disk.names(folder)) ?? [];
    const isDead = ownerIsDead(owner, sweeper);
    const drafts = names.filter(isRequestDraft).map((name) => `${folder}/${name}`);
    for (const draft of drafts) {
      if (isDead || await isOld(state, draft)) await removeQuietly(disk, [draft]);
    }
    for (const version of new Set(names.map((name) => name.replace(/\.(?:was|now|plain)$/, "")))) {
      await sweepMark(state, version, `${folder}/${version}`, isDead);
    }
    // Not empty where marks are left; another host may still use an empty one that is young.
    if (isDead || await isOld(state, folder)) await removeQuietly(disk, [folder]);
  }
}

function ownerIsDead(owner: string, { hostname, isAlive }: Sweeper): boolean {
  const [host, pid] = owner.split("~");
  return host === ownerName(hostname, 0, "").split("~")[0] && !isAlive(Number(pid));
}

/** True where the path is not there or was not changed for a day. */
async function isOld(state: StoreState, path: string): Promise<boolean> {
  const entry = await ifThere(state.disk.look(path));
  return entry === undefined || nowMs(state.clock) - entry.modified > DAY_MS;
}

async function sweepMark(
  state: StoreState,
  version: string,
  marker: string,
  isDead: boolean,
): Promise<void> {
  const place = versionPlace(state.layout, version);
  if (place === undefined) return;
  try {
    if (!isDead && !(await isOld(state, marker) && await isOld(state, place.data))) return;
    await sweepVersion(state, place, marker);
  } catch {
    // A damaged pointer or a full disk: the mark stays for a later process, the run goes on.
  }
}

async function sweepVersion(
  state: StoreState,
  place: VersionPlace,
  marker: string,
): Promise<void> {
  const { disk } = state;
  const bytes = await ifThere(disk.readWhole(place.record));
  const record = bytes === undefined ? undefined : recordIn(bytes);
  const fate = record === undefined ? "torn" : await fateOf(state, record, marker);
  if (fate === "current") await completePlain(state, record!, place, marker);
  if (fate === "torn" || fate === "never current") {
    await dropClaim(state, place, marker);
    await removeQuietly(disk, [place.record, place.data]);
    await removeRestoreRequests(disk, place);
  }
  await removeQuietly(disk, [".plain", ".was", ".now", ""].map((end) => marker + end));
}

/** A whole version that was, or may have been, current once is history and stays. */
async function fateOf(
  state: StoreState,
  record: VersionRecord,
  marker: string,
): Promise<"current" | "never current" | "history"> {
  const current = await findRecord(state.disk, state.layout, record.key, undefined);
  if (current?.version === record.version) return "current";
  const waits = await ifThere(state.disk.look(`${marker}.now`)) !== undefined;
  return current === undefined || waits ? "never current" : "history";
}

async function completePlain(
  state: StoreState,
  record: VersionRecord,
  place: VersionPlace,
  marker: string,
): Promise<void> {
  const previous = await previousVersion(state, marker);
  if (await ifThere(state.disk.look(marker)) === undefined) return;
  await settlePlain(state, record, { place, previous, marker });
}
