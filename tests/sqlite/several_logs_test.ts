import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import type { Genesis } from "../../src/core/event/line.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { openLogReader } from "../../src/sqlite/job_log.ts";
import { createLog, databaseFolder, GENESIS, openLog, sha256, verify } from "./log_fixture.ts";
import { smallLog } from "./small_log.ts";

const RUN = "ab".repeat(16);
const event = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "r" },
});

function after(log: JobLog, id: string, next?: number): Genesis {
  const { position, hash } = log.head();
  const parent = { log: log.genesis.log, position, hash, ...(next === undefined ? {} : { next }) };
  return { ...GENESIS, log: id.repeat(16), parent };
}

function withFile(use: (file: string) => void): void {
  const folder = databaseFolder();
  try {
    use(`${folder}/home.db`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Events 1, 2 | 3 | none | 10, 11: four logs, one of them empty, one behind a jump. */
function fourLogs(file: string): JobLog {
  const log = createLog(file);
  log.append(RUN, [event("a"), event("b")]);
  log.beginLog(after(log, "44"));
  log.append(RUN, [event("c")]);
  log.beginLog(after(log, "55"));
  log.beginLog(after(log, "66", 10));
  log.append(RUN, [event("d"), event("e")]);
  return log;
}

Deno.test("logs follow one another in one database, each from the head of the one before", () =>
  withFile((file) => {
    const log = fourLogs(file);
    assert.deepEqual(log.logs().map(({ first }) => first), [1, 3, 4, 10]);
    assert.equal(log.genesis.log, "66".repeat(16));
    assert.deepEqual([...log.events()].map(({ position }) => position), [1, 2, 3, 10, 11]);
    assert.deepEqual([...log.events({ from: 10 })].map(({ position }) => position), [10, 11]);
    assert.deepEqual([...log.events({ from: 7 })].map(({ position }) => position), [10, 11]);
    assert.equal(log.hashAt(4), undefined);
    assert.notEqual(log.hashBefore(3), log.hashAt(2));
    assert.equal(log.hashBefore(11), log.hashAt(10));
    assert.equal(log.hashBefore(7), undefined);
    log.close();
    const again = openLog(file);
    again.append(RUN, [event("f")]);
    assert.equal(again.head().position, 12);
    again.close();
    for (const chainOnly of [true, false]) {
      const { damage, events } = verify(file, chainOnly);
      assert.deepEqual([damage, events], [[], 6]);
    }
    const reader = openLogReader(file, sha256);
    assert.equal(reader.genesis.log, "66".repeat(16));
    assert.equal([...reader.events()].length, 6);
    reader.close();
  }));

Deno.test("a log without events has its head before its first position", () =>
  withFile((file) => {
    const log = createLog(file);
    log.append(RUN, [event("a")]);
    log.beginLog(after(log, "44", 8));
    assert.equal(log.head().position, 7);
    assert.equal(log.hashBefore(8), log.head().hash);
    log.append(RUN, [], { durable: true });
    assert.equal(log.projected(), 1);
    log.append(RUN, [event("b")]);
    assert.equal(log.projected(), 8);
    log.close();
    assert.deepEqual(verify(file).damage, []);
  }));

Deno.test("a log that does not follow from the head is refused, and nothing is left of it", () =>
  withFile((file) => {
    const log = createLog(file);
    log.append(RUN, [event("a")]);
    const right = after(log, "44");
    const wrong = [
      { ...right, parent: null },
      { ...right, parent: { ...right.parent!, log: "55".repeat(16) } },
      { ...right, parent: { ...right.parent!, position: 2 } },
      { ...right, parent: { ...right.parent!, hash: "00".repeat(32) } },
      { ...right, parent: { ...right.parent!, next: 1 } },
    ];
    for (const genesis of wrong) {
      assert.throws(() => log.beginLog(genesis), /does not follow|UNIQUE/);
      assert.equal(log.logs().length, 1);
    }
    log.beginLog(right);
    log.close();
  }));

Deno.test("whoever changes where a log begins, or what it follows, is found out", () => {
  const attacks: [what: string, sql: string, named: RegExp][] = [
    [
      "parent",
      "UPDATE logs SET genesis = replace(genesis, '\"position\":2', '\"position\":1')",
      /^event 3 /,
    ],
    [
      "key",
      "UPDATE logs SET genesis = replace(genesis, '3333', '3334') WHERE first = 3",
      /^event 3 /,
    ],
    ["gone", "DELETE FROM logs WHERE first = 3", /^event 3 |^event 4 /],
    ["jump gone", "DELETE FROM logs WHERE first = 10", /^event 4 is missing/],
    ["moved", "UPDATE logs SET first = 9 WHERE first = 10", /^event 9 is missing/],
    ["added", "INSERT INTO logs SELECT 12, genesis FROM logs WHERE first = 3", /^event 12 /],
    ["first", "UPDATE meta SET value = replace(value, '3333', '3334')", /^event 1 /],
  ];
  for (const [what, sql, named] of attacks) {
    withFile((file) => {
      fourLogs(file).close();
      const db = new DatabaseSync(file);
      db.exec(`DROP TRIGGER logs_no_update; DROP TRIGGER logs_no_delete; ${sql}`);
      db.close();
      const { damage } = verify(file, true);
      assert.equal(damage.length, 1, what);
      assert.match(damage[0], named, what);
    });
  }
});

Deno.test("the triggers refuse a gap that no log begins behind, and changes of the logs", () =>
  withFile((file) => {
    fourLogs(file).close();
    const db = new DatabaseSync(file);
    const insert = (position: number) =>
      `INSERT INTO events VALUES (${position}, 0, '', '', 0, x'00', x'00')`;
    for (const sql of [insert(13), insert(4), "UPDATE logs SET first = 9", "DELETE FROM logs"]) {
      assert.throws(() => db.exec(sql), /append-only|follow/, sql);
    }
    db.close();
  }));

Deno.test("a database from before several logs is read, and gets what it lacks when it is written", () =>
  withFile((file) => {
    smallLog(file).close();
    const db = new DatabaseSync(file);
    db.exec(`DROP TABLE logs; DROP TRIGGER events_no_gap;
      CREATE TRIGGER events_no_gap BEFORE INSERT ON events
      WHEN NEW.position <> (SELECT COALESCE(MAX(position), 0) + 1 FROM events)
      BEGIN SELECT RAISE(ABORT, 'positions follow one another'); END;`);
    db.close();
    assert.deepEqual(verify(file).damage, []);
    const log = openLog(file);
    log.beginLog(after(log, "44", 100));
    log.append(RUN, [event("a")]);
    assert.equal(log.head().position, 100);
    log.close();
    assert.deepEqual(verify(file).damage, []);
  }));

Deno.test("imported lines are the same log: bytes, hashes, projections", () =>
  withFile((file) => {
    const log = smallLog(file);
    const copy = createLog(`${file}.copy.db`);
    const lines = [...log.lines()].map(({ line }) => line);
    copy.importLines(lines.slice(0, 3));
    assert.deepEqual(copy.importLines(lines.slice(3)), log.head());
    assert.deepEqual([...copy.lines()], [...log.lines()]);
    log.close();
    copy.close();
    assert.deepEqual(verify(`${file}.copy.db`).damage, []);
  }));

Deno.test("lines that do not fit are refused whole: another position, no JSON, no sense", () =>
  withFile((file) => {
    const log = smallLog(file);
    const copy = createLog(`${file}.copy.db`);
    const lines = [...log.lines()].map(({ line }) => line);
    const text = new TextDecoder().decode(lines[1]);
    const senseless = text.replace(/"folders":.*/, '"folders":7}}');
    const wrong: [Uint8Array[], RegExp][] = [
      [[lines[0], lines[2]], /event 2 says that it is at position 3/],
      [[lines[0], new Uint8Array([65])], /event 2 is not JSON/],
      [[lines[0], new TextEncoder().encode(senseless)], /does not say what its type demands/],
      [
        [lines[0], new TextEncoder().encode(text.replace('"version":1', '"version":9'))],
        /does not know/,
      ],
    ];
    for (const [some, message] of wrong) {
      assert.throws(() => copy.importLines(some), message);
      assert.equal(copy.head().position, 0);
    }
    log.close();
    copy.close();
  }));
