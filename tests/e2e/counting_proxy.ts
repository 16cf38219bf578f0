/** A TCP proxy in front of a server that counts requests, and does something to one of them. */

export interface CountingProxy {
  readonly endpoint: string;
  /** Requests since the last `begin`, as "PUT /bucket/key?query". */
  readonly requests: readonly string[];
  /** Counts from 0 again, and deals with one request so. */
  begin(cut?: Cut): void;
  stop(): Promise<void>;
}

export interface Cut {
  /** 1 for the first. */
  readonly at: number;
  /** It does not reach the server; or it does, but its answer does not come back. */
  readonly loses: "request" | "answer";
  /** Called when it has come, or when its answer has; the connection ends after it. */
  readonly reached: () => Promise<void> | void;
}

const requestLine = /^((?:GET|HEAD|PUT|POST|DELETE) \S+) HTTP/;

export function startCountingProxy(target: string): CountingProxy {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const running = new Set<Promise<void>>();
  let requests: string[] = [];
  let cut: Cut | undefined;

  async function serve(client: Deno.Conn): Promise<void> {
    open.add(client);
    const server = await Deno.connect({ hostname, port: Number(port) });
    open.add(server);
    const link: { answer?: Cut } = {};
    const end = () => {
      for (const connection of [client, server]) if (open.delete(connection)) connection.close();
    };
    const toServer = pass(client, server, (text) => {
      const line = requestLine.exec(text)?.[1];
      if (line === undefined) return undefined;
      requests.push(line);
      if (requests.length !== cut?.at) return undefined;
      if (cut.loses === "request") return cut;
      link.answer = cut;
    });
    const toClient = pass(
      server,
      client,
      (text) => text.startsWith("HTTP/1.1 100") ? undefined : link.answer,
    );
    await Promise.all([toServer.finally(end), toClient.finally(end)]);
  }

  /** `cutFor` is asked for each chunk by its beginning. */
  async function pass(
    from: Deno.Conn,
    to: Deno.Conn,
    cutFor: (text: string) => Cut | undefined,
  ): Promise<void> {
    const decoder = new TextDecoder("latin1");
    const buffer = new Uint8Array(65_536);
    try {
      for (let length; (length = await from.read(buffer)) !== null;) {
        const chunk = buffer.slice(0, length);
        const found = cutFor(decoder.decode(chunk.subarray(0, 4096)));
        if (found !== undefined) return await found.reached();
        for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await to.write(rest));
      }
    } catch {
      // Either end has gone: the other one is to see the same.
    }
  }

  const serving = (async () => {
    for await (const client of listener) {
      const served = serve(client).catch(() => {}).finally(() => running.delete(served));
      running.add(served);
    }
  })().catch(() => {});
  return {
    endpoint: `http://127.0.0.1:${listener.addr.port}`,
    get requests() {
      return requests;
    },
    begin(next) {
      requests = [];
      cut = next;
    },
    async stop() {
      listener.close();
      await serving;
      for (const connection of [...open]) {
        open.delete(connection);
        connection.close();
      }
      await Promise.all(running);
    },
  };
}
