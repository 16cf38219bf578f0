import { countEvent, type FateOf, noRun, type RunTally } from "../core/cost/price_run.ts";
import type { RunRow } from "../core/index/run_fold.ts";
import type { JobLog } from "../ports/event_log.ts";

/** Commands whose runs ask the store for something that is paid for. */
const PAID = new Set(["backup", "adopt", "restore", "heal", "prune", "delete", "undo"]);

/** The last runs, newest first, with what their events say was asked of the store. */
export async function* runTallies(
  log: JobLog,
  { most, fateOf }: { readonly most: number; readonly fateOf: FateOf },
  breathe: () => Promise<void> | undefined,
): AsyncGenerator<{ readonly run: RunRow; readonly tally: RunTally }> {
  let count = 0;
  // More than are shown: those that asked for nothing are left out.
  for (const run of log.index.runs(most * 10)) {
    if (count >= most) return;
    // Of a run from before the log begins here nobody can tell.
    if (run.position <= (log.base?.position ?? 0)) return;
    const isCheck = run.command === "check";
    if (!isCheck && !PAID.has(run.command)) continue;
    const tally = noRun();
    for (const event of log.events({ from: run.position, run: run.run })) {
      countEvent(tally, event, fateOf);
      const pause = breathe();
      if (pause !== undefined) await pause;
    }
    // A check is paid for where AWS has computed checksums.
    if (isCheck && tally.checksums.jobs === 0) continue;
    count++;
    yield { run, tally };
  }
}

/** What became of the restores in the log. A cancelled one costs what was asked for by then. */
export function restoreFates(log: JobLog): FateOf {
  const { restores } = log.index;
  let asked: ReadonlyMap<number, number> | undefined;
  return (number) => {
    const job = restores.job(number);
    if (job === undefined) return undefined;
    const { position, objects, state } = job;
    // What was asked for before a checkpoint is not told: then all of it counts.
    const isTold = position > (log.base?.position ?? 0);
    if (state !== "cancelled" || objects === 0 || !isTold) return { position, objects, share: 1 };
    asked ??= askedByJob(log);
    return { position, objects, share: Math.min(1, (asked.get(number) ?? 0) / objects) };
  };
}

/** Objects that were asked for, but for those of which it turned out that they were not. */
function askedByJob(log: JobLog): Map<number, number> {
  const asked = new Map<number, number>();
  const count = (job: number, more: number) => asked.set(job, (asked.get(job) ?? 0) + more);
  for (const type of ["WarmUpPlanned", "WarmUpRequested"] as const) {
    for (const event of log.events({ type })) {
      if (event.type === "WarmUpPlanned") count(event.data.job, event.data.objects.length);
      if (event.type !== "WarmUpRequested") continue;
      const { job, intent, others = [] } = event.data;
      // It never arrived, or an intended one met another one's.
      const unpaid = others.filter(({ answer }) =>
        answer === "not asked" || (answer === "under way" && intent !== undefined)
      );
      count(job, -unpaid.length);
    }
  }
  return asked;
}
