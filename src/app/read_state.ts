import { HoldfastError } from "../core/error.ts";
import { CHANGING_EVENTS } from "../core/event/changing_events.ts";
import type { SnapshotRow } from "../core/index/run_fold.ts";
import { isoTime } from "../core/time_text.ts";
import type { SignalSink } from "../core/signal.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import type { Replayer } from "../ports/replay.ts";
import { applyHealed } from "./healed_state.ts";
import { historyText, lookableSince, refuseBeforeBase } from "./log_base.ts";

/** Which state of a job to look at. */
export type WantedState =
  /** The newest snapshot; the head where there is none, or what a rebuild found is newer. */
  | { readonly kind: "default" }
  | { readonly kind: "head" }
  | { readonly kind: "snapshot"; readonly snapshot: "latest" | number }
  | { readonly kind: "position"; readonly position: number }
  /** Milliseconds since 1970. */
  | { readonly kind: "time"; readonly time: number };

export interface ReadState {
  readonly index: IndexModel;
  readonly position: number;
  /** Where the state is a snapshot's. */
  readonly snapshot?: SnapshotRow;
  /** What was chosen, in words. */
  readonly label: string;
  close(): void;
}

/**
 * The index as it was: the live one where nothing has changed since, else a replay up to the
 * position. Throws kind "usage" where there is no such snapshot or position, "gone" where the log on
 * this machine begins behind it.
 */
export function openState(
  log: JobLog,
  replayer: Replayer,
  wanted: WantedState,
  emit: SignalSink,
): ReadState {
  const { position, snapshot, label } = resolve(log, wanted);
  refuseBeforeBase(log, position);
  const found = { position, label, ...(snapshot === undefined ? {} : { snapshot }) };
  if (!changedSince(log, position)) return { ...found, index: log.index, close() {} };
  emit({ kind: "phase", name: "replay" });
  const replay = replayer.begin(log);
  try {
    for (const event of log.events({ to: position })) {
      replay.project(event);
      if (event.position % 256 === 0) {
        emit({ kind: "replay", done: event.position, total: position });
      }
    }
    applyHealed(log, replay.index, position);
  } catch (error) {
    replay.close();
    throw error;
  }
  return { ...found, index: replay.index, close: () => replay.close() };
}

/** Whether a state is one of before a log's base: what was cut has to be at hand for it. */
export function isBeforeBase(log: JobLog, wanted: WantedState): boolean {
  return log.base !== undefined && resolve(log, wanted).position < log.base.since;
}

function changedSince(log: JobLog, position: number): boolean {
  for (const type of CHANGING_EVENTS) {
    for (const _ of log.lines({ from: position + 1, type })) return true;
  }
  return false;
}

interface Resolved {
  readonly position: number;
  readonly snapshot?: SnapshotRow;
  readonly label: string;
}

function resolve(log: JobLog, wanted: WantedState): Resolved {
  const head = log.head().position;
  const known = log.index.snapshots();
  const snapshots = known.filter(({ forgotten }) => forgotten === 0);
  const latest = snapshots.at(-1);
  switch (wanted.kind) {
    case "default":
      return resolveDefault(log, latest, known.at(-1)?.position ?? 0);
    case "head":
      return { position: head, label: `the head, position ${head}` };
    case "snapshot": {
      const { snapshot: name } = wanted;
      const row = name === "latest" ? latest : snapshots.find((row) => row.position === name);
      if (row !== undefined) return ofSnapshot(row);
      if (known.some(({ position }) => position === name)) {
        throw new HoldfastError("usage", `snapshot ${name} was forgotten`, {
          hint: `--at ${name} shows its state; content that prune deleted does not come back`,
        });
      }
      throw new HoldfastError("usage", `there is no snapshot ${name}`, {
        hint: snapshots.length === 0
          ? "no backup has been completed yet"
          : "`holdfast snapshots` lists them",
      });
    }
    case "position":
      if (wanted.position <= head) {
        return { position: wanted.position, label: `position ${wanted.position}` };
      }
      throw new HoldfastError(
        "usage",
        `the log ends at position ${head}, before ${wanted.position}`,
        {
          hint: "`holdfast log` shows the positions",
        },
      );
    case "time": {
      const position = lastBefore(log, wanted.time);
      return { position, label: `position ${position}, at ${isoTime(wanted.time)}` };
    }
  }
}

/** `newest` is the position of the newest snapshot, forgotten or not. */
function resolveDefault(
  log: JobLog,
  latest: SnapshotRow | undefined,
  newest: number,
): Resolved {
  const { position } = log.head();
  const head = `the head, position ${position}`;
  if (latest === undefined) return { position, label: `${head}: there is no snapshot yet` };
  const snapshot = `the newest snapshot, ${latest.position} of ${latest.at}`;
  if (log.base !== undefined && latest.position < lookableSince(log)) {
    return { position, label: `${head}: ${historyText(log.base.position)}, nor is ${snapshot}` };
  }
  if (hasAdopted(log, newest)) {
    return { position, label: `${head}: what the rebuild found is newer than ${snapshot}` };
  }
  return { ...ofSnapshot(latest), label: snapshot };
}

/**
 * True where a rebuild took over what it found beside the segments, and no backup was completed since:
 * the snapshots of what it found went with the segments that told of them.
 */
function hasAdopted(log: JobLog, since: number): boolean {
  for (const event of log.events({ from: since + 1, type: "IndexRebuilt" })) {
    if (event.type === "IndexRebuilt" && event.data.way !== "segments") return true;
  }
  return false;
}

function ofSnapshot(snapshot: SnapshotRow): Resolved {
  const label = `snapshot ${snapshot.position} of ${snapshot.at}`;
  return { position: snapshot.position, snapshot, label };
}

function lastBefore(log: JobLog, time: number): number {
  const position = log.lastPositionAt(time);
  // Before its base it is refused as any other position.
  if (position > 0 || log.base !== undefined) return position;
  throw new HoldfastError("usage", `the log begins after ${isoTime(time)}`, {
    hint: "`holdfast snapshots` lists what there is",
  });
}
