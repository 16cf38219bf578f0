import { EXIT, type ExitCode, worstExitCode } from "../core/exit_code.ts";
import type { RestoreReport } from "./restore_deps.ts";
import type { Held } from "./restore_requests.ts";
import type { RestoreWaiting } from "./restore_waiting.ts";
import type { Progress } from "./restore_work.ts";

/** What waits for a person's word goes before what only has to become warm (docs/exit_codes.md). */
export function reportOf({ job, progress, waiting, held, limits }: {
  readonly job: number;
  readonly progress: Progress;
  readonly waiting: RestoreWaiting;
  readonly held: Held;
  readonly limits: readonly string[];
}): RestoreReport {
  const { entries, bytes, present, failed } = progress;
  const objects = { cold: 0, warming: 0, warm: 0 };
  for (const { warmth, objects: count } of waiting.files?.totals() ?? []) {
    objects[warmth === "unknown" ? "cold" : warmth] += count;
  }
  const files = waiting.files?.count().files ?? 0;
  const codes: ExitCode[] = [];
  if (progress.damaged) codes.push(EXIT.damage);
  if (failed > 0) codes.push(EXIT.entries);
  const { unapproved, refused } = held;
  if (files > 0) codes.push(unapproved + refused > 0 ? EXIT.cost : EXIT.warming);
  return {
    ...{ job, exitCode: worstExitCode(codes), entries, bytes, present, failed },
    ...{ waiting: files, objects, unapproved, refused, isDeclined: false },
    ...{ limits: progress.limits, targetLimits: limits },
  };
}
