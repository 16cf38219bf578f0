import { mustRun, run } from "../command.ts";
import { offlineRuntime } from "../offline_runtime.ts";
import { V8_FLAGS } from "./v8_flags.ts";

export interface ExecutableOptions {
  /** A target triple of `deno compile`; this machine's by default. */
  readonly target?: string;
  /** Files that no import leads to. */
  readonly include?: readonly string[];
}

/** What made an executable: the runtime's own download, the user's DENORT_BIN, or the stand-in. */
export type RuntimeOrigin = "deno" | "DENORT_BIN" | "offline";

/**
 * Compiles a bundled script (or one without imports) into one executable.
 *
 * The code cache is off: Deno keeps it in the shared temporary folder under a name that anybody can
 * guess, and runs what it finds there without asking who wrote it
 * (docs/decisions/code_cache_off.md).
 */
export async function compileExecutable(
  script: string,
  output: string,
  options: ExecutableOptions = {},
): Promise<RuntimeOrigin> {
  const args = ["compile", "--quiet", "--no-config", "--no-lock", "--no-check", "--no-code-cache"];
  args.push(
    `--v8-flags=${V8_FLAGS}`,
    "--allow-all",
    "--exclude",
    "node_modules",
    "--output",
    output,
  );
  for (const file of options.include ?? []) args.push("--include", file);
  if (options.target !== undefined) args.push("--target", options.target);
  args.push(script);
  const env = { NO_COLOR: "1" };

  if (Deno.env.get("DENORT_BIN")) {
    await mustRun([Deno.execPath(), ...args], { env });
    return "DENORT_BIN";
  }
  const direct = await run([Deno.execPath(), ...args], { env, timeout: 300_000 });
  if (direct.code === 0) return "deno";
  if (!cannotDownload(direct.stderr) || !isThisMachine(options.target)) {
    throw new Error(`deno compile failed for ${script}\n${direct.stderr}`);
  }
  const { compiler, denort } = await offlineRuntime();
  await mustRun([compiler, ...args], { env: { ...env, DENORT_BIN: denort } });
  return "offline";
}

function cannotDownload(stderr: string): boolean {
  return stderr.includes("Setting up base binary") || stderr.includes("denort-");
}

function isThisMachine(target: string | undefined): boolean {
  return target === undefined || target === Deno.build.target;
}
