import type { Signal } from "../core/signal.ts";
import { progressOf } from "../report/progress_text.ts";
import type { GlobalOptions } from "./runner.ts";
import type { System } from "./system.ts";

/** Progress on standard error: one line redrawn on a terminal, now and then a line on a pipe. */
export interface StatusLine {
  see(signal: Signal): void;
  /** True where `--json` should write a progress record now. */
  recordDue(): boolean;
  /** Takes the line off the terminal, because something else is written; it comes back. */
  clear(): void;
  /** Shows the last state, for good. */
  end(): void;
}

const REDRAW_MS = 100;
const PLAIN_MS = 10_000;
const RECORD_MS = 1000;

type Shown = Pick<GlobalOptions, "json" | "quiet" | "progress">;

export function statusLine(system: System, globals: Shown): StatusLine {
  const records = throttle(system, RECORD_MS);
  const line = globals.json || globals.quiet || !globals.progress
    ? undefined
    : system.stderr.isTerminal && system.env("TERM") !== "dumb"
    ? liveLine(system)
    : plainLines(system);
  return {
    recordDue: () => globals.progress && !globals.quiet && records.due(),
    see: (signal) => line?.see(signal),
    clear: () => line?.clear(),
    end: () => line?.end(),
  };
}

type Line = Pick<StatusLine, "see" | "clear" | "end">;

function liveLine(system: System): Line {
  const progress = progressOf();
  const redraw = throttle(system, REDRAW_MS);
  let drawn = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const draw = () => {
    const text = progress.line(system.now(), system.stderr.columns() - 1);
    if (text === undefined) return;
    system.stderr.write(`\r\x1b[K${text}`);
    drawn = true;
  };
  const clear = () => {
    if (drawn) system.stderr.write("\r\x1b[K");
    drawn = false;
  };
  return {
    clear,
    see(signal) {
      if (signal.kind === "phase") keep();
      progress.see(signal, system.now());
      // A rate that falls to nothing is shown although no signal comes.
      timer ??= startTimer(draw);
      if (redraw.due()) draw();
    },
    end() {
      clearInterval(timer);
      timer = undefined;
      keep();
    },
  };

  /** The line of a phase that is over stays above. */
  function keep(): void {
    const text = progress.line(system.now(), system.stderr.columns() - 1);
    if (drawn && text !== undefined) system.stderr.write(`\r\x1b[K${text}\n`);
    drawn = false;
    redraw.reset();
  }
}

function startTimer(draw: () => void): ReturnType<typeof setInterval> {
  const timer = setInterval(draw, 1000);
  Deno.unrefTimer(timer);
  return timer;
}

function plainLines(system: System): Line {
  const progress = progressOf();
  const next = throttle(system, PLAIN_MS);
  next.due();
  let written: string | undefined;
  const write = () => {
    const text = progress.line(system.now(), 200);
    if (text === undefined || text === written) return;
    system.stderr.write(`${text}\n`);
    written = text;
  };
  return {
    clear() {},
    see(signal) {
      progress.see(signal, system.now());
      if (next.due()) write();
    },
    end() {
      if (written !== undefined) write();
      written = undefined;
    },
  };
}

interface Throttle {
  /** True at most once in the interval; the first time at once. */
  due(): boolean;
  reset(): void;
}

function throttle(system: Pick<System, "now">, interval: number): Throttle {
  let last = -Infinity;
  return {
    due() {
      const now = system.now();
      if (now >= last && now - last < interval) return false;
      last = now;
      return true;
    },
    reset() {
      last = -Infinity;
    },
  };
}
