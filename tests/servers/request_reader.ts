/** The requests of one HTTP/1.1 connection, one after the other, as they came. */

export interface SentRequest {
  readonly method: string;
  /** As it was sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  /** All of it, head and body; to be read before the next request is taken. */
  bytes(): AsyncGenerator<Uint8Array>;
  /** The body, once its bytes were read. */
  body(): string;
}

/** Bodies have a content-length: the clients that are tested send no other. */
export async function* requestReader(connection: Deno.Conn): AsyncGenerator<SentRequest> {
  const buffer = new Uint8Array(65_536);
  let rest: Uint8Array = new Uint8Array(0);
  const more = async (): Promise<boolean> => {
    const length = await connection.read(buffer);
    if (length === null) return false;
    const joined = new Uint8Array(rest.length + length);
    joined.set(rest);
    joined.set(buffer.subarray(0, length), rest.length);
    rest = joined;
    return true;
  };
  for (;;) {
    let end: number;
    while ((end = endOfHead(rest)) < 0) if (!await more()) return;
    const head = rest.subarray(0, end);
    rest = rest.subarray(end);
    const { method, path, query, headers } = parseHead(new TextDecoder("latin1").decode(head));
    if (headers.has("transfer-encoding")) throw new Error(`${method} ${path} has no length`);
    const length = Number(headers.get("content-length") ?? 0);
    const body: Uint8Array[] = [];
    yield {
      ...{ method, path, query, headers },
      async *bytes() {
        yield head;
        for (let left = length; left > 0;) {
          if (rest.length === 0 && !await more()) return;
          const part = rest.subarray(0, left);
          rest = rest.subarray(part.length);
          left -= part.length;
          if (length < 1_000_000) body.push(part);
          yield part;
        }
      },
      body: () => body.map((part) => new TextDecoder().decode(part)).join(""),
    };
  }
}

function endOfHead(bytes: Uint8Array): number {
  for (let at = 3; at < bytes.length; at++) {
    if (bytes[at] === 10 && bytes[at - 1] === 13 && bytes[at - 2] === 10) return at + 1;
  }
  return -1;
}

function parseHead(text: string) {
  const [first, ...lines] = text.split("\r\n");
  const [method, target] = first.split(" ");
  const [path, query = ""] = target.split("?");
  const headers = new Map(
    lines.filter((line) => line !== "").map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { method, path, query: new URLSearchParams(query), headers };
}
