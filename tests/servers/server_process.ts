import { freePort } from "./free_port.ts";

export interface ServerProcess {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Ends the process and waits for its end. */
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly program: string;
  args(port: number): string[];
  readonly env?: Record<string, string>;
  /** Any HTTP answer there means that it is up. */
  readonly readyPath: string;
}

const portAttempts = 3;
const startTimeout = 30_000;

/** Starts a server on a free loopback port and waits until it answers. */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  for (let attempt = 1;; attempt++) {
    try {
      return await startOnce(command, freePort());
    } catch (error) {
      // Another process may have taken the port between its choice and its use.
      if (attempt === portAttempts) throw error;
    }
  }
}

async function startOnce(command: ServerCommand, port: number): Promise<ServerProcess> {
  const child = new Deno.Command(command.program, {
    args: command.args(port),
    env: command.env ?? {},
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  const end = child.status.then(() => (ended = true));
  const kill = () => {
    if (!ended) child.kill("SIGKILL");
  };
  // Also where a test ends this process without stopping what it started.
  globalThis.addEventListener("unload", kill);
  const stop = async () => {
    kill();
    await end;
    globalThis.removeEventListener("unload", kill);
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await answers(`${endpoint}${command.readyPath}`, () => ended);
    // Whoever has taken the port before it answers, too.
    if (ended) throw new Error("another process has its port");
  } catch (error) {
    await stop();
    throw new Error(`${command.program} did not start`, { cause: error });
  }
  return { port, endpoint, stop };
}

async function answers(url: string, ended: () => boolean): Promise<void> {
  const deadline = Date.now() + startTimeout;
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    while (true) {
      try {
        await (await fetch(url, { client })).body?.cancel();
        return;
      } catch (error) {
        if (ended() || Date.now() > deadline) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    client.close();
  }
}
