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
  const answer = await answerTo(system, signal, `${question} [y/N] `);
  return /^y(es)?$/i.test(answer);
}

/**
 * Asks before what nobody can ever take back: true only where a person types the word at the
 * terminal; `--yes` is no answer. Throws kind "guard" where there is no terminal.
 */
export async function confirmTyped(
  system: System,
  signal: AbortSignal,
  question: string,
  word: string,
): Promise<boolean> {
  if (!system.stdin.isTerminal || !system.stderr.isTerminal) {
    throw new HoldfastError(
      "guard",
      "this needs a word typed at a terminal, and there is no terminal to ask at",
      { context: { question }, hint: "run it once at a terminal; --yes does not answer it" },
    );
  }
  return await answerTo(system, signal, `${question}\ntype ${word} to agree: `) === word;
}

async function answerTo(system: System, signal: AbortSignal, question: string): Promise<string> {
  system.stderr.write(question);
  const interrupted = Promise.withResolvers<never>();
  const stop = () => interrupted.reject(new HoldfastError("interrupted", "interrupted"));
  signal.addEventListener("abort", stop);
  try {
    const answer = await Promise.race([system.stdin.readLine(), interrupted.promise]);
    return answer?.trim() ?? "";
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
