import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { HoldfastError } from "../../src/core/error.ts";
import { sourceDigest } from "../../src/core/index/tree_digest.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { databaseFolder, openLog, sha256, verify } from "./log_fixture.ts";
import { RUN, smallLog } from "./small_log.ts";
import { seed } from "../seed.ts";

const PAGE = 4096;

type Damage =
  | { do: "write"; page: number; at: number; bytes: Uint8Array }
  | { do: "fill"; page: number; byte: number }
  | { do: "cut"; length: number };

const damage: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      page: fc.nat(),
      at: fc.nat(PAGE - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
    }),
  },
  fc.record({ do: fc.constant("fill" as const), page: fc.nat(), byte: fc.constantFrom(0, 255) }),
  fc.record({ do: fc.constant("cut" as const), length: fc.nat() }),
);

Deno.test(`a damaged database file is damage or still right, never a crash (seed ${seed})`, () => {
  const folder = databaseFolder();
  const file = `${folder}/home.db`;
  try {
    smallLog(file).close();
    const whole = Deno.readFileSync(file);
    let found = 0;
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (all) => {
        const bytes = all.reduce(damaged, whole);
        for (const suffix of ["-wal", "-shm"]) removeIfThere(file + suffix);
        Deno.writeFileSync(file, bytes);
        for (const look of [lookAll, appendOne, () => lookVerify(file)]) {
          if (!isWhole(file, look)) found++;
        }
      }),
      { numRuns: 400, seed },
    );
    assert.ok(found > 200, `damage was met ${found} times`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

function damaged(bytes: Uint8Array, damage: Damage): Uint8Array {
  if (bytes.length === 0) return bytes;
  if (damage.do === "cut") return bytes.slice(0, damage.length % bytes.length);
  const copy = bytes.slice();
  const start = damage.page % Math.ceil(bytes.length / PAGE) * PAGE;
  if (damage.do === "fill") copy.fill(damage.byte, start, start + PAGE);
  else damage.bytes.forEach((byte, i) => copy[(start + damage.at + i) % bytes.length] = byte);
  return copy;
}

/** Opens the log and lets `look` go over it. False where that met damage. */
function isWhole(file: string, look: (log: JobLog) => void): boolean {
  let log: JobLog | undefined;
  try {
    log = openLog(file);
    look(log);
    return true;
  } catch (error) {
    assert.ok(error instanceof HoldfastError, `not ours: ${(error as Error).stack}`);
    assert.ok(["damage", "failed"].includes(error.kind), `${error.kind}: ${error.message}`);
    // Bytes that are JSON by chance may look like a newer program's event.
    if (error.kind === "failed") assert.match(error.message, /does not know/);
    return false;
  } finally {
    log?.close();
  }
}

function lookAll(log: JobLog): void {
  const { index } = log;
  const { tables, paths } = index;
  index.totals();
  index.unstoredTotals();
  index.unread(99, undefined, 1000);
  index.unreadable();
  index.runs(10);
  index.snapshots();
  index.uploads();
  index.sources();
  log.lastPositionAt(1e15);
  for (let id = 1; id <= 2; id++) {
    const folder = tables.folderById(id);
    if (folder === undefined) continue;
    index.countBelow(id);
    index.hasPending(id);
    index.statDigest(id);
    for (const _ of tables.foldersIn(id));
    for (const _ of tables.entriesIn(id));
  }
  sourceDigest(tables, paths, "", "content", sha256);
  for (const _ of log.events());
}

function appendOne(log: JobLog): void {
  log.append(RUN, [{ type: "RunFinished", data: { outcome: 0, totals: {} } }], { durable: true });
}

function lookVerify(file: string): void {
  const { damage } = verify(file);
  if (damage.length > 0) throw new HoldfastError("damage", damage[0]);
}

function removeIfThere(file: string): void {
  try {
    Deno.removeSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

Deno.test("a file that is no database, or an empty one, is damage; none at all is no repository", () => {
  const folder = databaseFolder();
  const file = `${folder}/home.db`;
  try {
    assert.throws(() => openLog(file), { kind: "no-repository" });
    for (const text of ["", "no database at all ".repeat(400)]) {
      Deno.writeTextFileSync(file, text);
      assert.throws(() => openLog(file), { kind: "damage" });
      assert.throws(() => openLog(file, { mode: "read" }), { kind: "damage" });
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a full disk is kind disk-full, nothing of that transaction stays, and there is a way on", () => {
  const folder = databaseFolder();
  const file = `${folder}/home.db`;
  try {
    smallLog(file).close();
    console.log("stand-in for a full disk: PRAGMA max_page_count");
    const db = new DatabaseSync(file);
    const { page_count } = db.prepare("PRAGMA page_count").get() as { page_count: number };
    db.close();
    const undo = limitPages(page_count);
    const log = openLog(file);
    undo();
    const event = {
      type: "RunFinished",
      data: { outcome: 0, totals: Object.fromEntries(noise()) },
    } as const;
    assert.throws(() => log.append(RUN, [event]), { kind: "disk-full" });
    assert.equal(log.head().position, 7);
    log.close();
    const again = openLog(file);
    assert.equal(again.append(RUN, [event]), 8);
    again.close();
    assert.deepEqual(verify(file).damage, []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

/** Connections opened until the returned function is called may not let their file grow. */
function limitPages(pages: number): () => void {
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    exec.call(this, `PRAGMA max_page_count = ${pages}`);
    exec.call(this, sql);
  };
  return () => DatabaseSync.prototype.exec = exec;
}

/** Does not compress. */
function noise(): [string, string][] {
  return Array.from({ length: 4000 }, () => {
    const name = crypto.randomUUID();
    return [name, name];
  });
}
