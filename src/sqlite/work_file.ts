import { DatabaseSync } from "node:sqlite";
import { guarded, makePrivateFile } from "./database.ts";
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
  const file = workFileName(folder);
  return workFileAt(file, schema, (db) => guardedReads(file, make(db)));
}

/** A new file, empty. */
export function workFileName(folder: string): string {
  return Deno.makeTempFileSync({ dir: folder, prefix: ".work-", suffix: ".db" });
}

/** The same in a file that is empty or not there yet; what is made guards itself against its errors. */
export function workFileAt<Made extends object>(
  file: string,
  schema: string,
  make: (db: DatabaseSync) => Made,
): Made & { close(): void } {
  try {
    return guarded(file, () => {
      makePrivateFile(file);
      const db = new DatabaseSync(file);
      db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768");
      db.exec(`BEGIN; ${schema}`);
      return {
        ...make(db),
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
