import type { System } from "../../src/cli/system.ts";

/** A system whose output is kept, whose time stands still until told, and whose folders are temporary. */
export interface FakeSystem extends System {
  readonly out: () => string;
  readonly err: () => string;
  advance(ms: number): void;
  /** As if somebody had pressed Ctrl-C. A real signal would reach the tests that run beside. */
  interrupt(): void;
  readonly folder: string;
  remove(): void;
}

export interface FakeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  readonly stdin?: Uint8Array;
  /** What a person types at a terminal. */
  readonly typed?: readonly string[];
  readonly platform?: System["platform"];
}

export function fakeSystem(options: FakeOptions = {}): FakeSystem {
  const folder = Deno.makeTempDirSync({ prefix: "holdfast-cli-" });
  const env: Record<string, string> = { ...options.env };
  let now = Date.UTC(2026, 4, 1, 12, 0, 0);
  let out = "";
  let err = "";
  const typed = [...options.typed ?? []];
  const isTerminal = options.terminal ?? false;
  const listeners = new Set<() => void>();
  return {
    folder,
    platform: options.platform ?? "linux",
    env: (name) => env[name],
    environment: () => env,
    cwd: folder,
    home: `${folder}/home`,
    now: () => now,
    advance: (ms) => now += ms,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    interrupt: () => listeners.forEach((listener) => listener()),
    stdout: { isTerminal, columns: () => 60, write: (text) => out += text },
    stderr: { isTerminal, columns: () => 60, write: (text) => err += text },
    stdin: {
      isTerminal: options.typed !== undefined,
      readLine: () => Promise.resolve(typed.shift()),
      raw: () => ({ read: () => Promise.resolve(typed.shift()), rows: () => 10, close() {} }),
    },
    readStdin: () => Promise.resolve(options.stdin ?? new Uint8Array()),
    out: () => out,
    err: () => err,
    remove: () => Deno.removeSync(folder, { recursive: true }),
  };
}
