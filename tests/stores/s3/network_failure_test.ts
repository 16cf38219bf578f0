import assert from "node:assert/strict";
import type { ObjectStore } from "../../../src/ports/object_store.ts";
import type { RetryNotice, S3StoreOptions } from "../../../src/stores/s3/options.ts";
import { type Fault, type FaultyProxy, startFaultyProxy } from "../../servers/faulty_proxy.ts";
import { freshBucketName } from "../../servers/s3_server.ts";
import { startVersitygw } from "../../servers/versitygw.ts";
import { bytesOf, content, crcOf, failsWith, read } from "../store_probes.ts";
import { openTestStore, testRetry } from "./open_store.ts";

const server = await startVersitygw();
Deno.test.afterAll(() => server?.stop());

interface Faulty {
  readonly store: ObjectStore;
  /** The same bucket without the proxy. */
  readonly direct: ObjectStore;
  readonly proxy: FaultyProxy;
  readonly notices: RetryNotice[];
  /** From now on; the n-th connection after this call is number n. */
  fail(rule: (count: number) => Fault): void;
}

function withFaults(
  sentence: string,
  check: (faulty: Faulty) => Promise<void>,
  options: Partial<S3StoreOptions> = {},
): void {
  for (const puts of ["auto", "always-client"] as const) {
    Deno.test({
      name: `${sentence} (${puts})`,
      ignore: server === undefined,
      sanitizeOps: false,
      sanitizeResources: false,
      fn: () => run(puts, check, options),
    });
  }
}

async function run(
  puts: "auto" | "always-client",
  check: (faulty: Faulty) => Promise<void>,
  options: Partial<S3StoreOptions>,
): Promise<void> {
  const bucket = freshBucketName();
  await server!.createBucket(bucket);
  let rule: (count: number) => Fault = () => ({});
  let from = 0;
  const proxy = startFaultyProxy(server!.endpoint, (count) => rule(count - from));
  const notices: RetryNotice[] = [];
  const retry = { ...testRetry, onRetry: (notice: RetryNotice) => notices.push(notice) };
  const through = { ...server!, endpoint: proxy.endpoint };
  const store = openTestStore(through, bucket, { puts, retry, ...options });
  const direct = openTestStore(server!, bucket);
  try {
    const fail = (next: (count: number) => Fault) => {
      rule = next;
      from = proxy.connections();
    };
    await check({ store, direct, proxy, notices, fail });
  } finally {
    store.close();
    direct.close();
    await proxy.stop();
  }
}

const big = content(3_000_000, 7);

withFaults("a put whose connection is cut in its body is repeated", async (faulty) => {
  faulty.fail((count) => count <= 3 ? { cutRequestAfter: 100_000 } : {});
  await faulty.store.put("k", big, {});
  assert.deepEqual(await read(faulty.direct, "k"), big);
});

withFaults("a put whose answer is lost is repeated", async (faulty) => {
  faulty.fail((count) => count === 1 ? { cutAnswerAfter: 0 } : {});
  await faulty.store.put("k", big, {});
  assert.deepEqual(await read(faulty.direct, "k"), big);
});

withFaults(
  "a conflict after a lost answer says that it may be with its own write",
  async (faulty) => {
    faulty.fail((count) => count === 1 ? { cutAnswerAfter: 0 } : {});
    const put = faulty.store.put("k", bytesOf("mine"), { ifNoneMatch: true });
    const error = await failsWith(put, "conflict");
    assert.equal(error.context.unanswered, 1);
    assert.deepEqual(await read(faulty.direct, "k"), bytesOf("mine"));
  },
);

withFaults("a conflict with another's object says that all answers came", async (faulty) => {
  await faulty.direct.put("k", bytesOf("theirs"), {});
  const put = faulty.store.put("k", bytesOf("mine"), { ifNoneMatch: true });
  assert.equal((await failsWith(put, "conflict")).context.unanswered, 0);
});

withFaults("a byte flipped on the way is noticed, and the put repeated", async (faulty) => {
  faulty.fail((count) => count <= 2 ? { flipRequestAt: 100_000 } : {});
  await faulty.store.put("k", big, {});
  assert.deepEqual(await read(faulty.direct, "k"), big);
});

withFaults(
  "a network that flips a byte each time ends in damage, nothing stored",
  async (faulty) => {
    faulty.fail(() => ({ flipRequestAt: 100_000, flipsOn: true }));
    await failsWith(faulty.store.put("k", big, {}), "damage");
    assert.equal(await faulty.direct.head("k"), undefined);
  },
  { retry: { ...testRetry, damagedTries: 3 } },
);

