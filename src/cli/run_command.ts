import { HoldfastError } from "../core/error.ts";
import { EXIT, exitCodeOf } from "../core/exit_code.ts";
import { secretsOf } from "../report/redact.ts";
import { askSecret } from "./ask_secret.ts";
import { confirm, confirmTyped } from "./confirm.ts";
import { findConfig, loadConfig, selectJob } from "./config_file.ts";
import { identityFiles } from "./identity_files.ts";
import { listenForInterrupt } from "./interrupt.ts";
import type { JobConfig } from "./job_config.ts";
import { openRunLog, type RunLog } from "./run_log.ts";
import type { GlobalOptions, RunInput, Runner, ToolInput } from "./runner.ts";
import { defaultLogFolder, stateFile } from "./state_file.ts";
import type { System } from "./system.ts";
import { type Terminal, terminalOf } from "./terminal.ts";

/** A command of a job whose arguments are parsed. */
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
  /** Files that `--identity` names. */
  readonly identity?: readonly string[];
}

/** A command that needs no job, and so no config; it leaves no text log. */
export interface ParsedTool<Options> {
  readonly name: string;
  readonly kind: "tool";
  /** It writes, and goes on when the reader of its output goes. */
  readonly isRun?: true;
  readonly options: Options;
  readonly run: (runner: Runner, input: ToolInput<Options>) => Promise<number>;
  readonly identity?: readonly string[];
}

export type AnyCommand<Options> = ParsedCommand<Options> | ParsedTool<Options>;

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
  command: AnyCommand<Options>,
): Promise<number> {
  const { system } = setting;
  const controller = new AbortController();
  let log: RunLog | undefined;
  let terminal = openTerminal(system, globals, undefined, () => {});
  let silence = () => {};
  try {
    const found = command.kind === "tool" ? undefined : findJob(system, globals, command);
    if (found !== undefined && command.kind === "run" && !globals.dryRun) {
      log = startLog(setting, globals, command.name, found);
    }
    const isRun = command.kind === "run" || (command.kind === "tool" && command.isRun === true);
    const onClosed = () => !isRun && controller.abort();
    terminal = openTerminal(system, globals, log, onClosed);
    silence = listenForInterrupt(
      system,
      controller,
      () => terminal.output.signal({ kind: "notice", text: "stopping; once more to stop at once" }),
    );
    const input = toolInput(system, globals, command, { terminal, signal: controller.signal });
    const code = command.kind === "tool"
      ? await command.run(setting.runner, input)
      : await runJob(setting, command, input, found!);
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

interface FoundJob extends PreparedJob {
  readonly stateFile: string;
  readonly logFolder: string;
}

function toolInput<Options>(
  system: System,
  globals: GlobalOptions,
  { options, identity }: Pick<ParsedTool<Options>, "options" | "identity">,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): ToolInput<Options> {
  return {
    ...{ globals, options, signal, output: terminal.output },
    confirm: (question) => confirm(system, globals, signal, question),
    confirmTyped: (question, word) => confirmTyped(system, signal, question, word),
    askSecret: (question) => askSecret(system, signal, question),
    identityFiles: identityFiles(system, identity),
  };
}

async function runJob<Options>(
  { runner }: CommandSetting,
  command: ParsedCommand<Options>,
  input: ToolInput<Options>,
  { notes = [], finish, ...found }: FoundJob,
): Promise<number> {
  for (const text of notes) input.output.signal({ kind: "notice", text });
  const code = await command.run(runner, { ...input, ...found });
  if (code === EXIT.done && !input.globals.dryRun) finish?.();
  return code;
}

function openTerminal(
  system: System,
  globals: GlobalOptions,
  log: RunLog | undefined,
  onClosed: () => void,
): Terminal {
  return terminalOf(system, { globals, secrets: secretsOf(system.environment()), log, onClosed });
}

function findJob<Options>(
  system: System,
  globals: GlobalOptions,
  { prepare = prepareFromConfig, adjust = (job) => job }: ParsedCommand<Options>,
): FoundJob {
  const prepared = prepare(system, globals);
  const job = adjust(prepared.job);
  const file = stateFile(system, job.name, globals.state);
  const logFolder = job.logDir ?? defaultLogFolder(file, job.name);
  return { ...prepared, job, stateFile: file, logFolder };
}

export function prepareFromConfig(system: System, globals: GlobalOptions): PreparedJob {
  const found = findConfig(system, globals.config);
  return { job: selectJob(loadConfig(system, found), globals.job), configFile: found.file };
}

function startLog(
  setting: CommandSetting,
  globals: GlobalOptions,
  command: string,
  { job, configFile, stateFile, logFolder }: FoundJob,
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
