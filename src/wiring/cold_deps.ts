import type { RestoreDeps } from "../app/restore_deps.ts";
import type { RunInput, WarmUpWishes } from "../cli/runner.ts";
import { quoteRestore } from "../core/cost/quote_restore.ts";
import { counted } from "../report/count_text.ts";
import { restorePlanLines, restorePlanRecord } from "../report/restore_plan_text.ts";
import { costSetting } from "./cost_setting.ts";

/** Requests for restored copies a second; AWS takes 1,000 for each account and region. */
const RATE = 100;

/** Milliseconds that a warm-up takes in a store that simulates archive classes: Bulk, the slowest. */
export function simulatedWait({ job }: Pick<RunInput<unknown>, "job">): number | undefined {
  const warmUp = job.repository.kind === "folder" ? job.repository.warmUp : undefined;
  return warmUp === undefined ? undefined : 2 * warmUp;
}

/** An explicit `--max-cost` is the approval of what stays below it. */
export function coldDeps(
  input: RunInput<{ readonly warmUp: WarmUpWishes }>,
): RestoreDeps["cold"] {
  const { output, job, options } = input;
  const setting = costSetting(job);
  return {
    quote: (groups, as) => quoteRestore(groups, { ...setting, ...as }),
    show(plan) {
      output.record(restorePlanRecord(plan));
      if (options.warmUp.viaBatch) output.text("S3 Batch Operations: not yet run on AWS");
      output.text(...restorePlanLines(plan));
    },
    async approve({ asked, approved }) {
      if (options.warmUp.budget !== undefined) return true;
      // Jobs have a price of their own, also for what was approved before.
      const objects = asked.objects || approved.objects;
      return await input.confirm(`ask for ${counted(objects, "archived object")}?`);
    },
    ...{ rate: RATE, simulatedWait: simulatedWait(input) },
  };
}
