import type { DatabaseSync } from "node:sqlite";
import type { Claim, ClaimTable, Contest } from "../core/mirror/claim.ts";
import { bytesOfText, jsonOfText, type PathText, textOfJson } from "../core/path_text.ts";
import { textIn } from "./column.ts";
import { pagedRows } from "./paged_rows.ts";

type Raw = Record<string, unknown>;

/**
 * `name` is the path now, of a folder with a slash behind it; `depth` the length of the path then.
 * `content` is the key of the content that a record names.
 */
export const CLAIMS_SCHEMA = `
CREATE TABLE claims (
  name BLOB PRIMARY KEY, claim TEXT NOT NULL, placed INTEGER NOT NULL, carried INTEGER NOT NULL,
  position INTEGER NOT NULL, depth REAL NOT NULL, content TEXT
) WITHOUT ROWID;
CREATE INDEX contents ON claims (content) WHERE content IS NOT NULL;
CREATE TABLE steps (
  position INTEGER NOT NULL, depth REAL NOT NULL, serial INTEGER NOT NULL, claim TEXT NOT NULL,
  PRIMARY KEY (position, depth, serial)
) WITHOUT ROWID`;
const PAGE = 500;

export function sqliteClaims(db: DatabaseSync): ClaimTable {
  const statements = prepare(db);
  let [serial, isEmpty] = [0, true];
  return {
    hasAny: () => !isEmpty,
    find(now, isFolder) {
      const raw = statements.find.get(nameOf(now, isFolder)) as Raw | undefined;
      return raw === undefined
        ? undefined
        : { claim: claimOf(raw.claim), placed: raw.placed === 1 };
    },
    set({ claim, placed }: Contest) {
      const { now, isFolder, position } = claim;
      const isCarried = now !== claim.path && (!isFolder || claim.from === "record");
      const content = claim.from === "record" ? claim.entry.content?.key ?? null : null;
      const mark = now === claim.path ? 0 : isCarried ? 2 : 1;
      statements.set.run(
        ...[nameOf(now, isFolder), textOf(claim), placed ? 1 : 0, mark],
        ...[position, depthOf(claim), content],
      );
      isEmpty = false;
    },
    drop: ({ now, isFolder }) => void statements.drop.run(nameOf(now, isFolder)),
    carry(claim) {
      statements.carry.run(claim.position, depthOf(claim), ++serial, textOf(claim));
    },
    *carried() {
      statements.carryAll.run(serial);
      statements.placeCarried.run();
      const keys = ["position", "depth", "serial"];
      yield* claimsIn(db, { table: "steps", keys });
    },
    *notPlaced() {
      yield* claimsIn(db, { table: "claims", where: "placed = 0", keys: ["name"] });
    },
    *withContent() {
      yield* claimsIn(db, { table: "claims", where: "content IS NOT NULL", keys: ["name"] });
    },
    isContent: (key) => statements.isContent.get(key) !== undefined,
  };
}

function prepare(db: DatabaseSync) {
  return {
    find: db.prepare("SELECT claim, placed FROM claims WHERE name = ?"),
    set: db.prepare("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?, ?)"),
    drop: db.prepare("DELETE FROM claims WHERE name = ?"),
    carry: db.prepare("INSERT INTO steps VALUES (?, ?, ?, ?)"),
    carryAll: db.prepare(
      `INSERT INTO steps SELECT position, depth, ? + ROW_NUMBER() OVER (), claim
       FROM claims WHERE carried = 2`,
    ),
    placeCarried: db.prepare("UPDATE claims SET placed = 1 WHERE carried <> 0"),
    isContent: db.prepare("SELECT 1 FROM claims WHERE content = ?"),
  };
}

function* claimsIn(
  db: DatabaseSync,
  query: { readonly table: string; readonly where?: string; readonly keys: readonly string[] },
): Generator<Claim> {
  for (const raw of pagedRows(db, { columns: "claim", page: PAGE, ...query })) {
    yield claimOf(raw.claim);
  }
}

function nameOf(now: PathText, isFolder: boolean): Uint8Array {
  return bytesOfText(isFolder ? `${now}/` : now);
}

/** Folders come before what is in them, and before a file of the same name. */
function depthOf({ path, isFolder }: Claim): number {
  return path.length + (isFolder ? 0 : 0.5);
}

function textOf(claim: Claim): string {
  return JSON.stringify({ ...claim, path: jsonOfText(claim.path), now: jsonOfText(claim.now) });
}

function claimOf(text: unknown): Claim {
  const claim = JSON.parse(textIn(text));
  return { ...claim, path: textOfJson(claim.path), now: textOfJson(claim.now) };
}
