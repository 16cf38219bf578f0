import type { DatabaseSync } from "node:sqlite";
import type { RestoreModel } from "../ports/restore_model.ts";
import { numberIn, textIn } from "./column.ts";
import { foundClassRow, jobRow, objectRow, warmUpRow } from "./restore_tables.ts";

type Raw = Record<string, unknown>;

const PAGE = 1000;

/** What commands ask of the restore jobs. */
export function sqliteRestoreModel(db: DatabaseSync): RestoreModel {
  const jobs = db.prepare("SELECT * FROM restore_jobs ORDER BY job");
  const job = db.prepare("SELECT * FROM restore_jobs WHERE job = ?");
  const last = db.prepare("SELECT COALESCE(MAX(job), 0) AS job FROM restore_jobs");
  const counts = db.prepare(
    `SELECT COALESCE(w.state, 'cold') AS state, COUNT(*) AS objects
     FROM restore_objects AS o LEFT JOIN warm_ups AS w USING (key, version)
     WHERE o.job = ? GROUP BY 1 ORDER BY 1`,
  );
  const page = db.prepare(
    `SELECT * FROM restore_objects WHERE job = ? AND (key, version) > (?, ?)
     ORDER BY key, version LIMIT ${PAGE}`,
  );
  const object = db.prepare(
    "SELECT * FROM restore_objects WHERE job = ? AND key = ? AND version = ?",
  );
  const warm = db.prepare("SELECT * FROM warm_ups WHERE key = ? AND version = ?");
  const found = db.prepare("SELECT * FROM found_classes WHERE key = ? AND version = ?");
  const anyFound = db.prepare("SELECT 1 FROM found_classes LIMIT 1");
  const warmUp = (key: string, version: string) => {
    const raw = warm.get(key, version) as Raw | undefined;
    return raw === undefined ? undefined : warmUpRow(raw);
  };
  return {
    jobs: () => (jobs.all() as Raw[]).map(jobRow),
    job(number) {
      const raw = job.get(number) as Raw | undefined;
      return raw === undefined ? undefined : jobRow(raw);
    },
    nextNumber: () => numberIn((last.get() as Raw).job) + 1,
    awaited: (number) =>
      (counts.all(number) as Raw[]).map(({ state, objects }) => ({
        state: textIn(state) as ReturnType<RestoreModel["awaited"]>[number]["state"],
        objects: numberIn(objects),
      })),
    *objects(number) {
      for (let after = ["", ""];;) {
        const rows = (page.all(number, ...after) as Raw[]).map(objectRow);
        for (const row of rows) yield { object: row, warmUp: warmUp(row.key, row.version) };
        if (rows.length < PAGE) return;
        const { key, version } = rows[rows.length - 1];
        after = [key, version];
      }
    },
    object(number, { key, version }) {
      const raw = object.get(number, key, version) as Raw | undefined;
      return raw === undefined ? undefined : objectRow(raw);
    },
    warmUp: ({ key, version }) => warmUp(key, version),
    foundClass({ key, version }) {
      const raw = found.get(key, version) as Raw | undefined;
      return raw === undefined ? undefined : foundClassRow(raw);
    },
    hasFoundClasses: () => anyFound.get() !== undefined,
  };
}
