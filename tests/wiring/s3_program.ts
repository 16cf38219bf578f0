import { runProgram } from "../../src/cli/main_program.ts";
import type { Runner } from "../../src/cli/runner.ts";
import { libc } from "../../src/libc/libc.ts";
import { runBackup } from "../../src/wiring/run_backup.ts";
import { runCheck } from "../../src/wiring/run_check.ts";
import { runForget } from "../../src/wiring/run_forget.ts";
import { runInit } from "../../src/wiring/run_init.ts";
import { runLog, runLs, runStatus } from "../../src/wiring/run_look.ts";
import { runPrintPolicy } from "../../src/wiring/print_policy.ts";
import { runPrune } from "../../src/wiring/run_prune.ts";
import { runRestore } from "../../src/wiring/run_restore.ts";
import { type FakeOptions, fakeSystem } from "../cli/fake_system.ts";
import type { S3Server } from "../servers/s3_server.ts";

// Opened once for the process, as the program does: no test's own leak.
libc();

const runner = {
  backup: runBackup,
  check: runCheck,
  forget: runForget,
  init: runInit,
  log: runLog,
  ls: runLs,
  printPolicy: runPrintPolicy,
  prune: runPrune,
  restore: runRestore,
  status: runStatus,
} as Runner;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A job "home" in a bucket of a test server, run in this process. */
export interface S3Job {
  readonly folder: string;
  readonly source: string;
  readonly config: string;
  init(...args: string[]): Promise<Ran>;
  /** At a terminal, where this is typed. */
  initTyping(typed: readonly string[], ...args: string[]): Promise<Ran>;
  run(...args: string[]): Promise<Ran>;
  /** At a terminal, where this is typed. */
  runTyping(typed: readonly string[], ...args: string[]): Promise<Ran>;
}

/** The credentials are the process's: tests of one file use one server. */
export async function withS3Job(
  server: Pick<S3Server, "endpoint" | "accessKey" | "secretKey">,
  repository: string,
  use: (job: S3Job) => Promise<void>,
): Promise<void> {
  Deno.env.set("AWS_ACCESS_KEY_ID", server.accessKey);
  Deno.env.set("AWS_SECRET_ACCESS_KEY", server.secretKey);
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-s3-" });
  const [source, config] = [`${folder}/src`, `${folder}/holdfast.toml`];
  Deno.mkdirSync(source);
  const places = ["--config", config, "--state", `${folder}/home.db`];
  const place = ["--endpoint", server.endpoint, "--region", "us-east-1", "--force-path-style"];
  const made = ["init", "--job", "home", "--source", source, "--repository", repository, ...place];
  const typing = (typed: readonly string[]) => ({ terminal: true, typed });
  try {
    await use({
      ...{ folder, source, config },
      init: (...args) => run([...made, ...args, ...places]),
      initTyping: (typed, ...args) => run([...made, ...args, ...places], typing(typed)),
      run: (...args) => run([...args, ...places]),
      runTyping: (typed, ...args) => run([...args, ...places], typing(typed)),
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function run(args: string[], options: FakeOptions = {}): Promise<Ran> {
  const system = fakeSystem(options);
  try {
    const code = await runProgram(args, runner, system);
    return { code, out: system.out(), err: system.err() };
  } finally {
    system.remove();
  }
}
