import { HoldfastError } from "../core/error.ts";
import type { System } from "./system.ts";

/**
 * Asks for a secret at the terminal; what is typed is not shown. Throws kind "key" where there is no
 * terminal, for a secret is taken from nowhere else, and "interrupted" where the question is left.
 */
export async function askSecret(
  system: Pick<System, "stdin" | "stderr">,
  signal: AbortSignal,
  question: string,
): Promise<string> {
  const { stdin, stderr } = system;
  if (!stdin.isTerminal || !stderr.isTerminal) {
    throw new HoldfastError("key", `there is no terminal to ask for the ${question} at`, {
      hint: "run it at a terminal; without one an identity file without a passphrase is needed",
    });
  }
  const interrupted = Promise.withResolvers<never>();
  const stop = () => interrupted.reject(left());
  signal.addEventListener("abort", stop);
  const input = stdin.raw();
  try {
    stderr.write(`${question}: `);
    let typed = "";
    for (;;) {
      const sent = await Promise.race([input.read(), interrupted.promise]);
      if (sent === undefined) throw left();
      for (const key of sent.replace(SEQUENCE, "")) {
        if (key === "\r" || key === "\n") return typed;
        typed = withKey(typed, key);
      }
    }
  } finally {
    signal.removeEventListener("abort", stop);
    input.close();
    stderr.write("\n");
  }
}

// deno-lint-ignore no-control-regex -- arrows and the like, as terminals send them
const SEQUENCE = /\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]/g;

function withKey(typed: string, key: string): string {
  if (key === "\x03" || key === "\x04") throw left(); // ctrl-c, ctrl-d
  if (key === "\x7f" || key === "\b") return [...typed].slice(0, -1).join("");
  if (key === "\x15") return ""; // ctrl-u
  return key < " " ? typed : typed + key;
}

function left(): HoldfastError {
  return new HoldfastError("interrupted", "interrupted");
}
