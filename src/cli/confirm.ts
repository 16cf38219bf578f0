import { HoldfastError } from "../core/error.ts";
import type { GlobalOptions } from "./runner.ts";
import type { System } from "./system.ts";

/**
 * Asks before something that cannot be undone: true with `--yes`, else what a person answers at the
 * terminal. Throws kind "usage" where there is none, "interrupted" where the signal fires meanwhile.
 */
export async function confirm(
  system: System,
  { yes }: Pick<GlobalOptions, "yes">,
  signal: AbortSignal,
  question: string,
): Promise<boolean> {
  if (yes) return true;
  if (!system.stdin.isTerminal || !system.stderr.isTerminal) {
    throw new HoldfastError(
      "usage",
      "this needs a confirmation, and there is no terminal to ask at",
      {
        hint: "look with --dry-run what it would do, then repeat it with --yes",
      },
    );
  }
  system.stderr.write(`${question} [y/N] `);
  const interrupted = Promise.withResolvers<never>();
  const stop = () => interrupted.reject(new HoldfastError("interrupted", "interrupted"));
  signal.addEventListener("abort", stop);
  try {
    const answer = await Promise.race([system.stdin.readLine(), interrupted.promise]);
    return /^y(es)?$/i.test(answer?.trim() ?? "");
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
