/** What the command line takes from the process: passed in, so that tests can stand in for it. */
export interface System {
  readonly platform: typeof Deno.build.os;
  env(name: string): string | undefined;
  /** All variables, for finding secrets to remove from messages. */
  environment(): Record<string, string>;
  /** Absolute folder. */
  readonly cwd: string;
  readonly home: string;
  /** Milliseconds since 1970. */
  now(): number;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readStdin(): Promise<Uint8Array>;
  readonly stdin: LineInput;
  /** Listens to what asks the process to end (SIGINT; SIGTERM, or SIGBREAK on Windows); returns a function that stops it. */
  onInterrupt(listener: () => void): () => void;
}

export interface LineInput {
  readonly isTerminal: boolean;
  /** Without its end; undefined at the end of the input. */
  readLine(): Promise<string | undefined>;
  /** Keys as they are pressed, unseen on the screen, until it is closed. */
  raw(): RawInput;
}

export interface RawInput {
  /** What the terminal sent; undefined at the end of the input. */
  read(): Promise<string | undefined>;
  /** Of the terminal, 24 where it does not tell. */
  rows(): number;
  close(): void;
}

export interface Stream {
  readonly isTerminal: boolean;
  /** Columns of the terminal, 80 where there is none. */
  columns(): number;
  /** Throws where the other end is closed (Deno.errors.BrokenPipe). */
  write(text: string): void;
}

export function denoSystem(): System {
  const env = (name: string) => Deno.env.get(name);
  return {
    platform: Deno.build.os,
    env,
    environment: () => Deno.env.toObject(),
    cwd: Deno.cwd(),
    home: (Deno.build.os === "windows" ? env("USERPROFILE") : env("HOME")) ?? Deno.cwd(),
    now: () => Date.now(),
    stdout: streamOf(Deno.stdout),
    stderr: streamOf(Deno.stderr),
    readStdin: async () => new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer()),
    stdin: { isTerminal: Deno.stdin.isTerminal(), readLine, raw: rawInput },
    onInterrupt,
  };
}

function onInterrupt(listener: () => void): () => void {
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, listener);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, listener);
  };
}

/** A terminal hands over one line at a read. */
async function readLine(): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let line = "";
  for (;;) {
    const length = await Deno.stdin.read(buffer);
    if (length === null) return line === "" ? undefined : line;
    line += decoder.decode(buffer.subarray(0, length), { stream: true });
    const end = line.indexOf("\n");
    if (end >= 0) return line.slice(0, end).replace(/\r$/, "");
  }
}

function rawInput(): RawInput {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  Deno.stdin.setRaw(true);
  return {
    async read() {
      const length = await Deno.stdin.read(buffer);
      return length === null
        ? undefined
        : decoder.decode(buffer.subarray(0, length), { stream: true });
    },
    rows() {
      try {
        return Deno.consoleSize().rows || 24;
      } catch {
        return 24;
      }
    },
    close: () => Deno.stdin.setRaw(false),
  };
}

const encoder = new TextEncoder();

function streamOf(out: typeof Deno.stdout): Stream {
  return {
    isTerminal: out.isTerminal(),
    columns() {
      try {
        return Deno.consoleSize().columns || 80;
      } catch {
        return 80;
      }
    },
    write(text) {
      let rest = encoder.encode(text);
      while (rest.length > 0) rest = rest.subarray(writeSome(out, rest));
    },
  };
}

/** A pipe that another process made non-blocking may be full: wait for its reader. */
function writeSome(out: typeof Deno.stdout, bytes: Uint8Array): number {
  try {
    return out.writeSync(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return 0;
  }
}
