import { dirname } from "node:path";
import { type CutDeps, cutLog, type CutPlan, planCut } from "../app/cut_log.ts";
import { readRepositoryOf } from "../app/read_repository.ts";
import type { LogCutOptions, RunInput } from "../cli/runner.ts";
import { EXIT } from "../core/exit_code.ts";
import { formatSize } from "../core/size_text.ts";
import { platformHashing } from "../crypto/hashing.ts";
import { verifySignature } from "../crypto/signing.ts";
import type { Environment } from "../ports/environment.ts";
import type { JobLog } from "../ports/event_log.ts";
import { counted } from "../report/count_text.ts";
import { basedLogWriter } from "../sqlite/based_log.ts";
import { logCutter } from "../sqlite/cut_log.ts";
import { removeDatabase } from "../sqlite/job_log.ts";
import { PROJECTION_VERSION } from "../sqlite/schema.ts";
import { databaseBytes } from "./database_bytes.ts";
import { systemEnvironment } from "./environment.ts";
import { jobCoding } from "./job_coding.ts";
import { openForLook, openForWriting, replayerBeside, takeRestoreLock } from "./open_log.ts";
import { openStore } from "./open_store.ts";

type Input = RunInput<LogCutOptions>;

/** `holdfast log cut`. Neither a run nor a restore of the job is at work meanwhile. */
export async function runLogCut(input: Input): Promise<number> {
  if (input.globals.dryRun) return plan(input);
  const started = performance.now();
  const environment = systemEnvironment();
  const { log, close } = openForWriting(input, environment, { appends: false });
  let lock: ReturnType<typeof takeRestoreLock> | undefined;
  try {
    lock = takeRestoreLock(input, environment);
    const found = planCut(log, PROJECTION_VERSION, input.options.before);
    const before = databaseBytes(input.stateFile);
    const cutter = logCutter(input.stateFile);
    const events = typeof found === "string"
      ? 0
      : await cutWith(input, environment, log, { found, cutter });
    // Also where an earlier cut was killed before it came to this.
    cutter.shrink();
    show(input, { found, events, before }, performance.now() - started);
    return EXIT.done;
  } finally {
    lock?.release();
    close();
  }
}

function plan(input: Input): number {
  const log = openForLook(input);
  try {
    const found = planCut(log, PROJECTION_VERSION, input.options.before);
    input.output.text(planText(found));
    const position = typeof found === "string" ? null : found.position;
    input.output.summary({
      ...{
        record: "summary",
        command: "log cut",
        job: input.job.name,
        exit: EXIT.done,
        seconds: 0,
      },
      totals: { position, dry_run: true },
    }, []);
    return EXIT.done;
  } finally {
    log.close();
  }
}

function planText(found: CutPlan | string): string {
  if (typeof found === "string") return `plan: drop nothing: ${found}`;
  const { after, position } = found;
  return `plan: drop the events ${
    after + 1
  } to ${position} from this machine, once the repository ` +
    "was found to have them";
}

async function cutWith(
  input: Input,
  environment: Environment,
  log: JobLog,
  { found, cutter }: { readonly found: CutPlan; readonly cutter: CutDeps["cutter"] },
): Promise<number> {
  const { job, output, signal, stateFile } = input;
  const notice = (text: string) => output.signal({ kind: "notice", text });
  const store = await openStore(job, environment, { log, signal, notice, readOnly: true });
  const state = Deno.makeTempFileSync({
    ...{ dir: dirname(stateFile), prefix: ".work-", suffix: ".db" },
  });
  try {
    // The writer makes it, and only where there is none.
    removeDatabase(state);
    await readRepositoryOf(store, log);
    const tools = { clock: environment.clock, sha256: platformHashing.sha256 };
    return await cutLog({
      ...{ log, store, signal, emit: output.signal, clock: environment.clock, cutter },
      ...{ hashing: platformHashing, coding: jobCoding(input), verify: verifySignature },
      replayer: replayerBeside(stateFile),
      createAt: (place) => basedLogWriter(state, place, tools),
      isLocking: job.lock !== undefined,
    }, found);
  } finally {
    store.close();
    removeDatabase(state);
    removeDatabase(`${state}.new`);
  }
}

function show(
  { output, job, stateFile }: Input,
  { found, events, before }: {
    readonly found: CutPlan | string;
    readonly events: number;
    readonly before: number;
  },
  ms: number,
): void {
  const bytes = databaseBytes(stateFile);
  output.summary({
    ...{ record: "summary", command: "log cut", job: job.name, exit: EXIT.done },
    seconds: Math.round(ms) / 1000,
    totals: {
      position: typeof found === "string" ? null : found.position,
      ...{ events, bytes_before: before, bytes },
    },
  }, [
    typeof found === "string"
      ? `nothing was dropped: ${found}`
      : `dropped ${counted(events, "event")} up to position ${found.position}: ` +
        "the repository has them",
    `the database had ${formatSize(before)}, and has ${formatSize(bytes)} now`,
  ]);
}
