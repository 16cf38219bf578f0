import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { verifyLog } from "../../src/app/verify_log.ts";
import { replayAndCompare, replayInto } from "../../src/app/replay_log.ts";
import { observedOfStat } from "../../src/core/index/observed_stat.ts";
import { createJobLog, openLogReader } from "../../src/sqlite/job_log.ts";
import { sqliteReplayer } from "../../src/sqlite/replay.ts";
import { takeWriterLock } from "../../src/sqlite/writer_lock.ts";
import {
  createLog,
  databaseFolder,
  folderOf,
  GENESIS,
  openLog,
  sha256,
  tickingClock,
  verify,
} from "./log_fixture.ts";
import { RUN, smallLog, statOf } from "./small_log.ts";

function withLog(use: (file: string) => void): void {
  const folder = databaseFolder();
  try {
    smallLog(`${folder}/home.db`).close();
    use(`${folder}/home.db`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Apart from those that SQLite makes and removes as it likes. */
function filesBeside(file: string): string[] {
  return [...Deno.readDirSync(folderOf(file))].map(({ name }) => name)
    .filter((name) => !/-(wal|shm)$/.test(name)).sort();
}

const finished = { type: "RunFinished", data: { outcome: 0, totals: {} } } as const;

Deno.test("a database is made once, whole or not at all, for its owner alone", () => {
  withLog((file) => {
    assert.throws(() => createLog(file), { kind: "failed", message: /already/ });
    assert.deepEqual(verify(file).damage, [], "the one that was there is as it was");
    if (Deno.build.os !== "windows") assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
    // What a create that was cut off has left.
    const other = `${folderOf(file)}/other.db`;
    for (const suffix of [".new", ".new-wal"]) Deno.writeTextFileSync(other + suffix, "half");
    assert.throws(() => openLog(other), { kind: "no-repository" });
    createLog(other).close();
    assert.deepEqual(filesBeside(file), [
      "home.db",
      "other.db",
    ]);
  });
});

Deno.test("an event is stored as the bytes that were hashed, packed where that gains", () => {
  withLog((file) => {
    const log = openLog(file);
    const lines = [...log.lines()];
    assert.deepEqual(lines.map(({ position }) => position), [1, 2, 3, 4, 5, 6, 7]);
    const line = new TextDecoder().decode(lines[6].line);
    assert.equal(JSON.parse(line).type, "RunFinished");
    assert.equal(lines[6].hash, log.head().hash);
    log.close();
    const db = new DatabaseSync(file);
    const packed = db.prepare("SELECT packed FROM events ORDER BY position").all()
      .map((row) => row.packed);
    db.close();
    assert.deepEqual(packed, [0, 1, 0, 1, 0, 0, 0]);
  });
});

Deno.test("what fails within a transaction leaves nothing of it, in the database or in memory", () => {
  withLog((file) => {
    const log = openLog(file);
    const { position } = log.index.paths.find("", "sub")!;
    const folder = observedOfStat("new", "added", statOf("folder", 50n), {});
    const data = { source: "", seen: "1", folders: [{ path: "", entries: [folder] }] };
    const fail = () => {
      assert.notEqual(log.index.paths.find("", "new"), undefined, "seen within");
      throw new Error("stop");
    };
    const event = { type: "EntriesObserved", data } as const;
    assert.throws(() => log.append(RUN, [event], { within: fail }), { message: "stop" });
    assert.equal(log.index.paths.find("", "new"), undefined);
    assert.equal(log.index.paths.find("", "sub")!.position, position);
    assert.equal(log.append(RUN, [event]), 8);
    log.close();
    assert.deepEqual(verify(file).damage, []);
  });
});

Deno.test("a second connection's events are seen, and both go on with one chain", () => {
  withLog((file) => {
    const [a, b] = [openLog(file), openLog(file)];
    assert.equal(a.append(RUN, [finished]), 8);
    assert.equal(b.head().position, 8);
    assert.equal(b.append(RUN, [finished]), 9);
    assert.equal(a.append(RUN, [finished]), 10);
    a.close();
    b.close();
    assert.deepEqual(verify(file).damage, []);
  });
});

Deno.test("what a volatile log appends is seen by it, and gone when it is closed", () => {
  withLog((file) => {
    const log = openLog(file, { mode: "write", volatile: true });
    assert.equal(log.append(RUN, [finished, finished]), 9);
    assert.equal(log.head().position, 9);
    const reader = openLog(file, { mode: "read" });
    assert.equal(reader.head().position, 7, "a reader is not blocked, and sees none of it");
    reader.close();
    log.close();
    const again = openLog(file);
    assert.equal(again.head().position, 7);
    again.close();
    assert.deepEqual(verify(file).damage, []);
  });
});

Deno.test("a frozen log stays at its moment while a writer goes on", () => {
  withLog((file) => {
    const frozen = openLog(file, { mode: "read", frozen: true });
    const writer = openLog(file);
    writer.append(RUN, [finished]);
    assert.equal(frozen.head().position, 7);
    assert.equal([...frozen.events()].length, 7);
    writer.close();
    frozen.close();
  });
});

Deno.test("a log opened for reading cannot be written", () => {
  withLog((file) => {
    const log = openLog(file, { mode: "read" });
    assert.throws(() => log.append(RUN, [finished]), { name: "HoldfastError" });
    assert.equal(log.head().position, 7);
    log.close();
  });
});

Deno.test("events are chosen by position, run, type and time", () => {
  withLog((file) => {
    const log = openLog(file);
    const positions = (range: Parameters<typeof log.events>[0]) =>
      [...log.events(range)].map(({ position }) => position);
    assert.deepEqual(positions({ from: 3, to: 4 }), [3, 4]);
    assert.deepEqual(positions({ type: "ScanCompleted" }), [3, 6]);
    assert.deepEqual(positions({ run: "00".repeat(16) }), []);
    assert.deepEqual(positions({ from: 9 }), []);
    const times = [...log.events()].map(({ at }) => Date.parse(at));
    assert.deepEqual(positions({ since: times[1], until: times[2] }), [2, 3]);
    assert.equal(log.lastPositionAt(times[4]), 5);
    assert.equal(log.lastPositionAt(times[0] - 1), 0);
    log.close();
  });
});

Deno.test("a line that is not what was written is never replayed or restored from", () => {
  withLog((file) => {
    const db = new DatabaseSync(file);
    db.exec("DROP TRIGGER events_no_update");
    db.exec(`UPDATE events SET line = CAST(replace(line, '"outcome":0', '"outcome":1') AS BLOB)
             WHERE position = 7`);
    db.close();
    const log = openLog(file);
    assert.equal([...log.events({ to: 6 })].length, 6);
    for (const range of [{}, { from: 7 }, { from: 5, to: 7 }]) {
      assert.throws(() => [...log.events(range)], { kind: "damage", message: /^event 7 / });
    }
    const replayer = sqliteReplayer(folderOf(file), sha256);
    assert.throws(() => replayInto(log, replayer, () => {}), { kind: "damage" });
    log.close();
  });
});

Deno.test("replay says which projections differed, and puts right what they held", () => {
  withLog((file) => {
    const replayer = sqliteReplayer(folderOf(file), sha256);
    const replayed = () => {
      const log = openLogReader(file, sha256);
      try {
        return replayAndCompare(log, replayer, () => {});
      } finally {
        log.close();
      }
    };
    assert.deepEqual(replayed().differed, []);
    const db = new DatabaseSync(file);
    db.exec("UPDATE entries SET state = 4; DELETE FROM runs; DROP TABLE links; ");
    db.exec("CREATE TABLE links (file_system, file_id, folder, name)");
    db.close();
    assert.deepEqual(replayed().differed, ["entries", "links", "runs"]);
    assert.deepEqual(replayed().differed, []);
    assert.deepEqual(verify(file).damage, []);
    assert.deepEqual(filesBeside(file), ["home.db"]);
  });
});

Deno.test("what is appended while a replay is under way is in the index that takes its place", () => {
  withLog((file) => {
    const replayer = sqliteReplayer(folderOf(file), sha256);
    const log = openLog(file);
    const replay = replayer.begin(log);
    for (const event of log.events()) replay.project(event);
    const other = openLog(file);
    const file13 = observedOfStat("file 13", "added", statOf("file", 50n), {});
    const data = { source: "", seen: "1", folders: [{ path: "", entries: [file13] }] };
    other.append(RUN, [{ type: "EntriesObserved", data }, finished]);
    other.close();
    replayer.adopt(log, replay);
    replay.close();
    assert.equal(log.projected(), 9);
    assert.equal(log.append(RUN, [finished]), 10);
    log.close();
    assert.deepEqual(verify(file).damage, []);
  });
});

Deno.test("verification goes on with what a writer appends meanwhile", () => {
  withLog((file) => {
    const writer = openLog(file);
    const replayer = sqliteReplayer(folderOf(file), sha256);
    let left = 3;
    const busy = {
      ...replayer,
      differences(...args: Parameters<typeof replayer.differences>) {
        if (left-- > 0) writer.append(RUN, [finished]);
        return replayer.differences(...args);
      },
    };
    const log = openLog(file, { mode: "read" });
    const report = verifyLog(log, busy, sha256, { chainOnly: false, emit() {} });
    assert.deepEqual(report.damage, []);
    assert.equal(report.events, 10);
    log.close();
    writer.close();
  });
});

Deno.test("file ids of 64 bits are told apart where a row of them is wrong", () => {
  withLog((file) => {
    const db = new DatabaseSync(file);
    db.exec("UPDATE links SET file_id = -1 WHERE name = CAST('file 1' AS BLOB)");
    db.close();
    const { damage } = verify(file);
    assert.equal(damage.length, 2);
    assert.match(damage[1], /4611686018427387905 .*is missing from the index/);
  });
});

Deno.test("the second writer learns who is the first, until that one lets go", () => {
  withLog((file) => {
    const holder = { pid: 4711, host: "machine", since: "2023-11-14T22:13:20.000Z" };
    const lock = takeWriterLock(file, "home", holder);
    assert.throws(() => takeWriterLock(file, "home", { ...holder, pid: 1 }), {
      kind: "locked",
      message: /PID 4711 on machine since 2023-11-14T22:13:20.000Z/,
    });
    const reader = openLog(file, { mode: "read" });
    assert.equal(reader.head().position, 7, "readers are not blocked");
    reader.close();
    lock.release();
    takeWriterLock(file, "home", holder).release();
  });
});

Deno.test("a job name, key or parent that differs makes another genesis, and no chain fits it", () => {
  withLog((file) => {
    const other = `${folderOf(file)}/other.db`;
    const tools = { clock: tickingClock(), sha256 };
    const log = createJobLog(other, { ...GENESIS, job: "work" }, tools);
    const mine = openLog(file);
    assert.notEqual(log.head().hash, mine.genesis.log);
    assert.equal(log.head().position, 0);
    assert.equal(log.genesis.job, "work");
    mine.close();
    log.close();
    assert.deepEqual(verify(other).damage, [], "an empty log is whole");
  });
});
