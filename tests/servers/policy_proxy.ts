/**
 * A proxy in front of an S3 server that allows what an IAM policy allows, and answers the rest as AWS
 * does. It knows the actions of the requests that Holdfast makes, not all of IAM.
 */
import type { Policy, Statement } from "../../src/core/policy/role_policy.ts";
import { requestReader, type SentRequest } from "./request_reader.ts";

export interface PolicyProxy {
  readonly endpoint: string;
  /** "s3:GetObject docs/a": what was refused since the last call. */
  refused(): string[];
  /** "Read s3:GetObject": statements' actions that allowed something since this policy was set. */
  used(): string[];
  /** From now on by this one; undefined for all. */
  setPolicy(policy: Policy | undefined): void;
  stop(): Promise<void>;
}

interface Need {
  readonly action: string;
  /** Without the bucket; "" for the bucket itself. */
  readonly key: string;
  readonly context: Readonly<Record<string, string>>;
}

export function startPolicyProxy(target: string): PolicyProxy {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let policy: Policy | undefined;
  let refused: string[] = [];
  let used = new Set<string>();

  async function serve(client: Deno.Conn): Promise<void> {
    const server = await Deno.connect({ hostname, port: Number(port) });
    for (const connection of [client, server]) open.add(connection);
    const end = () => {
      for (const connection of [client, server]) if (open.delete(connection)) close(connection);
    };
    // An answer of the server is whole before the client asks again: the two never mix.
    const back = server.readable.pipeTo(client.writable).catch(() => {});
    try {
      for await (const request of requestReader(client)) {
        // What it is about, and until when it locks, is in its body.
        const read = isInBody(request) ? await Array.fromAsync(request.bytes()) : undefined;
        const denied = deniedNeeds(policy, request, used);
        if (denied.length === 0) {
          for await (const chunk of read ?? request.bytes()) await writeAll(server, chunk);
          continue;
        }
        refused.push(...denied.map(({ action, key }) => `${action} ${key}`));
        if (read === undefined) { for await (const _ of request.bytes()); }
        await writeAll(client, denial(request));
      }
    } catch {
      // Either end has gone: the other one is to see the same.
    }
    end();
    await back;
  }

  const serving = (async () => {
    for await (const client of listener) void serve(client).catch(() => {});
  })().catch(() => {});
  return {
    endpoint: `http://127.0.0.1:${listener.addr.port}`,
    refused: () => refused.splice(0),
    used: () => [...used].sort(),
    setPolicy(next) {
      policy = next;
      [refused, used] = [[], new Set()];
    },
    async stop() {
      listener.close();
      await serving;
      for (const connection of [...open]) {
        open.delete(connection);
        close(connection);
      }
    },
  };
}

/** The stream that reads it may have closed it before. */
function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
}

function isInBody(request: SentRequest): boolean {
  return isDeletion(request) || (request.method === "PUT" && request.query.has("retention"));
}

function isDeletion({ method, query }: SentRequest): boolean {
  return method === "POST" && query.has("delete");
}

