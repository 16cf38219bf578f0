import { HoldfastError } from "../core/error.ts";
import { EXIT, exitCodeOf } from "../core/exit_code.ts";
import { secretsOf } from "../report/redact.ts";
import { confirm } from "./confirm.ts";
import { findConfig, loadConfig, selectJob } from "./config_file.ts";
import { listenForInterrupt } from "./interrupt.ts";
import type { JobConfig } from "./job_config.ts";
import { openRunLog, type RunLog } from "./run_log.ts";
import type { GlobalOptions, RunInput, Runner } from "./runner.ts";
import { defaultLogFolder, stateFile } from "./state_file.ts";
import type { System } from "./system.ts";
import { type Terminal, terminalOf } from "./terminal.ts";

/** A command whose arguments are parsed. */
export interface ParsedCommand<Options> {
  /** As it was typed: "backup", "log verify". */
  readonly name: string;
  /** Commands that only look leave no text log, and end quietly when their reader goes. */
  readonly kind: "run" | "look";
  readonly options: Options;
  readonly run: (runner: Runner, input: RunInput<Options>) => Promise<number>;
  /** Finds the job; the default reads it from the config. */
  readonly prepare?: (system: System, globals: GlobalOptions) => PreparedJob;
  /** What the command's own options change in the job. */
  readonly adjust?: (job: JobConfig) => JobConfig;
}

export interface PreparedJob {
  readonly job: JobConfig;
  readonly configFile: string;
  /** Told before the run. */
  readonly notes?: readonly string[];
  /** Called after a run that ended with exit code 0, unless it was a dry run. */
  readonly finish?: () => void;
}

export interface CommandSetting {
  readonly system: System;
  readonly runner: Runner;
  readonly version: string;
}

/** Finds the job, opens the text log, runs the command, shows what ended it. Returns the exit code. */
export async function runCommand<Options>(
  setting: CommandSetting,
  globals: GlobalOptions,
  command: ParsedCommand<Options>,
): Promise<number> {
  const { system } = setting;
  const controller = new AbortController();
  let log: RunLog | undefined;
  let terminal = openTerminal(system, globals, undefined, () => {});
  let silence = () => {};
  try {
    const prepared = preparedJob(system, globals, command);
    const place = placesOf(system, globals, prepared.job);
    const writesLog = command.kind === "run" && !globals.dryRun;
    if (writesLog) log = startLog(setting, globals, command.name, prepared, place);
    const onClosed = () => command.kind === "look" && controller.abort();
    terminal = openTerminal(system, globals, log, onClosed);
    silence = listenForInterrupt(
      system,
      controller,
      () => terminal.output.signal({ kind: "notice", text: "stopping; once more to stop at once" }),
    );
    for (const text of prepared.notes ?? []) terminal.output.signal({ kind: "notice", text });
    const input = { ...place, globals, options: command.options, output: terminal.output };
    const { job, configFile } = prepared;
    const signal = controller.signal;
    const ask = (question: string) => confirm(system, globals, signal, question);
    const code = await command.run(setting.runner, {
      ...{ ...input, job, configFile, signal },
      confirm: ask,
    });
    if (code === EXIT.done && !globals.dryRun) prepared.finish?.();
    terminal.finish();
    log?.write("info", `exit code ${code}`);
    return code;
  } catch (error) {
    return endWith(error, { terminal, controller, log });
  } finally {
    silence();
    log?.close();
  }
}

function openTerminal(
  system: System,
  globals: GlobalOptions,
  log: RunLog | undefined,
  onClosed: () => void,
): Terminal {
  return terminalOf(system, { globals, secrets: secretsOf(system.environment()), log, onClosed });
}

function preparedJob<Options>(
  system: System,
  globals: GlobalOptions,
  { prepare = prepareFromConfig, adjust = (job) => job }: ParsedCommand<Options>,
): PreparedJob {
  const prepared = prepare(system, globals);
  return { ...prepared, job: adjust(prepared.job) };
}

export function prepareFromConfig(system: System, globals: GlobalOptions): PreparedJob {
  const found = findConfig(system, globals.config);
  return { job: selectJob(loadConfig(system, found), globals.job), configFile: found.file };
}

function placesOf(system: System, globals: GlobalOptions, job: JobConfig) {
  const state = stateFile(system, job.name, globals.state);
  return { stateFile: state, logFolder: job.logDir ?? defaultLogFolder(state, job.name) };
}

function startLog(
  setting: CommandSetting,
  globals: GlobalOptions,
  command: string,
  { job, configFile }: PreparedJob,
  { stateFile, logFolder }: { stateFile: string; logFolder: string },
): RunLog {
  const level = globals.debug ? "debug" : globals.logLevel;
  const options = { folder: logFolder, command, level, keep: job.logKeep } as const;
  const log = openRunLog(setting.system, options);
  log.write("info", `holdfast ${setting.version} ${command} of job ${job.name}`);
  log.write("info", `config ${configFile}, state ${stateFile}, repository ${job.repository.url}`);
  return log;
}

function endWith(
  error: unknown,
  { terminal, controller, log }: {
    terminal: Terminal;
    controller: AbortController;
    log: RunLog | undefined;
  },
): number {
  if (terminal.output.closed && controller.signal.aborted) return EXIT.done;
  const shown = controller.signal.aborted && !(error instanceof HoldfastError)
    ? new HoldfastError("interrupted", "interrupted", {
      hint: "repeat the command: it carries on",
      cause: error,
    })
    : error;
  terminal.error(shown);
  terminal.finish();
  const code = shown instanceof HoldfastError ? exitCodeOf(shown.kind) : EXIT.failed;
  log?.write("info", `exit code ${code}`);
  return code;
}
