import type { SignalSink } from "../core/signal.ts";
import type { LogReader } from "../ports/event_log.ts";
import type { Replayer } from "../ports/replay.ts";

export interface ReplayReport {
  readonly events: number;
  /** Tables whose live digest was another one than the replay's. */
  readonly differed: readonly string[];
  /** Digest of each projection after the replay. */
  readonly digests: Readonly<Record<string, string>>;
}

/** Rebuilds every projection from the log and puts the result in place of the live ones. */
export function replayInto(log: LogReader, replayer: Replayer, emit: SignalSink): ReplayReport {
  emit({ kind: "phase", name: "replay" });
  const total = log.head().position;
  const replay = replayer.begin(log);
  try {
    for (const event of log.events()) {
      replay.project(event);
      if (event.position % 256 === 0) emit({ kind: "replay", done: event.position, total });
    }
    const digests = replay.digests();
    replayer.adopt(log, replay);
    return { events: total, differed: [], digests };
  } finally {
    replay.close();
  }
}

/** The same, after a comparison with the live projections. */
export function replayAndCompare(
  log: LogReader,
  replayer: Replayer,
  emit: SignalSink,
): ReplayReport {
  const before = replayer.digests(log);
  const report = replayInto(log, replayer, emit);
  const differed = Object.keys(report.digests).filter((name) =>
    before[name] !== report.digests[name]
  );
  return { ...report, differed };
}
