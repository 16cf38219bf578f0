import { type HttpHandlerOptions, type HttpRequest, HttpResponse } from "@smithy/protocol-http";
import type { Answer, Transport } from "./transport.ts";

/** Bytes per second below which a sending connection counts as stuck; fetch shows no progress. */
const slowestUpload = 8192;

/** `fetch` copies a body twice before it sends it, so few large ones may be under way. */
const LARGE = 1024 * 1024;
const LARGE_AT_ONCE = 2;

/** Lets `limit` callers in at once; each calls what it was given when it is done. */
function turns(limit: number): () => Promise<() => void> {
  let free = limit;
  const waiting: (() => void)[] = [];
  const done = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return async () => {
    if (free > 0) free--;
    else await new Promise<void>((go) => waiting.push(go));
    return done;
  };
}

function sizeOf({ body }: HttpRequest): number {
  return body?.byteLength ?? body?.length ?? 0;
}

/** The SDK's HTTP layer on `fetch`. Failures below HTTP are errors of name "NetworkError". */
export function openFetchTransport(idleMs: number, maxSockets: number): Transport {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: maxSockets, http2: false });
  const turn = turns(LARGE_AT_ONCE);
  return {
    async handle(request, options = {}) {
      if (sizeOf(request) < LARGE) return await fetchOnce(client, idleMs, request, options);
      const done = await turn();
      try {
        return await fetchOnce(client, idleMs, request, options);
      } finally {
        done();
      }
    },
    destroy: () => client.close(),
  };
}

async function fetchOnce(
  client: Deno.HttpClient,
  idleMs: number,
  request: HttpRequest,
  options: HttpHandlerOptions,
): Promise<{ response: Answer }> {
  const watch = watchdog(idleMs, options.abortSignal as AbortSignal | undefined);
  const { body } = request;
  const sendMs = (sizeOf(request) / slowestUpload) * 1000;
  watch.arm(idleMs + sendMs);
  try {
    const answer = await fetch(urlOf(request), {
      method: request.method,
      // A store in between that compresses would change lengths and ranges.
      headers: { "accept-encoding": "identity", ...request.headers },
      body: request.method === "GET" || request.method === "HEAD" ? undefined : body,
      redirect: "manual",
      signal: watch.signal,
      client,
    });
    watch.rest();
    const headers = Object.fromEntries(answer.headers);
    return {
      response: new HttpResponse({
        statusCode: answer.status,
        headers,
        body: watchedBody(answer.body, watch),
      }),
    };
  } catch (error) {
    watch.disarm();
    throw networkError(error, watch.signal);
  }
}

interface Watchdog {
  readonly signal: AbortSignal;
  arm(ms?: number): void;
  /** Nothing is awaited for now. */
  rest(): void;
  disarm(): void;
}

/** Aborts where nothing moved for `idleMs`, or where the caller's signal fires. */
function watchdog(idleMs: number, outer: AbortSignal | undefined): Watchdog {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onOuter = () => controller.abort(outer?.reason);
  outer?.addEventListener("abort", onOuter, { once: true });
  if (outer?.aborted) onOuter();
  const expire = () =>
    controller.abort(new DOMException("nothing moved for too long", "TimeoutError"));
  return {
    signal: controller.signal,
    arm(ms = idleMs) {
      clearTimeout(timer);
      timer = setTimeout(expire, ms);
    },
    rest: () => clearTimeout(timer),
    disarm() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", onOuter);
    },
  };
}

function watchedBody(body: ReadableStream<Uint8Array> | null, watch: Watchdog) {
  if (body === null) {
    watch.disarm();
    return undefined;
  }
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      watch.arm();
      try {
        const { done, value } = await reader.read();
        watch.rest();
        if (!done) return controller.enqueue(value);
        watch.disarm();
        controller.close();
      } catch (error) {
        watch.disarm();
        throw networkError(error, watch.signal);
      }
    },
    cancel(reason) {
      watch.disarm();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

function networkError(error: unknown, signal: AbortSignal): Error {
  if (signal.aborted && signal.reason instanceof Error && signal.reason.name === "AbortError") {
    return signal.reason;
  }
  const reason = error instanceof Error ? error : new Error(String(error));
  const detail = reason.cause instanceof Error ? reason.cause.message : reason.message;
  const wrapped = new Error(detail, { cause: reason });
  wrapped.name = reason.name === "TimeoutError" ? "TimeoutError" : "NetworkError";
  return wrapped;
}

function urlOf(request: HttpRequest): string {
  const port = request.port === undefined ? "" : `:${request.port}`;
  const query = Object.entries(request.query ?? {})
    .flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((one) => [name, one] as const) : [[name, value] as const]
    )
    .map(([name, value]) =>
      value === null ? escapeQuery(name) : `${escapeQuery(name)}=${escapeQuery(value)}`
    )
    .join("&");
  return `${request.protocol}//${request.hostname}${port}${request.path}${query && `?${query}`}`;
}

/** As the signature's canonical query has it. */
function escapeQuery(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
