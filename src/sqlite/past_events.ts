import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { bytesOfHex } from "../core/hash.ts";
import { eventHead } from "../core/log_segment_lines.ts";
import type { LogBase } from "../ports/event_log.ts";
import type { PastWriter } from "../ports/past_events.ts";
import { guarded } from "./database.ts";
import { packLine } from "./line_storage.ts";
import { EVENTS_TABLE } from "./schema.ts";

/** Events that were cut from a job's database, in a temporary file beside it. */
export interface PastFile extends PastWriter {
  readonly file: string;
  /** All that is written can be read by others from here on. */
  settle(): void;
  /** Removes it. */
  close(): void;
}

/** `folder`: that of the database, which has the space that what was cut took once. */
export function pastFile(folder: string): PastFile {
  const file = Deno.makeTempFileSync({ dir: folder, prefix: ".work-", suffix: ".db" });
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192");
  db.exec(EVENTS_TABLE);
  const insert = db.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)");
  return {
    file,
    add: (first, lines, hashes) =>
      guarded(file, () => {
        db.exec("BEGIN");
        for (const [i, line] of lines.entries()) {
          const { at, run, type } = eventHead(line);
          const { packed, stored } = packLine(line);
          const hash = bytesOfHex(hashes[i]);
          insert.run(first + i, Date.parse(at), run, type, packed, stored, hash);
        }
        db.exec("COMMIT");
      }),
    settle: () => db.close(),
    close() {
      if (db.isOpen) db.close();
      Deno.removeSync(file);
    },
  };
}

/**
 * Puts what was cut before the events that are here, for what this connection reads of `events`. What
 * it writes has to name `main.events`.
 */
export function attachPast(db: DatabaseSync, past: string, { position }: LogBase): void {
  // Never locked: a commit of one connection would wait for the reads of another.
  db.prepare("ATTACH DATABASE ? AS past").run(`${pathToFileURL(past)}?immutable=1`);
  db.exec(
    `CREATE TEMP VIEW events AS SELECT * FROM past.events
     UNION ALL SELECT * FROM main.events WHERE position > ${position}`,
  );
}
