import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { rowLine, tableLine } from "../../src/core/checkpoint_rows.ts";
import type { AnyNewEvent } from "../../src/core/event/event.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { BasePlace } from "../../src/ports/checkpoint.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { basedLogWriter } from "../../src/sqlite/based_log.ts";
import { copyDatabase, openLogReader } from "../../src/sqlite/job_log.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { stateDumper } from "../../src/sqlite/state_dump.ts";
import { databaseFolder, folderOf, openLog, sha256, tickingClock, verify } from "./log_fixture.ts";
import { RUN, smallLog, statOf } from "./small_log.ts";

function withFile(use: (file: string) => void): void {
  const folder = databaseFolder();
  try {
    use(`${folder}/home.db`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const tools = () => ({ clock: tickingClock(), sha256 });
const packed = (text: string) => platformHashing.compress(new TextEncoder().encode(text));

const note = (name: string): AnyNewEvent => ({
  type: "ObjectMissing",
  data: { source: "", path: name, key: name, reason: "r" },
});

/** Its rows as a checkpoint has them, one table an object. */
function partsOf(log: JobLog): { place: BasePlace; parts: Uint8Array[] } {
  const dump = stateDumper(sha256)(log);
  try {
    const tables = new Map<string, string[]>();
    for (const { table, columns, cells } of dump.rows()) {
      if (!tables.has(table)) tables.set(table, [tableLine({ table, columns })]);
      tables.get(table)!.push(rowLine(cells));
    }
    const { position, hash } = dump.head;
    const { since, projections } = dump;
    const genesis = log.logs().map((part) => part.genesis);
    return {
      place: { position, hash, since, genesis, projections },
      parts: [...tables.values()].map((lines) => packed(`${lines.join("\n")}\n`)),
    };
  } finally {
    dump.close();
  }
}

function basedOn(log: JobLog, file: string): JobLog {
  const { place, parts } = partsOf(log);
  const writer = basedLogWriter(file, place, tools());
  for (const part of parts) writer.add(part);
  return writer.finish();
}

const digestsOf = (log: JobLog) => sqliteReplayer(folderOf(log.file), sha256).digests(log);

Deno.test("a state that was dumped and loaded is the same row by row: bytes, 64 bits, nothing", () =>
  withFile((file) => {
    const log = smallLog(file);
    const name = { b64: btoa("\xff\xfe") };
    const odd = {
      ...observedOfStat("x", "added", statOf("file", (1n << 63n) + 5n, 1n), { links: 3 }),
      name,
    };
    log.append(RUN, [{
      type: "EntriesObserved",
      data: { source: "", seen: "1700000002000000000", folders: [{ path: "", entries: [odd] }] },
    }]);
    const based = basedOn(log, `${file}.based`);
    assert.deepEqual(digestsOf(based), digestsOf(log));
    const rows = (of: JobLog, table: string) => {
      const db = new DatabaseSync(of.file, { readOnly: true });
      const statement = db.prepare(`SELECT * FROM ${table}`);
      statement.setReadBigInts(true);
      const all = statement.all();
      db.close();
      return all;
    };
    for (const table of ["links", "runs", "sources"]) {
      assert.deepEqual(rows(based, table), rows(log, table), table);
    }
    log.close();
    based.close();
  }));

Deno.test("a database that begins at a checkpoint goes on with the same chain", () =>
  withFile((file) => {
    const log = smallLog(file);
    const based = basedOn(log, `${file}.based`);
    const { position, hash } = log.head();
    assert.deepEqual(based.head(), { position, hash });
    assert.equal(based.projected(), position);
    assert.deepEqual([based.hashAt(position), based.hashBefore(position + 1)], [hash, hash]);
    assert.deepEqual([based.hashAt(position - 1), based.hashBefore(position)], [
      undefined,
      undefined,
    ]);
    assert.equal(based.lastPositionAt(Number.MAX_SAFE_INTEGER), 0);
    assert.equal([...based.events()].length, 0);
    log.append(RUN, [note("a"), note("b")]);
    const lines = [...log.lines({ from: position + 1 })].map(({ line }) => line);
    assert.deepEqual(based.importLines(lines), log.head());
    assert.deepEqual(digestsOf(based), digestsOf(log));
    assert.deepEqual(
      [...based.events({ from: 2 })].map((event) => event.position),
      [position + 1, position + 2],
    );
    based.close();
    const again = openLog(`${file}.based`);
    again.append(RUN, [note("c")]);
    assert.equal(again.base?.position, position);
    again.close();
    for (const chainOnly of [true, false]) {
      const { damage, events, from } = verify(`${file}.based`, chainOnly);
      assert.deepEqual([damage, events, from], [[], 3, position]);
    }
    copyDatabase(`${file}.based`, `${file}.copy`);
    assert.deepEqual(verify(`${file}.copy`).damage, []);
    const reader = openLogReader(`${file}.based`, sha256);
    assert.deepEqual([reader.base?.position, reader.head().position], [position, position + 3]);
    reader.close();
    log.close();
  }));

Deno.test("no event can be put behind a gap after the checkpoint, or before it", () =>
  withFile((file) => {
    const log = smallLog(file);
    const based = basedOn(log, `${file}.based`);
    const { position } = log.head();
    const lines = [...log.lines({ from: position })].map(({ line }) => line);
    assert.throws(() => based.importLines(lines), /says that it is at position/);
    based.close();
    log.close();
    const db = new DatabaseSync(`${file}.based`);
    for (const at of [1, position, position + 2]) {
      const sql = `INSERT INTO events VALUES (${at}, 0, '', '', 0, x'00', x'00')`;
      assert.throws(() => db.exec(sql), /positions follow one another/, `${at}`);
    }
    db.close();
  }));

Deno.test("an altered row or event behind a checkpoint is found, and so is another base", () => {
  const attacks: [sql: string, named: RegExp][] = [
    ["UPDATE entries SET links = 9 WHERE name = CAST('file 5' AS BLOB)", /entry file 5: links 9/],
    ["DELETE FROM entries WHERE name = CAST('file 5' AS BLOB)", /file 5 is missing from the index/],
    ["UPDATE events SET hash = zeroblob(32)", /its hash does not fit/],
    [`UPDATE meta SET value = replace(value, '"hash":"', '"hash":"0') WHERE name = 'base'`, /hash/],
    ["DELETE FROM events", /is missing: the log ends before it/],
  ];
  for (const [sql, named] of attacks) {
    withFile((file) => {
      const log = smallLog(file);
      const based = basedOn(log, `${file}.based`);
      based.append(RUN, [note("a")]);
      based.close();
      log.close();
      const db = new DatabaseSync(`${file}.based`);
      db.exec(`DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete; ${sql}`);
      db.close();
      assert.match(verify(`${file}.based`).damage.join("\n"), named, sql);
    });
  }
});

Deno.test("objects that are no checkpoint's rows are damage, and leave no database", () =>
  withFile((file) => {
    const log = smallLog(file);
    const { place, parts } = partsOf(log);
    const row = "[1,2]\n";
    const columns = '"columns":["folder","name","from_key","position","aliased"]';
    const wrong: [Uint8Array, RegExp][] = [
      [new Uint8Array([1, 2, 3]), /no zstd frame/],
      [packed(row), /a row is of no table/],
      [packed("7\n"), /none that a checkpoint has/],
      [packed('[{"b64":7}]\n'), /none that a checkpoint has/],
      [packed('{"table":"events","columns":["position"]}\n'), /table or columns/],
      [packed(`{"table":"renames",${columns}}\n[1,null,"a",1,0]\n`), /a row twice, or half of one/],
      [packed(`{"table":"renames",${columns}}\n[1,2,3,4,5,6,7]\n`), /a row twice, or half of one/],
      [parts[0], /a row twice/],
    ];
    for (const [part, message] of wrong) {
      const writer = basedLogWriter(`${file}.based`, place, tools());
      writer.add(parts[0]);
      assert.throws(() => writer.add(part), { kind: "damage", message });
      writer.discard();
      assert.throws(() => Deno.statSync(`${file}.based`), Deno.errors.NotFound);
    }
    log.close();
  }));

Deno.test("a dump shows the state at its moment, whatever is appended meanwhile", () =>
  withFile((file) => {
    const log = smallLog(file);
    const { position } = log.head();
    const dump = stateDumper(sha256)(log);
    const before = dump.digests();
    log.append(RUN, [
      { type: "SnapshotCreated", data: { sources: [], entries: "1", bytes: "1" } },
    ]);
    assert.equal(dump.head.position, position);
    assert.deepEqual(dump.digests(), before);
    assert.ok(![...dump.rows()].some(({ table }) => table === "snapshots"));
    dump.close();
    log.close();
  }));
