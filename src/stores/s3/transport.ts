import type { HttpHandlerOptions, HttpRequest } from "@smithy/protocol-http";
import type { RetryPolicy } from "./options.ts";

/** What the SDK asks of its HTTP layer, and what the short way uses as well. */
export interface Transport {
  handle(request: HttpRequest, options?: HttpHandlerOptions): Promise<{ response: Answer }>;
  destroy(): void;
}

export interface Answer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  // The SDK's own type: a node stream, a web stream or nothing.
  // deno-lint-ignore no-explicit-any
  readonly body?: any;
}

/** Sockets to one host at most: more than the workers of a run ever ask for at once. */
const maxSockets = 64;

/** Until a socket is connected, in milliseconds. */
const connectionTimeout = 10_000;

/**
 * The SDK's NodeHttpHandler. Before Deno 2.9 `node:http` never learns that a connection was cut
 * before the answer (2.6.10 waits for ever, even against a socket timeout) and throws outside of any
 * promise when it is cut within one, so there the requests go through `fetch`.
 */
export async function openTransport(policy: RetryPolicy): Promise<Transport> {
  if (nodeHttpIsSound(Deno.version.deno)) {
    const { NodeHttpHandler } = await import("@smithy/node-http-handler");
    const sockets = { keepAlive: true, maxSockets };
    return new NodeHttpHandler({
      connectionTimeout,
      socketTimeout: policy.idleMs,
      httpAgent: sockets,
      httpsAgent: sockets,
    }) as Transport;
  }
  const { openFetchTransport } = await import("./fetch_transport.ts");
  return openFetchTransport(policy.idleMs, maxSockets);
}

function nodeHttpIsSound(deno: string): boolean {
  const [major, minor] = deno.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}
