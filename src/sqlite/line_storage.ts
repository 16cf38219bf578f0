import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { DatabaseSync } from "node:sqlite";
import { HoldfastError, messageOf } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import type { EventRange, StoredLine } from "../ports/event_log.ts";

/** Shorter lines do not gain by compression. */
const PACK_FROM = 512;

const encoder = new TextEncoder();

/** A line as the database keeps it: zstd (RFC 8878, one frame) where large. */
export function packLine(line: string): { packed: 0 | 1; stored: Uint8Array; bytes: Uint8Array } {
  const bytes = encoder.encode(line);
  if (bytes.length < PACK_FROM) return { packed: 0, stored: bytes, bytes };
  return { packed: 1, stored: zstdCompressSync(bytes), bytes };
}

interface RawEvent {
  position: number;
  at: number;
  run: string;
  type: string;
  packed: number;
  line: Uint8Array;
  hash: Uint8Array;
}

/** Reads lines in order of position. Throws kind "damage" where one cannot be unpacked. */
export function* readLines(db: DatabaseSync, range: EventRange = {}): Generator<StoredLine> {
  const wanted: string[] = ["position >= ?", "position <= ?"];
  const values: (number | string)[] = [range.from ?? 0, range.to ?? Number.MAX_SAFE_INTEGER];
  for (
    const [clause, value] of [
      ["run = ?", range.run],
      ["type = ?", range.type],
      ["at >= ?", range.since],
      ["at <= ?", range.until],
    ] as const
  ) {
    if (value === undefined) continue;
    wanted.push(clause);
    values.push(value);
  }
  const statement = db.prepare(
    `SELECT position, at, run, type, packed, line, hash FROM events WHERE ${wanted.join(" AND ")}
     ORDER BY position`,
  );
  for (const raw of statement.iterate(...values)) yield unpack(raw as unknown as RawEvent);
}

/** SQLite would hand out a text as readily as bytes. */
function bytesOf(line: unknown): Uint8Array {
  if (line instanceof Uint8Array) return line;
  throw new TypeError("its line is not bytes");
}

function unpack(raw: RawEvent): StoredLine {
  const { position, run, type } = raw;
  try {
    const at = new Date(raw.at).toISOString();
    const line = new Uint8Array(
      raw.packed === 1 ? zstdDecompressSync(raw.line) : bytesOf(raw.line),
    );
    return { position, line, hash: hex(raw.hash), at, run, type };
  } catch (cause) {
    throw new HoldfastError(
      "damage",
      `event ${position} cannot be read: ${messageOf(cause)}`,
      { context: { position }, cause },
    );
  }
}
