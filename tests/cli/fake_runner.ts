import type { RunInput, Runner } from "../../src/cli/runner.ts";

export interface Call {
  readonly method: string;
  readonly input: RunInput<Record<string, unknown>>;
}

type Handler = (input: RunInput<Record<string, unknown>>) => number | Promise<number>;

/** A runner that keeps what it was called with and ends as `handle` says. */
export function fakeRunner(handle: Handler = () => 0): { runner: Runner; calls: Call[] } {
  const calls: Call[] = [];
  const runner = new Proxy({}, {
    get: (_, method) => async (input: Call["input"]) => {
      calls.push({ method: String(method), input });
      return await handle(input);
    },
  });
  return { runner: runner as Runner, calls };
}
