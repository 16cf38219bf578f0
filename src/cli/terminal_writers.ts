import { styleText } from "node:util";
import type { System } from "./system.ts";

export type Style = "red" | "yellow";

/** Lines to standard output and standard error, each after the progress line is out of the way. */
export interface Writers {
  out(line: string): void;
  error(line: string, style?: Style): void;
  /** True once the reader of standard output has gone. */
  readonly closed: boolean;
}

export interface WriterOptions {
  /** Called before each line. */
  readonly before: () => void;
  /** Called once, when the reader of standard output has gone. */
  readonly onClosed: () => void;
}

export function writersOf(system: System, { before, onClosed }: WriterOptions): Writers {
  const paint = painter(system);
  let closed = false;
  return {
    out(line) {
      if (closed) return;
      before();
      if (written(() => system.stdout.write(`${line}\n`))) return;
      closed = true;
      onClosed();
    },
    error(line, style) {
      before();
      const text = style === undefined ? line : paint(style, line);
      written(() => system.stderr.write(`${text}\n`));
    },
    get closed() {
      return closed;
    },
  };
}

/** False where the other end is closed: a run does not end because nobody listens. */
function written(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

/** Colours as NO_COLOR (https://no-color.org) and the terminal allow. */
function painter(system: System): (style: Style, text: string) => string {
  const plain = !system.stderr.isTerminal || Boolean(system.env("NO_COLOR")) ||
    system.env("TERM") === "dumb";
  return (style, text) => plain ? text : styleText(style, text, { validateStream: false });
}
