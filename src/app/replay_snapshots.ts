import type { AnyEvent } from "../core/event/event.ts";
import type { SignalSink } from "../core/signal.ts";
import type { IndexModel, Unstored, UnstoredCursor } from "../ports/event_log.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Replayer } from "../ports/replay.ts";
import { refuseBeforeBase } from "./log_base.ts";
import { cursorOf } from "./unread_rows.ts";

export interface SnapshotReplay {
  readonly log: JobLog;
  readonly replayer: Replayer;
  readonly emit: SignalSink;
  readonly breathe: () => Promise<void> | undefined;
}

export interface SnapshotState {
  readonly index: IndexModel;
  readonly position: number;
  /** Position of the state before: what was touched since is what is new. */
  readonly since: number;
}

/**
 * The index as it was at each kept snapshot, oldest first, in one replay. Every event up to the
 * head is given to `see`, those after the last snapshot too. Throws kind "gone" where the log begins
 * behind a kept snapshot.
 */
export async function* replaySnapshots(
  { log, replayer, emit, breathe }: SnapshotReplay,
  see: (event: AnyEvent) => void,
): AsyncGenerator<SnapshotState> {
  const kept = log.index.snapshots().filter(({ forgotten }) => forgotten === 0)
    .map(({ position }) => position);
  if (kept.length > 0) refuseBeforeBase(log, kept[0]);
  const total = log.head().position;
  const replay = replayer.begin(log);
  try {
    emit({ kind: "phase", name: "replay" });
    let since = 0;
    while (kept[0] <= (log.base?.position ?? 0)) {
      const position = kept.shift()!;
      yield { index: replay.index, position, since };
      since = position;
    }
    for (const event of log.events({ to: total })) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      if (event.position % 256 === 0) emit({ kind: "replay", done: event.position, total });
      see(event);
      if (kept.length === 0) continue;
      replay.project(event);
      if (event.position !== kept[0]) continue;
      const position = kept.shift()!;
      yield { index: replay.index, position, since };
      since = position;
    }
  } finally {
    replay.close();
  }
}

const PAGE = 1000;

/** All rows whose last event is after a position, from one row on. */
export function* touchedRows(
  index: IndexModel,
  after: number,
  first?: UnstoredCursor,
): Generator<Unstored> {
  for (let from = first;;) {
    const rows = index.touched(after, from, PAGE);
    yield* rows;
    if (rows.length < PAGE) return;
    from = cursorOf(rows.at(-1)!);
  }
}
