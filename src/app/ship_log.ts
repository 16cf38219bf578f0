import { type HoldfastError, isKind } from "../core/error.ts";
import type { AnyNewEvent } from "../core/event/event.ts";
import { freeBytes } from "../core/free_bytes.ts";
import { SEGMENT_BYTES, SEGMENT_ENTRIES } from "../core/log_segment.ts";
import { entriesInLine } from "../core/log_segment_lines.ts";
import { otherName } from "../core/sealed_name.ts";
import type { SignalSink } from "../core/signal.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import type { Signer } from "../ports/signing.ts";
import { catchUp, refuseOvertaken } from "./catch_up_log.ts";
import { putSegment, type SegmentLines } from "./put_segment.ts";
import { listSegments, lookAtSegment, type SegmentDeps } from "./read_segment.ts";
import { firstUnshipped, formUntilNow, shippedEvent } from "./segment_state.ts";
import { closeParentLog, closingPlace } from "./takeover_closing.ts";

/** Sends what a run appends to the repository. One for each run. */
export interface LogShipper {
  /**
   * Before a run's first event: looks at the log in the repository, and goes on from what another
   * database of this log has appended. Throws kind "locked" where the log there is not ours.
   */
  begin(run: string): Promise<void>;
  /** What a run has begun with, before its first write. A restore goes on where that fails. */
  shipStart(): Promise<void>;
  /** All that is not shipped yet: before what must not be forgotten, a delete or a paid request. */
  ship(): Promise<void>;
  /** The same where enough has come together since, or enough time has passed. */
  shipIfDue(): Promise<void>;
  /** Looks, before what would not be ours to do: throws kind "locked" where the log is not any more. */
  stillOurs(): Promise<void>;
  /**
   * After a run's last event. A store that is away is a notice: the next run ships. With `run`, for
   * a run that could not begin with it: `init` has no repository then.
   */
  end(run?: string): Promise<void>;
}

export interface ShipDeps extends SegmentDeps {
  readonly log: JobLog;
  readonly environment: Environment;
  readonly signer: Signer;
  readonly emit: SignalSink;
}

export interface ShipOptions {
  /**
   * A restore goes on although its events cannot be shipped: "until-paid" up to the first `ship`,
   * which comes before what is paid for; "always" where nobody will look for the run in the log.
   */
  readonly lenient?: "until-paid" | "always";
}

/** For runs that append nothing for good. */
export const noShipping: LogShipper = {
  begin: () => Promise.resolve(),
  shipStart: () => Promise.resolve(),
  ship: () => Promise.resolve(),
  shipIfDue: () => Promise.resolve(),
  stillOurs: () => Promise.resolve(),
  end: () => Promise.resolve(),
};

const LONGEST = 5n * 60n * 1_000_000_000n; // ns

export function logShipper(deps: ShipDeps, { lenient }: ShipOptions = {}): LogShipper {
  const { log, environment, emit } = deps;
  const due = dueMeter(deps);
  let run = "";
  let last: Promise<void> = Promise.resolve();

  /** One after the other: each sends all that is there when its turn comes. */
  function ship(): Promise<void> {
    const turn = last.catch(() => {}).then(() => shipAll(deps, run));
    last = turn.then(() => due.reset());
    return last;
  }

  async function leniently(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (lenient === undefined || !isAway(error)) throw error;
      emit({ kind: "notice", text: notShipped(error) });
    }
  }

  async function begin(id: string): Promise<void> {
    run = id;
    const found = await catchUp(deps);
    if (found.length > 0) log.append(run, found.map((segment) => shippedEvent(segment)));
  }

  return {
    begin: (id) => leniently(() => begin(id)),
    shipStart: () => leniently(ship),
    ship: () => lenient === "always" ? leniently(ship) : ship(),
    async shipIfDue() {
      if (due.is()) await leniently(ship);
    },
    stillOurs: () => refuseOvertaken(deps),
    async end(id) {
      try {
        emit({ kind: "phase", name: "ship" });
        if (id !== undefined) await begin(id);
        await ship();
      } catch (error) {
        if (!isAway(error)) throw error;
        emit({ kind: "notice", text: notShipped(error) });
      }
    },
  };

  function dueMeter(deps: ShipDeps) {
    let [entries, bytes, seen, since] = [0, 0, 0, environment.clock.now()];
    const reset = () => {
      [entries, bytes, seen] = [0, 0, deps.log.head().position];
      since = environment.clock.now();
    };
    reset();
    return {
      reset,
      is(): boolean {
        if (environment.clock.now() - since >= LONGEST) return true;
        const head = log.head().position;
        if (head === seen) return false;
        for (const { line, type, position } of log.lines({ from: seen + 1, to: head })) {
          entries += entriesInLine(line, type, position);
          bytes += line.length + 1;
          freeBytes(line);
        }
        seen = head;
        return entries >= SEGMENT_ENTRIES || bytes >= SEGMENT_BYTES;
      },
    };
  }
}

