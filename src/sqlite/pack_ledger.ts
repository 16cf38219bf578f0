import type { DatabaseSync } from "node:sqlite";
import type {
  ContentClaim,
  LedgerContent,
  PackLedger,
  PackNeed,
  PackUse,
} from "../ports/work_tables.ts";
import { bytesIn, numberIn } from "./column.ts";

type Raw = Record<string, unknown>;

/**
 * `needed`: bits of NEEDED_BY. `folder` and `name` are an entry whose source has the content, alone
 * (`part` 0) or as a chunk of its own (`part` 1).
 */
export const PACK_LEDGER_SCHEMA = `
CREATE TABLE contents (
  sha256 BLOB NOT NULL, pack INTEGER NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL,
  list INTEGER NOT NULL, lost INTEGER NOT NULL, needed INTEGER NOT NULL, moved INTEGER NOT NULL,
  folder INTEGER, name BLOB, part INTEGER NOT NULL, PRIMARY KEY (sha256, pack)
) WITHOUT ROWID;
CREATE INDEX contents_by_place ON contents (pack, at);
CREATE INDEX contents_by_entry ON contents (folder, name, sha256) WHERE part = 1;
CREATE TABLE leaving (pack INTEGER PRIMARY KEY);
CREATE TABLE entries (
  folder INTEGER NOT NULL, name BLOB NOT NULL, PRIMARY KEY (folder, name)
) WITHOUT ROWID`;

const NEEDED_BY: Readonly<Record<PackNeed, number>> = { snapshot: 1, entry: 2, chosen: 4 };
/** Somebody needs it who was not chosen, and it is not given up. */
const KEPT = "needed & 3 <> 0 AND needed & 8 = 0";
const GIVEN_UP = 8;
/** Blocks of TAR that a content takes with its header: two before it, as most have them. */
const WEIGHT = "(1024 + ((CASE list WHEN 0 THEN size ELSE list END) + 511) / 512 * 512)";
const PAGE = 1000;

