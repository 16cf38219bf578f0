/** A TCP proxy in front of a server, which can hold a request for as long as a test wants. */

export interface HeldServer {
  readonly endpoint: string;
  /** Resolves when a request whose first bytes fit has come; it is not passed on before `release`. */
  holdAt(pattern: RegExp): Promise<void>;
  release(): void;
  stop(): Promise<void>;
}

interface Hold {
  readonly pattern: RegExp;
  readonly reached: () => void;
  readonly released: Promise<void>;
}

export function startHeldServer(target: string): HeldServer {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let hold: Hold | undefined;
  let release = () => {};

  async function pass(from: Deno.Conn, to: Deno.Conn, waits: boolean): Promise<void> {
    const decoder = new TextDecoder("latin1");
    const buffer = new Uint8Array(65_536);
    try {
      for (let length; (length = await from.read(buffer)) !== null;) {
        const chunk = buffer.slice(0, length);
        if (waits && hold?.pattern.test(decoder.decode(chunk))) {
          hold.reached();
          await hold.released;
        }
        for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await to.write(rest));
      }
    } catch {
      // Either end has gone: the other one is to see the same.
    }
    for (const connection of [from, to]) close(connection);
  }

  function close(connection: Deno.Conn): void {
    if (open.delete(connection)) connection.close();
  }

  async function serve(): Promise<void> {
    for await (const client of listener) {
      open.add(client);
      const server = await Deno.connect({ hostname, port: Number(port) });
      open.add(server);
      running.push(pass(client, server, true), pass(server, client, false));
    }
  }

  const running: Promise<void>[] = [];
  const serving = serve();
  return {
    endpoint: `http://127.0.0.1:${listener.addr.port}`,
    holdAt(pattern) {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      hold = { pattern, reached: reached.resolve, released: released.promise };
      release = released.resolve;
      return reached.promise;
    },
    release() {
      hold = undefined;
      release();
    },
    async stop() {
      release();
      listener.close();
      await serving.catch(() => {});
      for (const connection of [...open]) close(connection);
      await Promise.all(running);
    },
  };
}
