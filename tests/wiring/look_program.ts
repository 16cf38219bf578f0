import { runProgram } from "../../src/cli/main_program.ts";
import type { Runner } from "../../src/cli/runner.ts";
import type { JobLog } from "../../src/ports/event_log.ts";
import { runDiff } from "../../src/wiring/run_diff.ts";
import { runFind } from "../../src/wiring/run_find.ts";
import { runForget } from "../../src/wiring/run_forget.ts";
import { runHistory } from "../../src/wiring/run_history.ts";
import { runLog, runLs, runSnapshots, runStats, runStatus } from "../../src/wiring/run_look.ts";
import { newSigner } from "../../src/wiring/signing_key.ts";
import { type FakeOptions, fakeSystem } from "../cli/fake_system.ts";
import { createLog } from "../sqlite/log_fixture.ts";

export interface Looked {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Place {
  /** The job's database, open for writing. */
  readonly log: JobLog;
  readonly stateFile: string;
  /** Runs the command line in this process. */
  look(line: string, options?: LookOptions): Promise<Looked>;
}

export interface LookOptions extends FakeOptions {
  /** Called after each write to standard output. */
  /** Gets what interrupts the program. */
  readonly onOut?: (interrupt: () => void) => void;
  /** Another database than the job's. */
  readonly stateFile?: string;
}

const runner = {
  log: runLog,
  ls: runLs,
  find: runFind,
  diff: runDiff,
  history: runHistory,
  forget: runForget,
  snapshots: runSnapshots,
  stats: runStats,
  status: runStatus,
} as Runner;

/** A job "home" whose log was written by `write`. */
export async function withJob(
  write: (log: JobLog) => void,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-look-" });
  const stateFile = `${folder}/home.db`;
  Deno.writeTextFileSync(
    `${folder}/holdfast.toml`,
    `[job.home]\nsources = "/src"\nrepository = "file://${folder}/store"\n`,
  );
  const log = createLog(stateFile, newSigner(`${folder}/home.key`));
  try {
    write(log);
    await use({ log, stateFile, look: (line, options) => look(folder, line, options) });
  } finally {
    log.close();
    Deno.removeSync(folder, { recursive: true });
  }
}

async function look(
  folder: string,
  line: string,
  { onOut, stateFile = `${folder}/home.db`, ...options }: LookOptions = {},
): Promise<Looked> {
  const system = fakeSystem(options);
  const write = (text: string) => {
    system.stdout.write(text);
    onOut?.(system.interrupt);
  };
  try {
    const args = [...line.split(" "), "--config", `${folder}/holdfast.toml`];
    const own = ["--state", stateFile];
    const code = await runProgram([...args, ...own], runner, {
      ...system,
      stdout: { ...system.stdout, write },
    });
    return { code, out: system.out(), err: system.err() };
  } finally {
    system.remove();
  }
}
