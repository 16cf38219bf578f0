/** What the store tests share: reading bodies and lists, random content, expected errors. */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { type ErrorKind, HoldfastError } from "../../src/core/error.ts";
import type {
  GetOptions,
  ListedObject,
  ListOptions,
  ObjectStore,
} from "../../src/ports/object_store.ts";

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Bytes that depend on `seed` only and do not repeat. */
export function content(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

export function crcOf(bytes: Uint8Array): string {
  return (crc32(bytes) >>> 0).toString(16).padStart(8, "0");
}

export async function readStream(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  );
}

export async function read(store: ObjectStore, key: string, options?: GetOptions) {
  return await readStream((await store.get(key, options)).stream);
}

export async function listAll(
  store: ObjectStore,
  prefix: string,
  options?: ListOptions,
): Promise<ListedObject[]> {
  const all: ListedObject[] = [];
  for await (const page of store.list(prefix, options)) {
    assert.ok(page.length <= 1000, "a page has at most 1,000 objects");
    all.push(...page);
  }
  return all;
}

export async function listKeys(
  store: ObjectStore,
  prefix: string,
  options?: ListOptions,
): Promise<string[]> {
  return (await listAll(store, prefix, options)).map((object) => object.key);
}

/** Keys in the order of their UTF-8 bytes, which is not the order of UTF-16 units. */
export function inByteOrder(keys: readonly string[]): string[] {
  const encoder = new TextEncoder();
  return keys
    .map((key) => ({ key, bytes: encoder.encode(key) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ key }) => key);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/** Rejects with a HoldfastError of one of these kinds, which is returned. */
export async function failsWith(promise: Promise<unknown>, ...kinds: ErrorKind[]) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof HoldfastError, `a HoldfastError, not ${error}`);
    assert.ok(kinds.includes(error.kind), `${error.kind} is not one of ${kinds}: ${error.message}`);
    return error;
  }
  assert.fail(`expected an error of kind ${kinds.join(" or ")}`);
}

/** Runs `work` over `items`, `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

export function streamOf(
  chunks: readonly Uint8Array[],
  failure?: Error,
): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (next < chunks.length) controller.enqueue(chunks[next++]);
      else if (failure === undefined) controller.close();
      else controller.error(failure);
    },
  });
}
