import { DatabaseSync } from "node:sqlite";
import { guarded } from "./database.ts";
import { guardedReads } from "./guarded_reads.ts";

/**
 * Something made of tables in a temporary database file in `folder`; `close` removes the file. One
 * transaction from first to last: nothing of it has to outlive anything.
 */
export function inWorkFile<Made extends object>(
  folder: string,
  schema: string,
  make: (db: DatabaseSync) => Made,
): Made & { close(): void } {
  const file = Deno.makeTempFileSync({ dir: folder, prefix: ".work-", suffix: ".db" });
  try {
    return guarded(file, () => {
      const db = new DatabaseSync(file);
      db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768");
      db.exec(`BEGIN; ${schema}`);
      return {
        ...guardedReads(file, make(db)),
        close() {
          db.close();
          Deno.removeSync(file);
        },
      };
    });
  } catch (error) {
    Deno.removeSync(file);
    throw error;
  }
}
