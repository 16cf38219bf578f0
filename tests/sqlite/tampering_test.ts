import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { chainHash } from "../../src/core/event/line.ts";
import { databaseFolder, openLog, sha256, verify } from "./log_fixture.ts";
import { RUN, smallLog } from "./small_log.ts";
import { seed } from "../seed.ts";

const TRIGGERS = ["events_no_update", "events_no_delete", "events_no_gap"];

/** Calls `use` with the database of a small log, closed. */
function withLog(use: (file: string) => void): void {
  const folder = databaseFolder();
  try {
    const log = smallLog(`${folder}/home.db`);
    log.close();
    use(`${folder}/home.db`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** What someone does who may write the file: the triggers go first. */
function tamper(file: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  try {
    for (const name of TRIGGERS) db.exec(`DROP TRIGGER IF EXISTS ${name}`);
    work(db);
  } finally {
    db.close();
  }
}

Deno.test("an untouched log is whole, and its tree digests are proven", () => {
  withLog((file) => {
    const { damage, proven, events } = verify(file);
    assert.deepEqual(damage, []);
    assert.equal(proven, 2);
    assert.equal(events, 7);
    assert.deepEqual(verify(file, true).damage, []);
  });
});

Deno.test("the triggers refuse to change, delete, or leave out an event", () => {
  withLog((file) => {
    const db = new DatabaseSync(file);
    const refused = (sql: string) => assert.throws(() => db.exec(sql), /append-only|follow/, sql);
    refused("UPDATE events SET line = x'00' WHERE position = 2");
    refused("UPDATE events SET at = at");
    refused("DELETE FROM events WHERE position = 7");
    refused("INSERT INTO events VALUES (9, 0, '', '', 0, x'00', x'00')");
    refused("INSERT INTO events VALUES (0, 0, '', '', 0, x'00', x'00')");
    db.close();
    assert.deepEqual(verify(file).damage, []);
  });
});

Deno.test(`a flipped bit anywhere in a row of the log is found and its position named (seed ${seed})`, () => {
  withLog((file) => {
    const columns = ["line", "hash", "at", "run", "type", "packed"] as const;
    const flip = fc.record({
      position: fc.integer({ min: 1, max: 7 }),
      column: fc.constantFrom(...columns),
      byte: fc.nat(5000),
      bit: fc.nat(7),
      chainOnly: fc.boolean(),
    });
    tamper(file, () => {});
    fc.assert(
      fc.property(flip, ({ position, column, byte, bit, chainOnly }) => {
        const db = new DatabaseSync(file);
        const select = db.prepare(`SELECT ${column} AS value FROM events WHERE position = ?`);
        select.setReadBigInts(true);
        const before = (select.get(position) as { value: Uint8Array | string | bigint }).value;
        const after = flipped(before, byte, bit);
        const set = db.prepare(`UPDATE events SET ${column} = ? WHERE position = ?`);
        set.run(after, position);
        try {
          const { damage } = verify(file, chainOnly);
          // zstd's own header has bits that change nothing in the line, and the line is the event.
          if (damage.length === 0 && column === "line" && isSameLine(before, after)) return;
          assert.equal(damage.length, 1, `${column} of ${position}: ${damage}`);
          assert.match(damage[0], new RegExp(`^event ${position} `));
        } finally {
          set.run(before, position);
          db.close();
        }
      }),
      { numRuns: 400, seed },
    );
    assert.deepEqual(verify(file).damage, []);
  });
});

function flipped(value: Uint8Array | string | bigint, byte: number, bit: number) {
  if (typeof value === "bigint") {
    return BigInt.asIntN(64, value ^ (1n << BigInt(byte * 8 + bit) % 64n));
  }
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value.slice();
  bytes[byte % bytes.length] ^= 1 << bit;
  return typeof value === "string" ? new TextDecoder().decode(bytes) : bytes;
}

function isSameLine(before: unknown, after: unknown): boolean {
  const [a, b] = [before, after].map((stored) => zstdDecompressSync(stored as Uint8Array));
  return a.equals(b);
}

Deno.test("a missing, swapped, inserted or renumbered event is named", () => {
  const attacks: [what: string, sql: string, named: RegExp][] = [
    ["first", "DELETE FROM events WHERE position = 1", /^event 1 is missing/],
    ["middle", "DELETE FROM events WHERE position = 4", /^event 4 is missing/],
    ["last", "DELETE FROM events WHERE position = 7", /^event 7 is missing/],
    ["last two", "DELETE FROM events WHERE position > 5", /^event 6 is missing/],
    ["all", "DELETE FROM events", /^event 1 is missing/],
    [
      "closed gap",
      "DELETE FROM events WHERE position = 4; UPDATE events SET position = position - 1 WHERE position > 4",
      /^event 4 is not what was written/,
    ],
    [
      "swapped",
      `UPDATE events SET position = -1 WHERE position = 3;
       UPDATE events SET position = 3 WHERE position = 6;
       UPDATE events SET position = 6 WHERE position = -1`,
      /^event 3 is not what was written/,
    ],
    [
      "one before the first",
      "INSERT INTO events SELECT 0, at, run, type, packed, line, hash FROM events WHERE position = 1",
      /^event 1 is missing/,
    ],
    [
      "one after the last",
      "INSERT INTO events SELECT 8, at, run, type, packed, line, hash FROM events WHERE position = 7",
      /^event 8 is not what was written/,
    ],
    ["line as text", "UPDATE events SET line = CAST(line AS TEXT) WHERE position = 1", /^event 1 /],
    ["genesis", "UPDATE meta SET value = replace(value, 'home', 'hOme')", /^event 1 is not/],
  ];
  for (const [what, sql, named] of attacks) {
    withLog((file) => {
      tamper(file, (db) => db.exec(sql));
      for (const chainOnly of [false, true]) {
        const { damage } = verify(file, chainOnly);
        assert.match(damage[0] ?? "nothing", named, `${what}, chain only: ${chainOnly}`);
      }
    });
  }
});

Deno.test("a log that was cut is not written to", () => {
  withLog((file) => {
    tamper(file, (db) => db.exec("DELETE FROM events WHERE position = 7"));
    const log = openLog(file);
    const event = { type: "RunFinished", data: { outcome: 0, totals: {} } } as const;
    assert.throws(() => log.append(RUN, [event]), { kind: "damage", message: /position 6/ });
    assert.equal(log.head().position, 6);
    log.close();
  });
});

Deno.test("an altered row of a projection is named, with what is wrong in it", () => {
  const attacks: [sql: string, named: string | RegExp][] = [
    [
      "UPDATE entries SET state = 4 WHERE name = CAST('file 7' AS BLOB)",
      "entry file 7: state 4 in the index, 0 by the log",
    ],
    [
      "UPDATE entries SET stat = CAST(substr(stat, 1, 4) || x'ff' || substr(stat, 6) AS BLOB) WHERE name = CAST('file 8' AS BLOB)",
      "entry file 8: mode 511 in the index, 420 by the log",
    ],
    ["UPDATE entries SET stat = x'01' WHERE name = CAST('link' AS BLOB)", /^entry sub\/link: stat/],
    ["DELETE FROM entries WHERE name = CAST('link' AS BLOB)", /^entry sub\/link is missing from/],
    [
      "INSERT INTO entries SELECT folder, CAST('new' AS BLOB), stat, links, target, attributes, state, position, stored, sha256, object_key, version_id, etag, class, since, header, occupant, occupant_since, checked FROM entries LIMIT 1",
      "entry new is in the index, but the log does not have it",
    ],
    ["UPDATE folders SET attributes = '[]' WHERE id = 2", /^folder sub: attributes \[\] in/],
    ["DELETE FROM links WHERE name = CAST('file 1' AS BLOB)", /^row .* of links is missing/],
    ["UPDATE links SET file_id = file_id + 1", /^row .* of links/],
    ["UPDATE runs SET outcome = 3", /^row abab.* of runs: outcome 3 in the index, 0 by the log/],
    ["DELETE FROM sources", /^row "" of sources is missing/],
    ["UPDATE folders SET tree_digest = zeroblob(32) WHERE id = 2", /^folder sub: its digest in/],
  ];
  for (const [sql, named] of attacks) {
    withLog((file) => {
      tamper(file, (db) => db.exec(sql));
      const { damage } = verify(file);
      if (typeof named === "string") assert.deepEqual(damage, [named], sql);
      else assert.match(damage[0] ?? "nothing", named, sql);
    });
  }
});

Deno.test("an event that fits the chain but makes no sense is damage at its position", () => {
  const wrong = [
    '{"source":"","seen":"1","folders":[{"path":"nowhere","entries":[{"name":"x","change":"added"}]}]}',
    '{"source":"","seen":"1","folders":7}',
    '{"source":"","seen":"1","folders":[{"path":"","entries":[{"name":"n","change":"added","type":"moon"}]}]}',
    '{"source":"","seen":"1","folders":[{"path":"","entries":[{"name":"n","change":"added","type":"file","size":"x"}]}]}',
    "null",
  ];
  for (const data of wrong) {
    withLog((file) => {
      const log = openLog(file);
      const event = { type: "EntriesObserved", data: JSON.parse(data) } as const;
      assert.throws(() => log.append(RUN, [event]));
      assert.equal(log.head().position, 7, "nothing of it stays");
      log.close();
      appendRaw(file, "EntriesObserved", data);
      const { damage } = verify(file);
      assert.match(damage[0] ?? "nothing", /^event 8 /, data);
      assert.deepEqual(verify(file, true).damage, []);
    });
  }
});

/** Appends a line with the right hash, past everything that checks what is in it. */
function appendRaw(file: string, type: string, data: string): void {
  const db = new DatabaseSync(file);
  const { hash } = db.prepare("SELECT hash FROM events WHERE position = 7").get() as {
    hash: Uint8Array;
  };
  const at = "2023-11-14T22:13:20.000Z";
  const line = new TextEncoder().encode(
    `{"position":8,"at":"${at}","run":"${RUN}","type":"${type}","version":1,"data":${data}}`,
  );
  const next = Uint8Array.fromHex(chainHash(hash.toHex(), line, sha256));
  db.prepare("INSERT INTO events VALUES (8, ?, ?, ?, 0, ?, ?)")
    .run(Date.parse(at), RUN, type, line, next);
  db.exec("UPDATE projections SET position = 8");
  db.close();
}
