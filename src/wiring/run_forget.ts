import {
  type ForgetDecision,
  forgetSnapshots,
  type ForgetWish,
  planForget,
} from "../app/forget_snapshots.ts";
import type { ForgetOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { counted } from "../report/count_text.ts";
import { forgetLines, forgetRecord } from "../report/forget_text.ts";
import { configDigest } from "./config_digest.ts";
import { systemEnvironment } from "./environment.ts";
import { openForLook, openForWriting } from "./open_log.ts";
import { openStore } from "./open_store.ts";
import { runShipper } from "./run_shipper.ts";

/** `holdfast forget`. */
export async function runForget(input: RunInput<ForgetOptions>): Promise<number> {
  const started = performance.now();
  const plan = planned(input);
  const isIdle = input.globals.dryRun || plan.every(({ keep }) => keep);
  const decisions = isIdle ? plan : await forgotten(input);
  show(input, decisions, performance.now() - started);
  return EXIT.done;
}

/** Takes no lock and asks nothing of the store. */
function planned(input: RunInput<ForgetOptions>): ForgetDecision[] {
  const log = openForLook(input);
  try {
    return planForget(log, wishOf(input));
  } finally {
    log.close();
  }
}

async function forgotten(input: RunInput<ForgetOptions>): Promise<ForgetDecision[]> {
  const { job, output, signal } = input;
  const environment = systemEnvironment();
  const { log, close } = openForWriting(input, environment);
  try {
    const store = await openStore(job, environment, {
      ...{ log, signal },
      notice: (text) => output.signal({ kind: "notice", text }),
    });
    try {
      const shipper = runShipper(input, { log, store, environment });
      const deps = { log, store, environment, shipper, recipients: job.recipients };
      return await forgetSnapshots(deps, wishOf(input), configDigest(job));
    } finally {
      store.close();
    }
  } finally {
    close();
  }
}

function wishOf({ job, options, output }: RunInput<ForgetOptions>): ForgetWish {
  const { snapshots: named, rules = job.keep } = options;
  return { named, rules, zone: output.zone, timeOf: ({ at }) => Date.parse(at) };
}

function show(
  { output, job, globals }: RunInput<ForgetOptions>,
  decisions: readonly ForgetDecision[],
  ms: number,
): void {
  for (const decision of decisions) output.record(forgetRecord(decision));
  if (decisions.length > 0) output.text(...forgetLines(decisions, output.zone));
  const count = decisions.filter(({ keep }) => !keep).length;
  const kept = decisions.length - count;
  const plan = globals.dryRun ? "plan: forget" : "forgot";
  output.summary({
    ...{ record: "summary", command: "forget", job: job.name, exit: EXIT.done },
    seconds: Math.round(ms) / 1000,
    totals: { forgotten: count, kept, dry_run: globals.dryRun },
  }, [
    `${plan} ${counted(count, "snapshot")}, keep ${kept}`,
    ...(count === 0 ? [] : ["nothing is deleted from the store: holdfast prune does that"]),
  ]);
}
