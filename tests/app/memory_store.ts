import { HoldfastError } from "../../src/core/error.ts";
import { bytesOfText, compareBytes } from "../../src/core/path_text.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { hex } from "../../src/core/hash.ts";
import type {
  GetOptions,
  ObjectBody,
  ObjectHead,
  ObjectStore,
  PutOptions,
  StoredObject,
  StoreFeatures,
  StoreLimits,
  UploadedPart,
} from "../../src/ports/object_store.ts";

export type Operation =
  | "put"
  | "get"
  | "head"
  | "list"
  | "createUpload"
  | "uploadPart"
  | "completeUpload"
  | "abortUpload"
  | "listUploads";

export interface MemoryVersion {
  readonly body: Uint8Array;
  readonly head: ObjectHead;
}

export interface MemoryUpload {
  readonly key: string;
  readonly options: PutOptions;
  readonly parts: Map<number, Uint8Array>;
}

/** What a test may look at and change of a store in memory. */
export interface MemoryStore extends ObjectStore {
  readonly requests: { readonly operation: Operation; readonly key: string }[];
  /** Oldest first. */
  readonly objects: Map<string, MemoryVersion[]>;
  readonly uploads: Map<string, MemoryUpload>;
  /** Called before each request has an effect; what it throws is the answer. */
  before: (operation: Operation, key: string) => void | Promise<void>;
  /** Called when a request has had its effect; what it throws is the answer that came instead. */
  after: (operation: Operation, key: string) => void | Promise<void>;
  refuse: (key: string) => string | undefined;
  /** The class an object gets for the one that was asked for. */
  classOf: (asked: string) => string;
  count(operation: Operation): number;
  current(key: string): MemoryVersion | undefined;
  /** The same objects, opened with these features. */
  withFeatures(features: StoreFeatures): MemoryStore;
}

export interface MemoryStoreOptions {
  readonly versions?: boolean;
  readonly limits?: Partial<StoreLimits>;
}

const works = { works: true } as const;

export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const versions = options.versions ?? true;
  const url = "s3://memory/prefix";
  const limits: StoreLimits = {
    ...{ minPart: 1, maxPart: 2 ** 32, maxParts: 10_000, maxObject: 2 ** 40, maxKeyBytes: 1024 },
    ...options.limits,
  };
  let serial = 0;

  async function request<Answer>(
    operation: Operation,
    key: string,
    act: () => Answer,
  ): Promise<Answer> {
    store.requests.push({ operation, key });
    await store.before(operation, key);
    const answer = act();
    await store.after(operation, key);
    return answer;
  }

  function keep(key: string, body: Uint8Array, put: PutOptions): StoredObject {
    const there = store.objects.get(key) ?? [];
    if (put.ifNoneMatch && there.length > 0) throw conflict(key);
    const head: ObjectHead = {
      size: body.length,
      etag: hex(platformHashing.sha256(body)).slice(0, 32),
      ...(versions ? { versionId: `v${++serial}` } : {}),
      storageClass: store.classOf(put.storageClass ?? "STANDARD"),
      metadata: put.metadata ?? {},
      lastModified: 0,
    };
    store.objects.set(key, [...(versions ? there : []), { body: body.slice(), head }]);
    const { etag, versionId } = head;
    return {
      etag,
      ...(versionId === undefined ? {} : { versionId }),
      checksum: `crc32:${crcText(body)}`,
    };
  }

  function find(key: string, get: GetOptions): MemoryVersion {
    const all = store.objects.get(key);
    const found = get.versionId === undefined
      ? all?.at(-1)
      : all?.find(({ head }) => head.versionId === get.versionId);
    if (found === undefined) throw gone(key);
    if (get.ifMatch !== undefined && found.head.etag !== get.ifMatch) throw conflict(key);
    return found;
  }

  function open(id: string): MemoryUpload {
    const upload = store.uploads.get(id);
    if (upload === undefined) throw gone(id, "NoSuchUpload");
    return upload;
  }

  const store: MemoryStore = {
    kind: "s3",
    url,
    features: {
      ...{ conditionalPut: works, checksums: works, metadata: works, multipart: works },
      ...{ storageClass: works, encryption: works },
      versions: versions ? works : { works: false, reason: "no versions" },
    },
    limits,
    requests: [],
    objects: new Map(),
    uploads: new Map(),
    before: () => {},
    after: () => {},
    refuse: () => undefined,
    classOf: (asked) => asked,
    count: (operation) => store.requests.filter((done) => done.operation === operation).length,
    current: (key) => store.objects.get(key)?.at(-1),
    withFeatures: (features) => ({ ...store, features }),
    refusesKey: (key) => store.refuse(key),
    put: (key, body, put) => request("put", key, () => keep(key, body, put)),
    get: (key, get = {}) => request("get", key, () => bodyOf(find(key, get), get)),
    head: (key) => request("head", key, () => store.current(key)?.head),
    async *list(prefix) {
      yield await request("list", prefix, () =>
        [...store.objects]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => compareBytes(bytesOfText(a), bytesOfText(b)))
          .map(([key, all]) => ({ key, ...all.at(-1)!.head })));
    },
    createUpload: (key, put) =>
      request("createUpload", key, () => {
        const id = `upload-${++serial}`;
        store.uploads.set(id, { key, options: put, parts: new Map() });
        return id;
      }),
    uploadPart: (key, id, part, body) =>
      request("uploadPart", key, () => {
        open(id).parts.set(part, body.slice());
        return { part, etag: `p${part}`, size: body.length, crc32: crcText(body) };
      }),
    completeUpload: (key, id, parts, completion) =>
      request("completeUpload", key, () => {
        const { options: put, parts: bodies } = open(id);
        const body = joined(parts, bodies);
        if (crcText(body) !== completion.crc32) throw failure("damage", "BadDigest", key);
        store.uploads.delete(id);
        return keep(key, body, { ...put, ifNoneMatch: completion.ifNoneMatch });
      }),
    abortUpload: (key, id) => request("abortUpload", key, () => void store.uploads.delete(id)),
    listUploads: (prefix) =>
      request(
        "listUploads",
        prefix,
        () =>
          [...store.uploads].filter(([, { key }]) => key.startsWith(prefix))
            .map(([uploadId, { key }]) => ({ key, uploadId, initiated: 0 })),
      ),
    putStream: () => Promise.reject(failure("refused", "NotImplemented", "")),
    close() {},
  };
  return store;
}

export function failure(
  kind: "refused" | "unreachable" | "damage" | "gone" | "conflict" | "denied",
  code: string,
  key: string,
): HoldfastError {
  return new HoldfastError(kind, `${code}: ${key}`, { context: { code, key } });
}

function conflict(key: string): HoldfastError {
  return failure("conflict", "PreconditionFailed", key);
}

function gone(key: string, code = "NoSuchKey"): HoldfastError {
  return failure("gone", code, key);
}

function crcText(body: Uint8Array): string {
  return (platformHashing.crc32(body) >>> 0).toString(16).padStart(8, "0");
}

function joined(
  parts: readonly UploadedPart[],
  bodies: ReadonlyMap<number, Uint8Array>,
): Uint8Array {
  const all = parts.map(({ part }) => bodies.get(part)!);
  const body = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const bytes of all) {
    body.set(bytes, at);
    at += bytes.length;
  }
  return body;
}

function bodyOf({ body, head }: MemoryVersion, { range }: GetOptions): ObjectBody {
  const bytes = range === undefined
    ? body
    : body.subarray(range.offset, range.offset + range.length);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes.slice());
      controller.close();
    },
  });
  return { stream, head };
}
