import { HoldfastError } from "../core/error.ts";
import type { SnapshotRow } from "../core/index/run_fold.ts";
import { isoTime } from "../core/time_text.ts";
import type { SignalSink } from "../core/signal.ts";
import type { IndexModel, JobLog } from "../ports/event_log.ts";
import type { Replayer } from "../ports/replay.ts";

/** Which state of a job to look at. */
export type WantedState =
  | { readonly kind: "default" } // the newest snapshot, else the head
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
 * position. Throws kind "usage" where there is no such snapshot or position.
 */
export function openState(
  log: JobLog,
  replayer: Replayer,
  wanted: WantedState,
  emit: SignalSink,
): ReadState {
  const { position, snapshot, label } = resolve(log, wanted);
  const found = { position, label, ...(snapshot === undefined ? {} : { snapshot }) };
  if (!changedSince(log, position)) return { ...found, index: log.index, close() {} };
  emit({ kind: "phase", name: "replay" });
  const replay = replayer.begin();
  try {
    for (const event of log.events({ to: position })) {
      replay.project(event);
      if (event.position % 256 === 0) {
        emit({ kind: "replay", done: event.position, total: position });
      }
    }
  } catch (error) {
    replay.close();
    throw error;
  }
  return { ...found, index: replay.index, close: () => replay.close() };
}

/** Only these change what a tree looks like. */
function changedSince(log: JobLog, position: number): boolean {
  for (const type of ["EntriesObserved", "ObjectsStored"]) {
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
  const snapshots = log.index.snapshots();
  const latest = snapshots.at(-1);
  switch (wanted.kind) {
    case "default":
      return latest === undefined
        ? { position: head, label: `the head, position ${head}: there is no snapshot yet` }
        : {
          ...ofSnapshot(latest),
          label: `the newest snapshot, ${latest.position} of ${latest.at}`,
        };
    case "head":
      return { position: head, label: `the head, position ${head}` };
    case "snapshot": {
      const { snapshot: name } = wanted;
      const row = name === "latest" ? latest : snapshots.find((row) => row.position === name);
      if (row !== undefined) return ofSnapshot(row);
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

function ofSnapshot(snapshot: SnapshotRow): Resolved {
  const label = `snapshot ${snapshot.position} of ${snapshot.at}`;
  return { position: snapshot.position, snapshot, label };
}

function lastBefore(log: JobLog, time: number): number {
  const position = log.lastPositionAt(time);
  if (position > 0) return position;
  throw new HoldfastError("usage", `the log begins after ${isoTime(time)}`, {
    hint: "`holdfast snapshots` lists what there is",
  });
}