export function sqlitePackLedger(db: DatabaseSync): Omit<PackLedger, "close"> {
  const statements = prepare(db);
  const leaving = new Set<number>();

  /** The newest: after a move that was cut off, that is where it was moved to. */
  function best(sha256: Uint8Array): Raw | undefined {
    const rows = statements.all.all(sha256) as Raw[];
    if (rows.length < 2) return rows[0];
    const rank = ({ lost, pack }: Raw) => [numberIn(lost), leaving.has(numberIn(pack)) ? 1 : 0];
    return rows.reduce((one, other) => {
      const [[a, b], [c, d]] = [rank(one), rank(other)];
      return c < a || (c === a && d <= b) ? other : one;
    });
  }

  return {
    add({ sha256, pack, at, size, list, lost }) {
      statements.add.run(sha256, pack, at, size, list, lost ? 1 : 0);
    },
    need(sha256, by, claim) {
      const raw = best(sha256);
      if (raw === undefined) return undefined;
      const bit = NEEDED_BY[by];
      const isNewNeed = (numberIn(raw.needed) & bit) === 0;
      const isNewClaim = claim !== undefined && isBetter(claim, raw);
      const pack = numberIn(raw.pack);
      if (isNewClaim) {
        const { folder, name, isPart } = claim;
        statements.claim.run(bit, folder, name, isPart ? 1 : 0, sha256, pack);
      } else if (isNewNeed) statements.need.run(bit, sha256, pack);
      return { content: contentOf(raw), isNew: isNewNeed || isNewClaim };
    },
    find(sha256) {
      const raw = best(sha256);
      return raw === undefined ? undefined : contentOf(raw);
    },
    isKept: (sha256) => statements.isKept.get(sha256) !== undefined,
    uses: () => (statements.uses.all() as Raw[]).map(useOf),
    *in(pack) {
      yield* pages((at) => statements.in.all(pack, at, PAGE) as Raw[]);
    },
    *needed(pack) {
      yield* pages((at) => statements.neededIn.all(pack, at, PAGE) as Raw[]);
    },
    packsWith: (sha256) =>
      (statements.packsWith.all(sha256) as Raw[]).map(({ pack }) => numberIn(pack)),
    *chosen() {
      let after: Uint8Array = new Uint8Array(0);
      for (;;) {
        const rows = statements.chosen.all(after, PAGE) as Raw[];
        for (const raw of rows) yield contentOf(raw);
        if (rows.length < PAGE) return;
        after = bytesIn(rows[rows.length - 1].sha256);
      }
    },
    leave(pack) {
      leaving.add(pack);
      statements.leave.run(pack);
    },
    stay(pack) {
      leaving.delete(pack);
      statements.stay.run(pack);
    },
    leaving: () => [...leaving],
    isLeaving: (pack) => leaving.has(pack),
    *waiting() {
      let last: readonly [number, number] = [0, -1];
      for (;;) {
        const rows = statements.waiting.all(...last, PAGE) as Raw[];
        for (const raw of rows) yield contentOf(raw);
        if (rows.length < PAGE) return;
        const { pack, at } = rows[rows.length - 1];
        last = [numberIn(pack), numberIn(at)];
      }
    },
    *waitingParts() {
      let last: readonly [number, Uint8Array, Uint8Array] = [0, NOTHING, NOTHING];
      for (;;) {
        const rows = statements.waitingParts.all(...last, PAGE) as Raw[];
        for (const raw of rows) yield contentOf(raw);
        if (rows.length < PAGE) return;
        const { folder, name, sha256 } = rows[rows.length - 1];
        last = [numberIn(folder), bytesIn(name), bytesIn(sha256)];
      }
    },
    moved({ sha256, pack }) {
      statements.moved.run(sha256, pack);
    },
    isWaiting: (pack) => statements.isWaiting.get(pack) !== undefined,
    mustMove: (sha256) => statements.mustMove.get(sha256) !== undefined,
    giveUp({ sha256, pack }) {
      statements.need.run(GIVEN_UP, sha256, pack);
    },
    isGoing: (sha256) => statements.isGoing.get(sha256) !== undefined,
    choose(folder, name) {
      statements.choose.run(folder, name);
    },
    unchoose(folder, name) {
      statements.unchoose.run(folder, name);
    },
    chosenCount: () => numberIn((statements.chosenCount.get() as Raw).n),
    *chosenEntries() {
      let last: readonly [number, Uint8Array] = [-1, NOTHING];
      for (;;) {
        const rows = statements.chosenEntries.all(...last, PAGE) as Raw[];
        for (const { folder, name } of rows) {
          yield { folder: numberIn(folder), name: bytesIn(name) };
        }
        if (rows.length < PAGE) return;
        const { folder, name } = rows[rows.length - 1];
        last = [numberIn(folder), bytesIn(name)];
      }
    },
  };
}

const NOTHING = new Uint8Array(0);