function deniedNeeds(
  policy: Policy | undefined,
  request: SentRequest,
  used: Set<string>,
): Need[] {
  if (policy === undefined) return [];
  const { Statement } = policy;
  const [, bucket] = request.path.split("/");
  return needsOf(request).filter((need) => {
    const allowing = Statement.find((one) => allows(one, bucket, need));
    if (allowing !== undefined) used.add(`${allowing.Sid} ${need.action}`);
    return allowing === undefined;
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html */
function needsOf(request: SentRequest): Need[] {
  const { method, path, query, headers } = request;
  const key = decodeURIComponent(path.split("/").slice(2).join("/"));
  const need = (action: string, of = key, context = {}): Need => ({ action, key: of, context });
  const readOf = (versioned: boolean) => versioned ? "s3:GetObjectVersion" : "s3:GetObject";
  if (key === "") {
    if (query.has("uploads")) return [need("s3:ListBucketMultipartUploads")];
    if (query.has("lifecycle")) return [need("s3:GetLifecycleConfiguration")];
    if (isDeletion(request)) {
      return deletions(request.body()).map(([of, action]) => need(action, of));
    }
    return [need("s3:ListBucket", "", { "s3:prefix": query.get("prefix") ?? "" })];
  }
  if (method === "DELETE") {
    if (query.has("uploadId")) return [need("s3:AbortMultipartUpload")];
    return [need(query.has("versionId") ? "s3:DeleteObjectVersion" : "s3:DeleteObject")];
  }
  if (query.has("retention")) {
    if (method === "GET") return [need("s3:GetObjectRetention")];
    const bypasses = headers.get("x-amz-bypass-governance-retention") === "true";
    const extended = /<RetainUntilDate>([^<]*)/.exec(request.body())?.[1];
    return [
      need("s3:PutObjectRetention", key, remaining(extended)),
      ...(bypasses ? [need("s3:BypassGovernanceRetention")] : []),
    ];
  }
  if (method === "GET" && query.has("uploadId")) return [need("s3:ListMultipartUploadParts")];
  if (method === "GET" || method === "HEAD") return [need(readOf(query.has("versionId")))];
  if (query.has("restore")) return [need("s3:RestoreObject")];
  const source = headers.get("x-amz-copy-source");
  const until = headers.get("x-amz-object-lock-retain-until-date");
  return [
    need("s3:PutObject"),
    ...(source === undefined ? [] : [
      need(
        readOf(source.includes("?versionId=")),
        decodeURIComponent(source.split("?")[0]).split("/").slice(1).join("/"),
      ),
    ]),
    ...(until === undefined ? [] : [need("s3:PutObjectRetention", key, remaining(until))]),
  ];
}

/** Keys of a DeleteObjects, with what deleting each needs. */
function deletions(body: string): [key: string, action: string][] {
  return [...body.matchAll(/<Object>(.*?)<\/Object>/gs)].map(([, object]) => {
    const key = /<Key>(.*)<\/Key>/s.exec(object)![1].replaceAll("&amp;", "&");
    const isVersion = object.includes("<VersionId>");
    return [key, isVersion ? "s3:DeleteObjectVersion" : "s3:DeleteObject"];
  });
}

/** Days from now until the end of a lock, as a condition sees them. */
function remaining(until: string | undefined): Record<string, string> {
  if (until === undefined) return {};
  const days = Math.ceil((Date.parse(until) - Date.now()) / 86_400_000);
  return { "s3:object-lock-remaining-retention-days": String(days) };
}

function allows(
  { Action, Resource, Condition = {} }: Statement,
  bucket: string,
  { action, key, context }: Need,
): boolean {
  const arn = `arn:aws:s3:::${bucket}${key === "" ? "" : `/${key}`}`;
  if (!Action.includes(action) || !Resource.some((pattern) => isLike(pattern, arn))) return false;
  return Object.entries(Condition).every(([operator, conditions]) =>
    Object.entries(conditions).every(([name, wanted]) => {
      const value = context[name];
      if (value === undefined) return operator !== "StringLike";
      const values = [wanted].flat();
      return operator === "NumericLessThanEquals"
        ? Number(value) <= Number(values[0])
        : values.some((pattern) => isLike(pattern, value));
    })
  );
}

function isLike(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}

const encoder = new TextEncoder();

/** DeleteObjects is answered with 200 and an error for each key; HEAD without a body. */
function denial({ method, query, body }: SentRequest): Uint8Array {
  const error = "<Code>AccessDenied</Code><Message>Access Denied</Message>";
  const isBatch = method === "POST" && query.has("delete");
  const named = isBatch ? [...body().matchAll(/<Key>[^<]*<\/Key>/g)].map(([name]) => name) : [];
  const xml = isBatch
    ? `<DeleteResult>${
      named.map((name) => `<Error>${name}${error}</Error>`).join("")
    }</DeleteResult>`
    : `<Error>${error}</Error>`;
  const text = method === "HEAD" ? "" : `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`;
  const { length } = encoder.encode(text);
  return encoder.encode(
    `HTTP/1.1 ${isBatch ? "200 OK" : "403 Forbidden"}\r\ncontent-type: application/xml\r\n` +
      `content-length: ${length}\r\n\r\n${text}`,
  );
}
