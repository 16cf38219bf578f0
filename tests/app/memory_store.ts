import { NEVER_EXPIRES } from "../../src/core/cold/restore_header.ts";
import { isCold } from "../../src/core/cost/restore_wait.ts";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import { bytesOfText, compareBytes } from "../../src/core/path_text.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { hex } from "../../src/core/hash.ts";
import type {
  CopyOptions,
  CopySource,
  GetOptions,
  ObjectBody,
  ObjectHead,
  ObjectName,
  ObjectStore,
  PutOptions,
  RestoreAnswer,
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
  | "listUploads"
  | "listParts"
  | "copy"
  | "delete";

export interface MemoryVersion {
  readonly body: Uint8Array;
  readonly head: ObjectHead;
  /** A delete marker: what is below it can be read by version only. */
  readonly marker?: true;
}

export interface MemoryUpload {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly initiated: number;
  readonly options: PutOptions;
  readonly parts: Map<number, Uint8Array>;
}

/** What a test may look at and change of a store in memory. */
export interface MemoryStore extends ObjectStore {
  /** A delete is a request for each of its objects, a copy one of the key it makes. */
  readonly requests: { readonly operation: Operation; readonly key: string }[];
  /** Oldest first. */
  readonly objects: Map<string, MemoryVersion[]>;
  readonly uploads: Map<string, MemoryUpload>;
  /**
   * Called before each request has an effect; what it throws is the answer, but "denied" and
   * "refused" of a delete are that object's reason.
   */
  before: (operation: Operation, key: string) => void | Promise<void>;
  /** Called when a request has had its effect; what it throws is the answer that came instead. */
  after: (operation: Operation, key: string) => void | Promise<void>;
  refuse: (key: string) => string | undefined;
  /** The class an object gets for the one that was asked for. */
  classOf: (asked: string) => string;
  count(operation: Operation): number;
  /** undefined also where it is deleted. */
  current(key: string): MemoryVersion | undefined;
  /** The same objects, opened with these features. */
  withFeatures(features: StoreFeatures): MemoryStore;
}

export interface MemoryStoreOptions {
  readonly versions?: boolean;
  readonly limits?: Partial<StoreLimits>;
  /** Of objects and uploads, in milliseconds since 1970; 0 by default. */
  readonly now?: () => number;
}

const works = { works: true } as const;

export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const versions = options.versions ?? true;
  const now = options.now ?? (() => 0);
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
    if (put.ifNoneMatch && store.current(key) !== undefined) throw conflict(key);
    if (put.ifMatch !== undefined && store.current(key)?.head.etag !== put.ifMatch) {
      throw store.current(key) === undefined ? gone(key) : conflict(key);
    }
    const head: ObjectHead = {
      size: body.length,
      etag: hex(platformHashing.sha256(body)).slice(0, 32),
      ...(versions ? { versionId: `v${++serial}` } : {}),
      storageClass: store.classOf(put.storageClass ?? "STANDARD"),
      metadata: put.metadata ?? {},
      lastModified: now(),
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
    if (found === undefined || found.marker) throw gone(key);
    if (get.ifMatch !== undefined && found.head.etag !== get.ifMatch) throw conflict(key);
    return found;
  }

  function look(key: string, versionId: string | undefined): ObjectHead | undefined {
    try {
      return find(key, versionId === undefined ? {} : { versionId }).head;
    } catch (error) {
      if (isKind(error, "gone")) return undefined;
      throw error;
    }
  }

  function copy(from: CopySource, key: string, options: CopyOptions): StoredObject {
    const { body } = find(from.key, from);
    return keep(key, body, options);
  }

  function remove({ key, versionId }: ObjectName): void {
    const all = store.objects.get(key) ?? [];
    if (versionId === undefined && versions) {
      if (store.current(key) !== undefined) store.objects.set(key, [...all, markerOf(key)]);
      return;
    }
    const left = versionId === undefined
      ? []
      : all.filter(({ head }) => head.versionId !== versionId);
    if (left.length > 0) store.objects.set(key, left);
    else store.objects.delete(key);
  }

  function markerOf(key: string): MemoryVersion {
    const { head } = store.current(key)!;
    const versionId = `v${++serial}`;
    const nothing = { size: 0, etag: "", metadata: {}, versionId, lastModified: now() };
    return { body: new Uint8Array(0), head: { ...head, ...nothing }, marker: true };
  }

  /** It is warm at once, and stays so. */
  function restore({ key, versionId }: ObjectName): RestoreAnswer {
    const found = find(key, versionId === undefined ? {} : { versionId });
    if (!isCold(found.head.storageClass)) throw failure("refused", "InvalidObjectState", key);
    const warm = { kind: "warm", expiry: NEVER_EXPIRES } as const;
    const all = store.objects.get(key)!.map((version) =>
      version === found ? { ...version, head: { ...version.head, restore: warm } } : version
    );
    store.objects.set(key, all);
    return "extended";
  }

  async function removeAll(objects: readonly ObjectName[]) {
    const left: { object: ObjectName; reason: string }[] = [];
    for (const object of objects) {
      try {
        await request("delete", object.key, () => remove(object));
      } catch (error) {
        if (!isKind(error, "denied", "refused")) throw error;
        left.push({ object, reason: error.message });
      }
    }
    return left;
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
    current: (key) => {
      const last = store.objects.get(key)?.at(-1);
      return last?.marker ? undefined : last;
    },
    withFeatures: (features) => ({ ...store, features }),
    refusesKey: (key) => store.refuse(key),
    put: (key, body, put) => request("put", key, () => keep(key, body, put)),
    get: (key, get = {}) => request("get", key, () => bodyOf(find(key, get), get)),
    head: (key, { versionId } = {}) => request("head", key, () => look(key, versionId)),
    async *list(prefix) {
      yield await request("list", prefix, () =>
        [...store.objects]
          .filter(([key]) => key.startsWith(prefix) && store.current(key) !== undefined)
          .sort(([a], [b]) => compareBytes(bytesOfText(a), bytesOfText(b)))
          .map(([key, all]) => ({ key, ...all.at(-1)!.head })));
    },
    createUpload: (key, put) =>
      request("createUpload", key, () => {
        const id = `upload-${++serial}`;
        store.uploads.set(id, { key, initiated: now(), options: put, parts: new Map() });
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
        const { ifNoneMatch, ifMatch } = completion;
        return keep(key, body, {
          ...put,
          ifNoneMatch,
          ...(ifMatch === undefined ? {} : { ifMatch }),
        });
      }),
    abortUpload: (key, id) => request("abortUpload", key, () => void store.uploads.delete(id)),
    listUploads: (prefix) =>
      request(
        "listUploads",
        prefix,
        () =>
          [...store.uploads].filter(([, { key }]) => key.startsWith(prefix))
            .map(([uploadId, { key, initiated }]) => ({ key, uploadId, initiated })),
      ),
    listParts: (key, id) =>
      request("listParts", key, () => {
        const parts = store.uploads.get(id)?.parts;
        return parts && [...parts].sort(([a], [b]) => a - b).map(([part, body]) => (
          { part, etag: `p${part}`, size: body.length, crc32: crcText(body) }
        ));
      }),
    copy: (from, key, options) => request("copy", key, () => copy(from, key, options)),
    delete: removeAll,
    requestRestore: (object) => Promise.resolve().then(() => restore(object)),
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
