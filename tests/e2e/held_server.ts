/** A TCP proxy in front of a server, which can hold a request for as long as a test wants. */

export interface HeldServer {
  readonly endpoint: string;
  /** Resolves when a request whose first bytes fit has come; it is not passed on before `release`. */
  holdAt(pattern: RegExp): Promise<void>;
  /** The same, but the request is passed on: what is held, once it has come, is the answer to it. */
  holdAnswerTo(pattern: RegExp): Promise<void>;
  /** Resolves when all that has been passed on is answered: what is held is alone. */
  quiet(): Promise<void>;
  release(): void;
  /** What is held does not come through: its connections end. */
  drop(): void;
  /** Requests that have come so far, as "PUT /bucket/key?query"; those that are held, too. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

const requestLine = /^((?:GET|HEAD|PUT|POST|DELETE) \S+) HTTP/;

/** What both directions of a connection know of each other. */
interface Link {
  /** The hold that this connection's answer is in. */
  answer: Hold | undefined;
  /** A request has been passed on, and no answer has come. */
  isWaiting: boolean;
}

interface Hold {
  readonly pattern: RegExp;
  readonly isAnswer: boolean;
  readonly reached: () => void;
  /** Whether it is passed on. */
  readonly released: Promise<boolean>;
}

export function startHeldServer(target: string): HeldServer {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const requests: string[] = [];
  let hold: Hold | undefined;
  let release = (_passesOn: boolean) => {};

  async function pass(
    from: Deno.Conn,
    to: Deno.Conn,
    waits: boolean,
    link: Link,
  ): Promise<void> {
    const decoder = new TextDecoder("latin1");
    const buffer = new Uint8Array(65_536);
    try {
      for (let length; (length = await from.read(buffer)) !== null;) {
        const chunk = buffer.slice(0, length);
        // A client sends the next request when it has the answer: each begins a chunk.
        const [, line] = waits && requestLine.exec(decoder.decode(chunk.subarray(0, 4096))) || [];
        if (line !== undefined) {
          requests.push(line);
          link.isWaiting = true;
        }
        const held = waits && hold?.pattern.test(decoder.decode(chunk)) ? hold : undefined;
        if (held?.isAnswer) link.answer = held;
        const stopped = waits ? held?.isAnswer ? undefined : held : link.answer;
        stopped?.reached();
        if (stopped !== undefined || (!waits && !isInterim(chunk))) link.isWaiting = false;
        if (await stopped?.released === false) break;
        for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await to.write(rest));
      }
    } catch {
      // Either end has gone: the other one is to see the same.
    }
    link.isWaiting = false;
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
      const link: Link = { answer: undefined, isWaiting: false };
      links.push(link);
      running.push(pass(client, server, true, link), pass(server, client, false, link));
    }
  }

  function holdNext(pattern: RegExp, isAnswer: boolean): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<boolean>();
    hold = { pattern, isAnswer, reached: reached.resolve, released: released.promise };
    release = released.resolve;
    return reached.promise;
  }

  const links: Link[] = [];
  const running: Promise<void>[] = [];
  const serving = serve();
  return {
    endpoint: `http://127.0.0.1:${listener.addr.port}`,
    requests,
    holdAt: (pattern) => holdNext(pattern, false),
    holdAnswerTo: (pattern) => holdNext(pattern, true),
    async quiet() {
      while (links.some(({ isWaiting }) => isWaiting)) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    release() {
      hold = undefined;
      release(true);
    },
    drop() {
      hold = undefined;
      release(false);
    },
    async stop() {
      release(true);
      listener.close();
      await serving.catch(() => {});
      for (const connection of [...open]) close(connection);
      await Promise.all(running);
    },
  };
}

/** "100 Continue" only asks for the rest of the request. */
function isInterim(chunk: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(chunk.subarray(0, 16)).startsWith("HTTP/1.1 100");
}
