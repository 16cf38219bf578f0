import type { AnyNewEvent } from "../core/event/event.ts";
import type { RestoreJobRow } from "../core/index/restore_rows.ts";
import { jsonOfText, type PathText } from "../core/path_text.ts";
import type { RestoreModel } from "../ports/restore_model.ts";

/** What makes a restore the same one: repeated, it goes on. */
export interface RestoreWish {
  readonly to: PathText;
  readonly overwrite: string;
  readonly paths: readonly PathText[];
  readonly patterns: { readonly include: readonly string[]; readonly exclude: readonly string[] };
  /** Of the state that is restored. */
  readonly position: number;
}

/** One that a process can go on with. */
export function isOpen({ state }: Pick<RestoreJobRow, "state">): boolean {
  return state === "open" || state === "planning";
}

/** The newest open one of this kind. */
export function findSameRestore(
  jobs: readonly RestoreJobRow[],
  { to, overwrite, paths, patterns, position }: RestoreWish,
): RestoreJobRow | undefined {
  const target = JSON.stringify(jsonOfText(to));
  const { include, exclude } = patterns;
  const selection = JSON.stringify({ paths: paths.map(jsonOfText), include, exclude });
  return jobs.findLast((row) =>
    isOpen(row) && row.target === target && row.selection === selection &&
    row.overwrite === overwrite && row.restored === position
  );
}

/**
 * Cut off, restores into one folder that wait for nothing archived would be left open for ever: a new
 * one takes their place.
 */
export function supersede(restores: RestoreModel, job: number): AnyNewEvent[] {
  const { target } = restores.job(job)!;
  const reason = `restore ${job} into the same folder has taken its place`;
  return restores.jobs()
    .filter((row) =>
      row.state === "open" && row.job !== job && row.target === target &&
      restores.awaited(row.job).length === 0
    )
    .map((row) => ({ type: "RestoreCancelled", data: { job: row.job, reason } }));
}
