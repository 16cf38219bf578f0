import { isOpen } from "../app/same_restore.ts";
import type { RestoresOptions, RunInput } from "../cli/runner.ts";
import { HoldfastError } from "../core/error.ts";
import type { RestoreJobRow } from "../core/index/restore_rows.ts";
import { textOfJson } from "../core/path_text.ts";
import { isSmbUrl } from "../core/smb_url.ts";
import { missingDatabase } from "../sqlite/database.ts";
import type { JobLog } from "../ports/event_log.ts";
import { isFile } from "./open_log.ts";
import { selectionOf } from "./restore_selection.ts";
import { standingOf } from "./restore_standing.ts";

/** What a restore asks for, and has got, is in the log of the machine that writes the job. */
export async function checkOwner(input: RunInput<RestoresOptions>): Promise<void> {
  if (!isFile(input.stateFile)) throw missingDatabase(input.stateFile);
  if (await standingOf(input) === "owner") return;
  throw new HoldfastError(
    "locked",
    "this machine does not write the job: its restores are elsewhere",
    {
      hint: "repeat the restore command here: what is warming is not asked for twice",
    },
  );
}

export function restoreNamed(log: JobLog, job: number): RestoreJobRow {
  const row = log.index.restores.job(job);
  if (row !== undefined) return row;
  throw new HoldfastError("usage", `there is no restore ${job}`, { hint: LISTED });
}

export function openRestore(log: JobLog, job: number): RestoreJobRow {
  const row = restoreNamed(log, job);
  if (isOpen(row)) return row;
  throw new HoldfastError("usage", `restore ${job} is ${row.state}`, { hint: LISTED });
}

export function openRestores(log: JobLog): RestoreJobRow[] {
  return log.index.restores.jobs().filter(isOpen);
}

/** The option is for shares to restore into. Throws kind "usage" where there is none. */
export function checkPasswordFile(
  { options: { passwordFile } }: RunInput<{ readonly passwordFile?: string }>,
  rows: readonly RestoreJobRow[],
): void {
  if (passwordFile === undefined || rows.length === 0) return;
  if (rows.some((row) => isSmbUrl(wishOf(row).to))) return;
  throw new HoldfastError("usage", "--password-file has no meaning for a local folder", {
    hint: "leave it out",
  });
}

/** undefined where it died while it was planned: it has asked for nothing, and is planned anew. */
export function resumedOf(row: RestoreJobRow): RestoreJobRow | undefined {
  return row.state === "planning" ? undefined : row;
}

const LISTED = "`holdfast restores` lists those that are open";

/** What its plan said it restores, where to and how. */
export function wishOf(row: RestoreJobRow) {
  const { paths, include, exclude } = JSON.parse(row.selection);
  const patterns: { include: string[]; exclude: string[] } = { include, exclude };
  return {
    patterns,
    selection: selectionOf({ paths: paths.map(textOfJson), ...patterns }),
    to: textOfJson(JSON.parse(row.target)),
    overwrite: row.overwrite as "never" | "if-changed" | "always",
    wanted: { kind: "position" as const, position: row.restored },
  };
}
