/** What a finished child process leaves behind. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Record<string, string>;
  /** The child is killed after this many milliseconds. */
  readonly timeout?: number;
}

/** Runs a program to its end and returns its output; a non-zero exit is a result, not an error. */
export async function run(argv: string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = argv;
  const output = await new Deno.Command(program, {
    args,
    cwd: options.cwd,
    env: options.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout),
  }).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

/** As `run`, but a non-zero exit throws with the command line and what it said. Returns stdout. */
export async function mustRun(argv: string[], options: CommandOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.code !== 0) {
    const said = `${result.stdout}\n${result.stderr}`.trim();
    throw new Error(`${argv.join(" ")} ended with exit code ${result.code}\n${said}`);
  }
  return result.stdout;
}

/** True where `program` can be started from PATH. */
export async function isInstalled(program: string): Promise<boolean> {
  try {
    await run([program, "--version"], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
