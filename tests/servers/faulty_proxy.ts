/**
 * A TCP proxy on loopback that loses, cuts or changes what passes, one rule a connection: real
 * network failures in front of a real server.
 */
export interface FaultyProxy {
  readonly endpoint: string;
  /** Connections so far. */
  connections(): number;
  stop(): Promise<void>;
}

/** What happens to one connection; an empty rule passes everything on. */
export interface Fault {
  /** Cuts the connection after this many bytes from the client. */
  readonly cutRequestAfter?: number;
  /** Cuts the connection after this many bytes from the server; 0 loses the whole answer. */
  readonly cutAnswerAfter?: number;
  /** Takes what the client sends and never answers. */
  readonly silent?: boolean;
  /** Changes this byte of the client's stream, and with `flipsOn` each further multiple of it. */
  readonly flipRequestAt?: number;
  readonly flipsOn?: boolean;
}

/** `rule` is asked for each connection, `count` is 1 for the first. */
export function startFaultyProxy(target: string, rule: (count: number) => Fault): FaultyProxy {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const running = new Set<Promise<void>>();
  let count = 0;

  async function serve(client: Deno.Conn): Promise<void> {
    const fault = rule(++count);
    open.add(client);
    const server = await Deno.connect({ hostname, port: Number(port) });
    open.add(server);
    const end = () => {
      close(client);
      close(server);
    };
    await Promise.all([
      pass(client, server, fault.cutRequestAfter, flipsOf(fault)).finally(end),
      pass(server, client, fault.cutAnswerAfter, undefined, fault.silent).finally(end),
    ]);
    open.delete(client);
    open.delete(server);
  }

  const accepting = (async () => {
    for await (const client of listener) {
      const served = serve(client).catch(() => {}).finally(() => running.delete(served));
      running.add(served);
    }
  })();
  return {
    endpoint: `http://127.0.0.1:${listener.addr.port}`,
    connections: () => count,
    async stop() {
      listener.close();
      for (const connection of open) close(connection);
      await accepting.catch(() => {});
      await Promise.all(running);
    },
  };
}

function flipsOf({ flipRequestAt: at, flipsOn }: Fault): ((offset: number) => boolean) | undefined {
  if (at === undefined) return undefined;
  return (offset) => flipsOn ? offset > 0 && offset % at === 0 : offset === at;
}

async function pass(
  from: Deno.Conn,
  to: Deno.Conn,
  cutAfter = Infinity,
  flips: ((offset: number) => boolean) | undefined = undefined,
  isLost = false,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let passed = 0;
  while (true) {
    const length = await from.read(buffer).catch(() => null);
    if (length === null) return;
    const bytes = buffer.subarray(0, Math.min(length, cutAfter - passed));
    for (let i = 0; flips && i < bytes.length; i++) if (flips(passed + i)) bytes[i] ^= 1;
    if (isLost) continue;
    for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
    passed += bytes.length;
    if (passed >= cutAfter) return;
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already, by the other side of the pair.
  }
}
