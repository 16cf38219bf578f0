import { exitCodeOf } from "../core/exit_code.ts";
import { type ErrorKind, HoldfastError, messageOf } from "../core/error.ts";

/** What was thrown, for people: `error: …`, its context, `hint: …`. */
export function errorLines(error: unknown, options: { readonly debug?: boolean } = {}): string[] {
  const lines = [`error: ${messageOf(error)}`];
  if (error instanceof HoldfastError) {
    for (const [key, value] of Object.entries(error.context)) {
      lines.push(`  ${key}: ${inLine(value)}`);
    }
    if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  } else {
    lines.push("hint: this is a fault in holdfast: repeat with --debug and report what it says");
  }
  if (options.debug) lines.push(...causeLines(error));
  return lines;
}

/** Names in buckets may have control characters, and a terminal obeys these. */
function inLine(value: string | number): string {
  // deno-lint-ignore no-control-regex
  return `${value}`.replace(/[\x00-\x1f\x7f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}

function causeLines(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    lines.push(...(at.stack ?? at.message).split("\n").map((line) => `  ${line}`));
  }
  return lines;
}

/** The last line of a run that failed, for programs. */
export interface ErrorRecord {
  readonly record: "error";
  readonly kind: ErrorKind;
  readonly message: string;
  readonly context: Readonly<Record<string, string | number>>;
  readonly hint: string | null;
  readonly exit: number;
}

export function errorRecord(error: unknown): ErrorRecord {
  const known = error instanceof HoldfastError;
  const kind = known ? error.kind : "failed";
  return {
    record: "error",
    kind,
    message: messageOf(error),
    context: known ? error.context : {},
    hint: (known ? error.hint : undefined) ?? null,
    exit: exitCodeOf(kind),
  };
}
