import type { HttpHandlerOptions, HttpRequest } from "@smithy/protocol-http";

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