function prepare(db: DatabaseSync) {
  const waits = `${KEPT} AND moved = 0 AND pack IN (SELECT pack FROM leaving) AND NOT EXISTS (
    SELECT 1 FROM contents AS o WHERE o.sha256 = contents.sha256 AND o.lost = 0
      AND o.pack NOT IN (SELECT pack FROM leaving))`;
  return {
    add: db.prepare("INSERT INTO contents VALUES (?, ?, ?, ?, ?, ?, 0, 0, NULL, NULL, 0)"),
    all: db.prepare("SELECT * FROM contents WHERE sha256 = ? ORDER BY pack"),
    need: db.prepare("UPDATE contents SET needed = needed | ? WHERE sha256 = ? AND pack = ?"),
    claim: db.prepare(
      `UPDATE contents SET needed = needed | ?, folder = ?, name = ?, part = ?
       WHERE sha256 = ? AND pack = ?`,
    ),
    isKept: db.prepare(`SELECT 1 FROM contents WHERE sha256 = ? AND ${KEPT} LIMIT 1`),
    uses: db.prepare(
      `SELECT pack, COUNT(*) AS contents, SUM(${KEPT}) AS needed,
         SUM(CASE WHEN ${KEPT} THEN 0 ELSE ${WEIGHT} END) AS dead
       FROM contents GROUP BY pack ORDER BY pack`,
    ),
    in: db.prepare("SELECT * FROM contents WHERE pack = ? AND at > ? ORDER BY at LIMIT ?"),
    neededIn: db.prepare(
      `SELECT * FROM contents WHERE pack = ? AND at > ? AND ${KEPT} ORDER BY at LIMIT ?`,
    ),
    packsWith: db.prepare("SELECT pack FROM contents WHERE sha256 = ? ORDER BY pack"),
    chosen: db.prepare(
      "SELECT * FROM contents WHERE sha256 > ? AND needed & 4 <> 0 ORDER BY sha256 LIMIT ?",
    ),
    leave: db.prepare("INSERT OR IGNORE INTO leaving VALUES (?)"),
    stay: db.prepare("DELETE FROM leaving WHERE pack = ?"),
    waiting: db.prepare(
      `SELECT * FROM contents WHERE (pack, at) > (?, ?) AND ${waits} ORDER BY pack, at LIMIT ?`,
    ),
    waitingParts: db.prepare(
      `SELECT * FROM contents WHERE (folder, name, sha256) > (?, ?, ?) AND part = 1 AND ${waits}
       ORDER BY folder, name, sha256 LIMIT ?`,
    ),
    moved: db.prepare("UPDATE contents SET moved = 1 WHERE sha256 = ? AND pack = ?"),
    isWaiting: db.prepare(`SELECT 1 FROM contents WHERE pack = ? AND ${waits} LIMIT 1`),
    mustMove: db.prepare(`SELECT 1 FROM contents WHERE sha256 = ? AND ${waits} LIMIT 1`),
    isGoing: db.prepare(
      `SELECT 1 FROM contents WHERE sha256 = ? AND needed & 12 <> 0 AND NOT (${KEPT}) LIMIT 1`,
    ),
    unchoose: db.prepare("DELETE FROM entries WHERE folder = ? AND name = ?"),
    chosenCount: db.prepare("SELECT COUNT(*) AS n FROM entries"),
    choose: db.prepare("INSERT OR IGNORE INTO entries VALUES (?, ?)"),
    chosenEntries: db.prepare(
      "SELECT * FROM entries WHERE (folder, name) > (?, ?) ORDER BY folder, name LIMIT ?",
    ),
  };
}

/** An entry that is the content says its name; one that has it among others, only where it is read. */
function isBetter({ isPart }: ContentClaim, raw: Raw): boolean {
  return raw.folder === null || (!isPart && raw.part === 1);
}

function* pages(next: (at: number) => Raw[]): Generator<LedgerContent> {
  for (let at = -1;;) {
    const rows = next(at);
    for (const raw of rows) yield contentOf(raw);
    if (rows.length < PAGE) return;
    at = numberIn(rows[rows.length - 1].at);
  }
}

function contentOf(raw: Raw): LedgerContent {
  const claim = raw.folder === null ? undefined : {
    folder: numberIn(raw.folder),
    name: bytesIn(raw.name),
    isPart: numberIn(raw.part) === 1,
  };
  return {
    sha256: bytesIn(raw.sha256),
    pack: numberIn(raw.pack),
    at: numberIn(raw.at),
    size: numberIn(raw.size),
    list: numberIn(raw.list),
    lost: numberIn(raw.lost) === 1,
    claim,
  };
}

function useOf(raw: Raw): PackUse {
  const { pack, contents, needed, dead } = raw;
  return {
    pack: numberIn(pack),
    contents: numberIn(contents),
    needed: numberIn(needed),
    dead: numberIn(dead),
  };
}
