import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * A small S3 in memory whose behaviour a test can change: what no real server does on demand.
 * It knows objects, conditions, CRC32, classes, encryption, lists of one page, and uploads.
 */
export interface S3Stub {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Every request so far, in order. */
  readonly requests: SeenRequest[];
  stop(): Promise<void>;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export interface StubBehaviour {
  /** Answers in place of the stub; undefined lets it answer. `count` is 1 for the first request. */
  readonly answer?: (request: SeenRequest, count: number) => Response | undefined;
  /** Headers that the stub acts as if it had never got (lower case; a trailing `*` for a group). */
  readonly ignored?: readonly string[];
  /** Changes the headers of each of the stub's answers. */
  readonly amend?: (headers: Headers, request: SeenRequest) => void;
}

interface Stored {
  readonly body: Uint8Array;
  readonly headers: Record<string, string>;
}

/** An error answer as S3 writes it. */
export function s3Error(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return new Response(xml, { status, headers: { "content-type": "application/xml", ...headers } });
}

export function startS3Stub(behaviour: StubBehaviour = {}): S3Stub {
  const requests: SeenRequest[] = [];
  const objects = new Map<string, Stored>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const url = new URL(request.url);
      const seen: SeenRequest = {
        method: request.method,
        path: decodeURIComponent(url.pathname),
        query: url.searchParams,
        headers: request.headers,
        body: new Uint8Array(await request.arrayBuffer()),
      };
      requests.push(seen);
      const given = behaviour.answer?.(seen, requests.length);
      if (given !== undefined) return given;
      const heard = { ...seen, headers: without(seen.headers, behaviour.ignored ?? []) };
      const answer = respond(objects, heard);
      behaviour.amend?.(answer.headers, seen);
      return answer;
    },
  );
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    accessKey: "stub",
    secretKey: "stubsecret",
    requests,
    stop: () => server.shutdown(),
  };
}

function without(headers: Headers, names: readonly string[]): Headers {
  const left = new Headers(headers);
  for (const name of names) {
    const prefix = name.endsWith("*") ? name.slice(0, -1) : undefined;
    for (const header of [...left.keys()]) {
      if (prefix === undefined ? header === name : header.startsWith(prefix)) left.delete(header);
    }
  }
  return left;
}

function respond(objects: Map<string, Stored>, request: SeenRequest): Response {
  const { method, query } = request;
  if (query.has("list-type")) return list(objects, request);
  if (query.has("uploads")) {
    return xml(
      "InitiateMultipartUploadResult",
      "<UploadId>upload1</UploadId>",
      echoed(request, sseHeaders),
    );
  }
  if (query.has("uploadId")) {
    return method === "DELETE"
      ? new Response(null, { status: 204 })
      : new Response(null, { headers: { etag: md5(request.body), ...checked(request) } });
  }
  if (method === "PUT") return put(objects, request);
  return read(objects, request);
}

const sseHeaders = [
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
] as const;

function put(objects: Map<string, Stored>, request: SeenRequest): Response {
  const { path, body, headers } = request;
  if (headers.get("if-none-match") === "*" && objects.has(path)) {
    return s3Error(412, "PreconditionFailed", "At least one of the pre-conditions did not hold");
  }
  const crc = headers.get("x-amz-checksum-crc32");
  if (crc !== null && crc !== crcOf(body)) {
    return s3Error(400, "BadDigest", "The CRC32 you specified did not match the calculated one");
  }
  const kept = [...headers].filter(([name]) =>
    name.startsWith("x-amz-meta-") || name === "x-amz-storage-class"
  );
  objects.set(path, { body, headers: { etag: md5(body), ...Object.fromEntries(kept) } });
  return new Response(null, {
    headers: {
      etag: md5(body),
      "x-amz-version-id": crypto.randomUUID(),
      ...checked(request),
      ...echoed(request, sseHeaders),
    },
  });
}

function read(objects: Map<string, Stored>, { method, path, headers }: SeenRequest): Response {
  const stored = objects.get(path);
  if (stored === undefined) {
    return method === "HEAD"
      ? new Response(null, { status: 404 })
      : s3Error(404, "NoSuchKey", "The specified key does not exist.");
  }
  const [, from, to] = headers.get("range")?.match(/^bytes=(\d+)-(\d+)$/) ?? [];
  const size = stored.body.length;
  const body = from === undefined ? stored.body : stored.body.slice(Number(from), Number(to) + 1);
  const range = from === undefined ? undefined : `bytes ${from}-${to}/${size}`;
  return new Response(method === "HEAD" ? null : body as Uint8Array<ArrayBuffer>, {
    status: range === undefined ? 200 : 206,
    headers: {
      ...stored.headers,
      "content-length": String(body.length),
      ...(range === undefined ? {} : { "content-range": range }),
    },
  });
}

function list(objects: Map<string, Stored>, { path, query }: SeenRequest): Response {
  const bucket = `${path.replace(/\/$/, "")}/`;
  const prefix = bucket + (query.get("prefix") ?? "");
  const contents = [...objects].filter(([key]) => key.startsWith(prefix)).sort().map((
    [key, { body, headers }],
  ) =>
    `<Contents><Key>${encodeURIComponent(key.slice(bucket.length))}</Key><Size>${body.length}` +
    `</Size><ETag>${headers.etag}</ETag></Contents>`
  );
  return xml("ListBucketResult", `<EncodingType>url</EncodingType>${contents.join("")}`);
}

function xml(root: string, content: string, headers: Record<string, string> = {}): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${content}</${root}>`, {
    headers: { "content-type": "application/xml", ...headers },
  });
}

function checked(request: SeenRequest): Record<string, string> {
  const asked = request.headers.has("x-amz-checksum-crc32");
  return asked ? { "x-amz-checksum-crc32": crcOf(request.body) } : {};
}

function echoed({ headers }: SeenRequest, names: readonly string[]): Record<string, string> {
  const found = names.flatMap((name) => headers.has(name) ? [[name, headers.get(name)!]] : []);
  return Object.fromEntries(found);
}

function crcOf(body: Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body) >>> 0);
  return bytes.toString("base64");
}

function md5(body: Uint8Array): string {
  return `"${createHash("md5").update(body).digest("hex")}"`;
}
