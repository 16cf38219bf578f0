import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { DatabaseSync } from "node:sqlite";
import { HoldfastError, messageOf } from "../core/error.ts";
import { hex } from "../core/hash.ts";
import { frameAt } from "../core/pack/zstd_frames.ts";
import { type PagedRow, pagedRows } from "./paged_rows.ts";
import type { EventRange, StoredLine } from "../ports/event_log.ts";

/** Shorter lines do not gain by compression. */
const PACK_FROM = 512;

/** A line as the database keeps it: zstd (RFC 8878, one frame) where large. */
export function packLine(line: Uint8Array): { packed: 0 | 1; stored: Uint8Array } {
  if (line.length < PACK_FROM) return { packed: 0, stored: line };
  return { packed: 1, stored: zstdCompressSync(line) };
}

/** Reads lines in order of position. Throws kind "damage" where one cannot be unpacked. */
export function* readLines(db: DatabaseSync, range: EventRange = {}): Generator<StoredLine> {
  const wanted: string[] = ["position >= ?", "position <= ?"];
  const values: (number | string)[] = [
    range.from ?? Number.MIN_SAFE_INTEGER,
    range.to ?? Number.MAX_SAFE_INTEGER,
  ];
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
  const query = {
    ...{ columns: "at, run, type, packed, line, hash", table: "events" },
    ...{ where: wanted.join(" AND "), values, keys: ["position"], page: PAGE },
  };
  for (const raw of pagedRows(db, query)) yield unpack(raw);
}

/** Lines are up to 256 KiB each. */
const PAGE = 64;

function unpack(raw: PagedRow): StoredLine {
  const position = Number(raw.key_0);
  try {
    const at = new Date(Number(raw.at)).toISOString();
    const line = unpackLine(raw.packed, bytesOf(raw.line));
    const hash = hex(bytesOf(raw.hash));
    return { position, line, hash, at, run: String(raw.run), type: String(raw.type) };
  } catch (cause) {
    throw new HoldfastError(
      "damage",
      `event ${position} cannot be read: ${messageOf(cause)}`,
      { context: { position }, cause },
    );
  }
}

function unpackLine(packed: PagedRow[string], stored: Uint8Array): Uint8Array {
  if (packed === 0n) return stored;
  if (packed === 1n) return unpacked(stored);
  throw new RangeError(`packed by the unknown way ${packed}`);
}

/** Into one buffer of the right size, where the frame says it: else into many that are joined. */
function unpacked(stored: Uint8Array): Uint8Array {
  const size = frameAt(stored, 0)?.contentSize;
  const isSaid = size !== undefined && size <= LONGEST;
  // A buffer that is filled to its last byte makes the decoder take a second one for nothing.
  const line = zstdDecompressSync(stored, isSaid ? { chunkSize: size + 64 } : {});
  return new Uint8Array(line.buffer, line.byteOffset, line.length);
}

/** Far more than any line has: a damaged frame must not take all memory. */
const LONGEST = 16 * 1024 * 1024;

/** SQLite would hand out a text as readily as bytes. */
function bytesOf(value: PagedRow[string]): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("its line or hash is not bytes");
}
