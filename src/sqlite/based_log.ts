import type { BasePlace, BaseWriter } from "../ports/checkpoint.ts";
import { addBasePart, BASE_SCHEMA, writeBase } from "./base_state.ts";
import { guarded, openDatabase } from "./database.ts";
import { createJobLog, type LogTools, openJobLog, removeDatabase } from "./job_log.ts";
import { addLog } from "./log_parts.ts";
import { noGap } from "./schema.ts";

/** Makes a database whose log begins behind a checkpoint, with the state that the checkpoint holds. */
export function basedLogWriter(file: string, place: BasePlace, tools: LogTools): BaseWriter {
  const { genesis: [first, ...later], position } = place;
  createJobLog(file, first, tools).close();
  const db = openDatabase(file, "write");
  let parts = 0;
  const discard = () => {
    if (db.isOpen) db.close();
    removeDatabase(file);
  };
  try {
    guarded(file, () => {
      db.exec(`BEGIN IMMEDIATE; ${BASE_SCHEMA} DROP TRIGGER events_no_gap; ${noGap(position)}`);
      writeBase(db, place);
      for (const genesis of later) addLog(db, genesis);
      db.prepare("UPDATE projections SET position = ?").run(position);
      db.exec("COMMIT");
    });
  } catch (error) {
    discard();
    throw error;
  }
  return {
    add: (body) => guarded(file, () => addBasePart(db, ++parts, body)),
    finish() {
      db.close();
      return openJobLog(file, tools, { mode: "write" });
    },
    discard,
  };
}