withFaults("a byte flipped in a part is noticed, and the part repeated", async (faulty) => {
  const id = await faulty.store.createUpload("k", {});
  faulty.fail((count) => count === 1 ? { flipRequestAt: 100_000 } : {});
  const fresh = await faulty.store.uploadPart("k", id, 1, big);
  await faulty.store.completeUpload("k", id, [fresh], { crc32: crcOf(big), size: big.length });
  assert.deepEqual(await read(faulty.direct, "k"), big);
});

withFaults("a completion whose answer is lost is found to have happened", async (faulty) => {
  const id = await faulty.direct.createUpload("k", {});
  const part = await faulty.direct.uploadPart("k", id, 1, big);
  faulty.fail((count) => count === 1 ? { cutAnswerAfter: 0 } : {});
  const sums = { crc32: crcOf(big), size: big.length };
  const stored = await faulty.store.completeUpload("k", id, [part], sums);
  assert.equal(stored.checksum, `crc32:${crcOf(big)}`);
  assert.equal(stored.etag, (await faulty.direct.head("k"))?.etag);
});

withFaults("a get whose connection is cut again and again comes back whole", async (faulty) => {
  await faulty.direct.put("k", big, {});
  faulty.fail((count) => count <= 12 ? { cutAnswerAfter: 260_000 } : {});
  assert.deepEqual(await read(faulty.store, "k"), big);
  const part = await read(faulty.store, "k", { range: { offset: 500_000, length: 1_000_000 } });
  assert.deepEqual(part, big.slice(500_000, 1_500_000));
});

withFaults(
  "an object that is replaced while its get is resumed is gone, not mixed",
  async (faulty) => {
    await faulty.direct.put("k", big, {});
    faulty.fail((count) => count === 1 ? { cutAnswerAfter: 300_000 } : {});
    const { stream } = await faulty.store.get("k");
    await faulty.direct.put("k", content(3_000_000, 8), {});
    await failsWith(new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).blob(), "gone");
  },
);

withFaults("a get that is cancelled leaves the store usable", async (faulty) => {
  await faulty.direct.put("k", big, {});
  const { stream } = await faulty.store.get("k");
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  assert.deepEqual(await read(faulty.store, "k"), big);
});

withFaults("a stream of unknown length survives cut connections", async (faulty) => {
  faulty.fail((count) => count % 2 === 1 ? { cutRequestAfter: 3_000_000 } : {});
  const chunks = Array.from({ length: 8 }, () => big);
  await faulty.store.putStream("k", ReadableStream.from(chunks), {});
  assert.equal((await faulty.direct.head("k"))?.size, 8 * big.length);
});

withFaults(
  "a connection on which nothing moves is given up and the call repeated",
  async (faulty) => {
    await faulty.direct.put("k", big, {});
    faulty.fail((count) => count <= 2 ? { silent: true } : {});
    assert.equal((await faulty.store.head("k"))?.size, big.length);
    assert.equal(faulty.proxy.connections(), 3);
  },
  { retry: { ...testRetry, idleMs: 300 } },
);

withFaults("a signal ends a call that is waiting for its answer", async (faulty) => {
  faulty.fail(() => ({ silent: true }));
  const abort = new AbortController();
  const through = { ...server!, endpoint: faulty.proxy.endpoint };
  const store = openTestStore(through, "any-bucket", { signal: abort.signal });
  try {
    const waiting = failsWith(store.head("k"), "interrupted");
    setTimeout(() => abort.abort(), 100);
    await waiting;
    assert.equal(faulty.proxy.connections(), 1);
  } finally {
    store.close();
  }
});

withFaults("copies and deletions whose answers are lost are repeated", async (faulty) => {
  const { store, direct } = faulty;
  const { etag } = await direct.put("from", bytesOf("bytes"), {});
  faulty.fail((count) => count <= 3 ? { cutAnswerAfter: count * 20 } : {});
  const from = { key: "from", ifMatch: etag, size: 5 };
  await store.copy(from, "to", { metadata: { holdfast: "m" } });
  assert.deepEqual(await read(direct, "to"), bytesOf("bytes"));
  assert.deepEqual((await direct.head("to"))?.metadata, { holdfast: "m" });
  faulty.fail((count) => count <= 2 ? { cutAnswerAfter: 0 } : {});
  assert.deepEqual(await store.delete([{ key: "from" }, { key: "never" }]), []);
  assert.equal(await direct.head("from"), undefined);
});
