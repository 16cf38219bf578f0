import type { DatabaseSync } from "node:sqlite";
import type { DigestKind } from "../core/index/rows.ts";
import { REMOVED, UNREADABLE } from "../core/index/rows.ts";

/** A folder of more is digested row by row: its records would be one string in memory. */
const MOST = 4096;

const EMPTY = "'00000000'";
const NO_HASH = `'${"00".repeat(32)}'`;

/** The record of a plain entry as core/index/tree_digest.ts lays it out, in hex. */
const RECORD = [
  "hex(substr(stat, 1, 1))",
  `CASE WHEN state & ${UNREADABLE} THEN '01' ELSE '00' END`,
  "printf('%02X000000', length(name))",
  "hex(name)",
  "hex(substr(stat, 5, 12))",
  "hex(substr(stat, 25, 16))",
  "hex(substr(stat, 57, 8))",
  EMPTY,
  NO_HASH,
  EMPTY,
].join(" || ");

const CONTENT = `CASE WHEN substr(stat, 1, 1) <> x'01' THEN ''
  WHEN stored > 0 AND sha256 IS NOT NULL THEN hex(sha256) ELSE ${NO_HASH} END`;

const IS_PLAIN = "links = 1 AND target IS NULL AND attributes IS NULL AND length(name) < 256";

/**
 * Makes the records of a folder's plain entries within SQLite: a third of the time that reading the
 * rows one by one takes, and digests are most of what a replay does.
 */
export function plainRecords(db: DatabaseSync) {
  const prepare = (record: string) =>
    db.prepare(
      `SELECT COUNT(*) AS entries, total(plain) AS plain, group_concat(record, '') AS records
       FROM (SELECT ${record} AS record, ${IS_PLAIN} AS plain FROM entries
             WHERE folder = ? AND state & ${REMOVED} = 0 ORDER BY name LIMIT ${MOST + 1})`,
    );
  const statements = { tree: prepare(RECORD), content: prepare(`${RECORD} || ${CONTENT}`) };
  return (kind: DigestKind, folder: number): Uint8Array | undefined => {
    const { entries, plain, records } = statements[kind].get(folder) as {
      entries: number;
      plain: number;
      records: string | null;
    };
    if (entries > MOST || plain < entries) return undefined;
    return Uint8Array.fromHex(records ?? "");
  };
}
