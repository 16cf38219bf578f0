import type { DatabaseSync } from "node:sqlite";
import { HoldfastError } from "../core/error.ts";
import type { AnyEvent } from "../core/event/event.ts";
import { type ChainPlace, enterLogs } from "../core/event/log_chain.ts";
import { chainHash, type LogPart, parseLine } from "../core/event/line.ts";
import { freeBytes } from "../core/free_bytes.ts";
import { hex, type Sha256 } from "../core/hash.ts";
import type { EventRange, EventVolume, LogBase, LogHead, StoredLine } from "../ports/event_log.ts";
import { readBase } from "./base_state.ts";
import { bytesIn } from "./column.ts";
import { guarded } from "./database.ts";
import { guardedReads, guardedRows } from "./guarded_reads.ts";
import { readLines } from "./line_storage.ts";
import { type ChainPlaces, placeBefore } from "./log_parts.ts";

/** What of a log can be read without its projections. `logs` says which logs there are now. */
export function logReads(
  db: DatabaseSync,
  file: string,
  logs: () => readonly LogPart[],
  sha256: Sha256,
  base: LogBase | undefined,
) {
  const begins = base?.position ?? 0;
  const known = readBase(db)?.position ?? 0;
  const lines = (range: EventRange = {}) =>
    guardedRows(file, () => linesBehind(db, range, { begins, known }));
  const reads = guardedReads(file, {
    lastPositionAt(time: number): number {
      const row = db.prepare(
        "SELECT MAX(position) AS position FROM events WHERE at <= ? AND position > ?",
      ).get(time, begins);
      return (row as { position: number | null }).position ?? 0;
    },
    volumes: () =>
      db.prepare(
        `SELECT type, COUNT(*) AS events, SUM(LENGTH(line)) AS bytes FROM events
         GROUP BY type ORDER BY type`,
      ).all() as unknown as EventVolume[],
    hashAt(position: number): string | undefined {
      if (position === base?.position) return base.hash;
      const row = db.prepare("SELECT hash FROM events WHERE position = ?").get(position);
      return row === undefined ? undefined : hex(bytesIn((row as { hash: unknown }).hash));
    },
    hashBefore(position: number): string | undefined {
      const place = placeBefore(db, { logs: logs(), base }, position, sha256);
      return place.position === position - 1 ? place.hash : undefined;
    },
  });
  return {
    ...reads,
    file,
    base,
    lines,
    *events(range: EventRange = {}): Generator<AnyEvent> {
      const { from: first = 1, to, ...filter } = range;
      const isWhole = Object.values(filter).every((value) => value === undefined);
      const from = isWhole ? Math.max(first, begins + 1) : first;
      const parts = logs();
      // Whoever folds or restores from these must not believe a line that is not what was written.
      let at: ChainPlace | undefined = isWhole
        ? guarded(file, () => placeBefore(db, { logs: parts, base }, from, sha256))
        : undefined;
      for (const { line, position, hash } of lines({ from, to, ...filter })) {
        if (at !== undefined) {
          const before = enterLogs(at, parts, position, sha256);
          if (chainHash(before.hash, line, sha256) !== hash) throw notAsWritten(position);
          at = { ...before, position, hash };
        }
        const text = lineText(line, position);
        freeBytes(line);
        yield parseLine(text, position);
      }
    },
  };
}

/**
 * What is kept from before the base is read by its type or run alone: its neighbours are gone. Throws
 * kind "failed" where the log was cut since it was opened, `known` being where it began then.
 */
function* linesBehind(
  db: DatabaseSync,
  range: EventRange,
  { begins, known }: { readonly begins: number; readonly known: number },
): Generator<StoredLine> {
  const from = range.from ?? 1;
  const isAsGiven = begins === 0 || range.type !== undefined || range.run !== undefined;
  yield* readLines(db, isAsGiven ? range : { ...range, from: Math.max(from, begins + 1) });
  const now = readBase(db)?.position ?? 0;
  if (now > known && from <= now) throw cutMeanwhile(now);
}

function cutMeanwhile(position: number): HoldfastError {
  return new HoldfastError(
    "failed",
    `the log was cut at position ${position} while it was read`,
    { context: { position }, hint: "run the command again" },
  );
}

export function readHead(db: DatabaseSync, places: ChainPlaces, sha256: Sha256): LogHead {
  const { position, hash } = placeBefore(db, places, Number.MAX_SAFE_INTEGER, sha256);
  return { position, hash };
}

export function notAsWritten(position: number): HoldfastError {
  return new HoldfastError("damage", `event ${position} is not what was written`, {
    context: { position },
    hint: "`holdfast log verify` checks all of the log",
  });
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Throws kind "damage" where the line is not UTF-8. */
export function lineText(line: Uint8Array, position: number): string {
  try {
    return decoder.decode(line);
  } catch {
    throw notAsWritten(position);
  }
}
