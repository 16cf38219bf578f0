/**
 * Stops a run inside the transaction that appends an event of a given position, by a trigger in the
 * job's own database, and kills it there: at that append, on every machine and at every speed.
 */
import { DatabaseSync } from "node:sqlite";
import { type Ended, endOf, type Place, startHoldfast } from "./holdfast.ts";

/** The run's WAL never grows so far by what it appends itself. */
const STANDS_STILL = 16 << 20;

/**
 * Runs the executable and ends it by SIGKILL while it appends `position`; undefined where it has
 * ended by itself, not having come so far. The position is then free for the next run.
 */
export async function killedAtAppend(
  place: Place,
  args: readonly string[],
  position: number,
): Promise<{ readonly killed: boolean; readonly ended: Ended }> {
  change(
    place.state,
    // What SQLite writes for it shows outside that the run is there; it ends long after the kill.
    `CREATE TABLE held (bytes BLOB);
     CREATE VIEW many AS
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4096) SELECT i FROM n;
     CREATE TRIGGER hold AFTER INSERT ON events WHEN NEW.position = ${position}
     BEGIN INSERT INTO held SELECT zeroblob(1000000) FROM many; END`,
  );
  const child = await startHoldfast(place, args);
  let running = true;
  const end = endOf(child).finally(() => running = false);
  let killed = false;
  while (running) {
    if (sizeOf(`${place.state}-wal`) > STANDS_STILL) {
      child.kill("SIGKILL");
      killed = true;
      break;
    }
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, 2))]);
  }
  const ended = await end;
  change(place.state, "DROP TRIGGER hold; DROP VIEW many; DROP TABLE held");
  return { killed, ended };
}

/** Position of the last event in the database. */
export function headOf({ state }: Place): number {
  return opened(state, (db) => {
    const row = db.prepare("SELECT MAX(position) AS head FROM events").get();
    return Number((row as { head: number }).head);
  });
}

function change(file: string, sql: string): void {
  opened(file, (db) => db.exec(sql));
}

function opened<Result>(file: string, use: (db: DatabaseSync) => Result): Result {
  const db = new DatabaseSync(file);
  try {
    return use(db);
  } finally {
    db.close();
  }
}

function sizeOf(file: string): number {
  try {
    return Deno.statSync(file).size;
  } catch {
    return 0;
  }
}
