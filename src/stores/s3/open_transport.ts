import type { RetryPolicy } from "./options.ts";
import type { Transport } from "./transport.ts";

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
