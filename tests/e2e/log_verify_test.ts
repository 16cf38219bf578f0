/** What `log verify` and `replay` make of a database that somebody has changed. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { shell } from "../sources/tree_tools.ts";
import { holdfast, mustEnd, type Place, recordsOf } from "./holdfast.ts";
import { folderJob, makeSmallTree, settle, withPlace } from "./place.ts";

/** Two backups: docs/three.txt came with the second, all else is unchanged since the first. */
function withLog(use: (place: Place) => Promise<void>): Promise<void> {
  return withPlace(async (empty) => {
    const src = `${empty.folder}/src`;
    makeSmallTree(src);
    await settle();
    const place = await folderJob(empty);
    await mustEnd(0, place, ["backup"]);
    shell(src, "echo three > docs/three.txt");
    await settle();
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["log", "verify"]);
    await use(place);
  });
}

function alter({ state }: Place, change: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(state);
  db.exec("DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete");
  change(db);
  db.close();
}

async function verdict(place: Place, args: readonly string[] = []): Promise<string> {
  const ended = await holdfast(place, ["--json", "log", "verify", ...args]);
  assert.equal(ended.code, 5, ended.said);
  return recordsOf(ended).at(-1)!.totals.damage.join("\n");
}

Deno.test("log verify names the event of which one byte was changed, whichever it is", () =>
  withLog(async (place) => {
    const { events } =
      recordsOf(await mustEnd(0, place, ["--json", "log", "verify"])).at(-1)!.totals;
    assert.ok(events > 15);
    for (const position of [1, 7, Math.floor(events / 2), events]) {
      const flip = (db: DatabaseSync) => {
        const get = db.prepare("SELECT line FROM events WHERE position = ?");
        const line = (get.get(position) as { line: Uint8Array }).line;
        // In an unpacked line this is inside the envelope, in a packed one in the compressed data.
        line[Math.floor(line.length / 2)] ^= 0x01;
        db.prepare("UPDATE events SET line = ? WHERE position = ?").run(line, position);
      };
      const triggers = shell(place.folder, `cp '${place.state}' saved.db; echo`);
      assert.equal(triggers, "\n");
      alter(place, flip);
      const named = new RegExp(`^event ${position} (is not what was written|cannot be unpacked)`);
      assert.match(await verdict(place), named);
      assert.match(await verdict(place, ["--chain"]), named);
      shell(
        place.folder,
        `rm -f '${place.state}'-wal '${place.state}'-shm; cp saved.db '${place.state}'`,
      );
    }
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("log verify names an event that was taken out, or filed under another time", () =>
  withLog(async (place) => {
    shell(place.folder, `cp '${place.state}' saved.db`);
    alter(place, (db) => db.exec("DELETE FROM events WHERE position = 9"));
    assert.match(await verdict(place), /^event 9 is missing/);
    shell(place.folder, `rm -f '${place.state}'-*; cp saved.db '${place.state}'`);
    alter(place, (db) => db.exec("UPDATE events SET at = at + 1 WHERE position = 8"));
    assert.match(await verdict(place), /^event 8 is filed under another time/);
  }));

Deno.test("log verify names an altered row of the index, and replay repairs it", () =>
  withLog(async (place) => {
    const rows: [name: string, said: RegExp][] = [
      ["three.txt", /^entry docs\/three\.txt: mode 4\d\d in the index, \d+ by the log/],
      // Unchanged since the first run: no later event is about it.
      ["one.txt", /^entry docs\/one\.txt: mode 4\d\d in the index, \d+ by the log/],
    ];
    for (const [name, said] of rows) {
      alterMode(place, name);
      assert.match(await verdict(place), said);
      const replay = await holdfast(place, ["replay"]);
      assert.equal(replay.code, 5, replay.said);
      assert.match(replay.stdout, /the live entries differed and were replaced by the replay/);
      await mustEnd(0, place, ["log", "verify"]);
      await mustEnd(0, place, ["replay"]);
    }
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["restore", "--to", `${place.folder}/out`]);
  }));

/** Sets the mode in an entry's packed stat to one that it does not have: 0o700. */
function alterMode({ state }: Place, name: string): void {
  const db = new DatabaseSync(state);
  const key = new TextEncoder().encode(name);
  const row = db.prepare("SELECT stat FROM entries WHERE name = ?").get(key);
  const { stat } = row as { stat: Uint8Array };
  new DataView(stat.buffer, stat.byteOffset).setUint32(4, 0o700, true);
  db.prepare("UPDATE entries SET stat = ? WHERE name = ?").run(stat, key);
  db.close();
}

Deno.test("log verify names rows that are missing from the index or that nobody logged", () =>
  withLog(async (place) => {
    alter(place, (db) => {
      db.exec("DELETE FROM entries WHERE CAST(name AS TEXT) = 'two.txt'");
      db.exec("UPDATE snapshots SET gaps = 7");
    });
    const said = await verdict(place);
    assert.match(said, /entry docs\/letters\/two\.txt is missing from the index/);
    assert.match(said, /row \d+ of snapshots: gaps 7 in the index, 0 by the log/);
    await holdfast(place, ["replay"]);
    await mustEnd(0, place, ["log", "verify"]);
  }));

Deno.test("the log refuses changes and deletions of its events", () =>
  withLog(({ state }) => {
    const db = new DatabaseSync(state);
    try {
      assert.throws(() => db.exec("UPDATE events SET at = 0"), /append-only/);
      assert.throws(() => db.exec("DELETE FROM events"), /append-only/);
    } finally {
      db.close();
    }
    return Promise.resolve();
  }));

Deno.test("log verify compares the log with what was shipped, and --local does not", () =>
  withLog(async (place) => {
    shell(place.folder, `cp ${place.state} older.db`);
    const said = await mustEnd(0, place, ["log", "verify"]);
    assert.match(said.stdout, /\n\d+ segments in the repository, up to position \d+, are signed/);
    const alone = await mustEnd(0, place, ["log", "verify", "--local"]);
    assert.doesNotMatch(alone.stdout, /segments/);
    const { folder } = place;
    shell(folder, "echo four > src/four");
    await mustEnd(0, place, ["backup"]);
    const older = await mustEnd(0, { ...place, state: `${folder}/older.db` }, ["log", "verify"]);
    assert.match(
      older.stderr,
      /the repository has the events \d+ to \d+, and this database has not/,
    );
    shell(folder, "mv store elsewhere");
    const unreachable = await holdfast(place, ["log", "verify"]);
    assert.notEqual(unreachable.code, 0);
    assert.match(
      unreachable.stderr,
      /hint: .*`log verify --local` verifies what is on this machine/,
    );
    await mustEnd(0, place, ["log", "verify", "--local"]);
  }));

Deno.test("a job whose key is lost and whose database is not is taken over, and comes back whole", () =>
  withLog(async (place) => {
    const { folder, state } = place;
    shell(folder, `rm ${state.replace(/\.db$/, ".key")}`);
    await mustEnd(12, place, ["backup"]);
    // The record of the last segment is in none, and nobody can sign another one of that log.
    await mustEnd(0, place, ["--yes", "takeover"]);
    shell(folder, "echo five > src/five");
    await settle();
    await mustEnd(0, place, ["backup"]);
    const verified = await mustEnd(0, place, ["log", "verify"]);
    assert.match(verified.stderr, /a rebuild begins with the checkpoint at position \d+/);
    shell(folder, `rm ${state}*`);
    await mustEnd(5, place, ["rebuild"]);
    await mustEnd(0, place, ["backup"]);
    await mustEnd(0, place, ["restore", "--to", `${folder}/out`]);
    assert.equal(shell(folder, "diff -r src out && echo same"), "same\n");
  }));

Deno.test("a closing segment that is lost is found by log verify, and log ship puts it back", () =>
  withLog(async (place) => {
    const other = { ...place, state: `${place.folder}/other/job.db` };
    await mustEnd(0, other, ["--yes", "takeover"]);
    const { folder } = place;
    const closing = shell(folder, "grep -rl closed-by store/.holdfast-store/current || :").trim();
    assert.notEqual(closing, "");
    for (const file of closing.split("\n")) Deno.removeSync(`${folder}/${file}`);
    const lost = await holdfast(other, ["log", "verify"]);
    assert.equal(lost.code, 5, lost.said);
    assert.match(
      lost.said,
      /the log segment that closes \S+ for [0-9a-f]{32} is not in the repository/,
    );
    await mustEnd(0, other, ["log", "ship"]);
    await mustEnd(0, other, ["log", "verify"]);
  }));
