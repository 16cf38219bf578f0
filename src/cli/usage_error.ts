import { HoldfastError } from "../core/error.ts";
import { EXIT, exitCodeOf } from "../core/exit_code.ts";
import { secretsOf } from "../report/redact.ts";
import type { System } from "./system.ts";
import { terminalOf } from "./terminal.ts";

/** Shows an error that came up before the options were known. Returns the exit code. */
export function showUsageError(system: System, args: readonly string[], error: unknown): number {
  const globals = {
    json: args.includes("--json"),
    quiet: false,
    verbose: false,
    debug: args.includes("--debug"),
    progress: false,
  };
  const secrets = secretsOf(system.environment());
  terminalOf(system, { globals, secrets, log: undefined, onClosed: () => {} }).error(error);
  return error instanceof HoldfastError ? exitCodeOf(error.kind) : EXIT.failed;
}