/** What a run may outlive: the store is not there, or does not let this machine write. */
export function isAway(error: unknown): error is HoldfastError {
  return isKind(error, "unreachable", "denied", "refused", "gone", "interrupted", "disk-full");
}

function notShipped(error: HoldfastError): string {
  return `the log is not in the repository up to its end: ${error.message}; the next run ships it, ` +
    "or `holdfast log ship`";
}

/** Ships until nothing is left but the record of the last segment. */
async function shipAll(deps: ShipDeps, run: string): Promise<void> {
  const { log } = deps;
  for (;;) {
    const cut = cutSegment(log, firstUnshipped(log));
    if (cut.isRecordOnly) return;
    log.append(run, [await shipCut(deps, run, cut)]);
  }
}

/** Returns what is to be recorded. */
async function shipCut(deps: ShipDeps, run: string, cut: Cut): Promise<AnyNewEvent> {
  // What is in the repository is on this disk: a log never ends before its segments.
  deps.log.append(run, [], { durable: true });
  const put = await putSegment(deps, cut, formUntilNow(deps.log));
  return shippedEvent(put, { entries: cut.entries, bytes: put.bytes });
}

/**
 * Ships all that there is, the record of the last segment too, so that a segment ends with the head.
 * Returns its record, which is to be appended; undefined where the head was a segment's end already.
 */
export async function shipToHead(deps: ShipDeps, run: string): Promise<AnyNewEvent | undefined> {
  const { log } = deps;
  for (;;) {
    await shipAll(deps, run);
    const cut = cutSegment(log, firstUnshipped(log));
    if (cut.lines.length === 0) return undefined;
    const record = await shipCut(deps, run, cut);
    if (cut.last === log.head().position) return record;
    log.append(run, [record]);
  }
}

/** A range of lines that goes as one segment. */
interface Cut extends SegmentLines {
  readonly entries: number;
  /** Nothing but LogSegmentShipped, or nothing at all. */
  readonly isRecordOnly: boolean;
}

function cutSegment(log: JobLog, first: number, to?: number): Cut {
  const lines: Uint8Array[] = [];
  let [entries, bytes, last, head, isRecordOnly] = [0, 0, first - 1, "", true];
  for (
    const { line, type, position, hash } of log.lines({
      from: first,
      ...(to === undefined ? {} : { to }),
    })
  ) {
    const more = entriesInLine(line, type, position);
    bytes += line.length + 1;
    if (lines.length > 0 && (entries + more > SEGMENT_ENTRIES || bytes > SEGMENT_BYTES)) break;
    entries += more;
    lines.push(line);
    [last, head] = [position, hash];
    isRecordOnly &&= type === "LogSegmentShipped";
  }
  return { first, last, head, lines, entries, isRecordOnly };
}

/**
 * Puts back what the repository has lost of the newest log's segments: this database still has their
 * lines. So is put back the one that closes the log before it. Returns how many.
 */
export async function reshipLost(deps: ShipDeps): Promise<number> {
  const { log, store } = deps;
  const { log: id } = log.genesis;
  const there = new Set(await listSegments(store, id, { from: 1 }));
  const from = log.base?.position ?? 0;
  const lost = log.index.segments("segment")
    .filter((row) => row.log === id && row.first > from && !there.has(row.key));
  let count = 0;
  for (const { key, first, last } of lost) {
    // Put back already, when the job's encryption was another one.
    const other = otherName(key);
    if (there.has(other) && (await lookAtSegment(store, other))?.kind === "segment") continue;
    await putSegment(deps, cutSegment(log, first, last));
    count++;
  }
  if (log.genesis.parent === null || await closingPlace(deps) === undefined) return count;
  await closeParentLog(deps);
  return count + 1;
}
