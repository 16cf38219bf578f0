import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Clock } from "../../ports/environment.ts";
import { type Connection, endpointText } from "./connection.ts";
import type { Tries } from "./retry.ts";
import { escapeKey } from "./s3_key.ts";
import type { Answer } from "./transport.ts";

/** One signed PUT of bytes that are in memory, or of none. */
export interface ShortPut {
  /** Whole key, prefix included. */
  readonly key: string;
  readonly query?: Record<string, string>;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
  /** SHA-256 in hex of the body, where it is known. */
  readonly sha256?: string;
  /** Its CRC32 is among the headers. */
  readonly hasChecksum: boolean;
  /** The answer's body is wanted as text. */
  readonly wantsText?: boolean;
  readonly abortSignal?: AbortSignal;
}

export interface ShortAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  /** "" where it was not wanted. */
  readonly text: string;
}

export type ShortWay = (put: ShortPut) => Promise<ShortAnswer>;

/**
 * The answer of a 200, or undefined for anything unexpected: the caller repeats the call through
 * S3Client, whose error is the truth.
 */
export async function tryShortWay(
  shortWay: ShortWay,
  put: ShortPut,
  tries: Tries,
): Promise<ShortAnswer | undefined> {
  try {
    const answer = await shortWay(put);
    if (answer.statusCode === 200) return answer;
    if (answer.statusCode >= 500) tries.unanswered++;
  } catch {
    tries.unanswered++;
  }
  return undefined;
}

/** Bodies up to this size are hashed for the signature also where TLS and a CRC32 protect them. */
const alwaysHashed = 1024 * 1024;

/**
 * Small objects and parts without the SDK's middleware: its signer and HTTP layer only, with the
 * client's credentials, clock offset and resolved endpoint. Half of S3Client's CPU time a PUT.
 *
 * Large bodies are signed as UNSIGNED-PAYLOAD over TLS, where their signed CRC32 and TLS protect
 * them (AWS: Authenticating Requests, x-amz-content-sha256); without TLS every byte is signed.
 */
export function openShortWay(connection: Connection, version: string, clock: Clock): ShortWay {
  const { client, transport, address, region } = connection;
  const signer = new SignatureV4({
    service: "s3",
    region,
    credentials: client.config.credentials,
    sha256: NodeSha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const { protocol, hostname, port, basePath } = address;
  const host = endpointText(address).slice(protocol.length + 2);
  const isTls = protocol === "https:";
  const userAgent = `holdfast/${version}`;

  return async ({ key, query, headers, body, sha256, hasChecksum, wantsText, abortSignal }) => {
    headers.host = host;
    headers["user-agent"] = userAgent;
    headers["content-length"] = String(body.byteLength);
    headers["x-amz-content-sha256"] = sha256 ?? payloadHash(body, isTls && hasChecksum);
    const request = new HttpRequest({
      method: "PUT",
      protocol,
      hostname,
      port,
      path: basePath + escapeKey(key),
      query: query ?? {},
      headers,
      body,
    });
    const now = Number(clock.now() / 1_000_000n) + client.config.systemClockOffset;
    const signed = await signer.sign(request, { signingDate: new Date(now) });
    const { response } = await transport.handle(
      signed as HttpRequest,
      abortSignal === undefined ? {} : { abortSignal },
    );
    const { statusCode, headers: answered } = response;
    if (wantsText) return { statusCode, headers: answered, text: await textOf(response) };
    discard(response);
    return { statusCode, headers: answered, text: "" };
  };
}

/** Directory buckets and access points are signed and addressed in ways that only S3Client knows. */
export function hasShortWay(bucket: string): boolean {
  return !bucket.startsWith("arn:") && !bucket.endsWith("--x-s3");
}

function payloadHash(body: Uint8Array, isProtected: boolean): string {
  if (isProtected && body.byteLength > alwaysHashed) return "UNSIGNED-PAYLOAD";
  return createHash("sha256").update(body).digest("hex");
}

/** Node's streams and the web's are read alike. */
async function textOf({ body }: Answer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** A body that nobody reads would keep its connection busy. */
function discard(response: Answer): void {
  const { body } = response;
  if (body === undefined || body === null) return;
  if (typeof body.resume === "function") body.resume();
  else body.cancel().catch(() => {});
}

/** The signer's hash interface over the platform's native one. */
class NodeSha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined
      ? createHash("sha256")
      : createHmac("sha256", secret as string | Uint8Array);
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  reset(): void {
    throw new Error("a hash of the signer is used once");
  }
}
