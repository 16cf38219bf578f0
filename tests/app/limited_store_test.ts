import assert from "node:assert/strict";
import { limitStore, type RateLimits } from "../../src/app/limited_store.ts";
import { HoldfastError, isKind } from "../../src/core/error.ts";
import type { Clock } from "../../src/ports/environment.ts";
import type { ObjectStore, PutOptions } from "../../src/ports/object_store.ts";
import { memoryStore } from "./memory_store.ts";

/** A clock that moves only where someone sleeps, and tells for how long they did. */
function fakeClock(late = 0) {
  let ms = 1_000;
  const clock: Clock & { ms(): number; pass(more: number): void } = {
    now: () => BigInt(ms) * 1_000_000n,
    sleep: (asked, signal) => {
      if (signal?.aborted) return Promise.reject(new HoldfastError("interrupted", "interrupted"));
      assert.ok(asked >= 1 && asked <= 100, `a step of ${asked} ms`);
      ms += asked + late;
      return Promise.resolve();
    },
    ms: () => ms - 1_000,
    pass: (more) => void (ms += more),
  };
  return clock;
}

/** The memory's store has no putStream of its own. */
function opened(limits: RateLimits, clock = fakeClock(), signal?: AbortSignal) {
  const memory: ObjectStore = {
    ...memoryStore(),
    async putStream(key, body, options: PutOptions) {
      return await memory.put(
        key,
        new Uint8Array(await new Response(body as never).arrayBuffer()),
        options,
      );
    },
  };
  return { memory, clock, store: limitStore(memory, limits, clock, signal) };
}

const rate = (bytes: number) => () => bytes;
const bytes = (length: number) => new Uint8Array(length).fill(7);

async function readAll(store: ObjectStore, key: string): Promise<Uint8Array> {
  const { stream } = await store.get(key);
  return new Uint8Array(await new Response(stream as never).arrayBuffer());
}

Deno.test("a body waits for as long as its bytes take at the limit", async () => {
  const { store, clock } = opened({ upload: rate(1_000) });
  await store.put("k", bytes(2_500), {});
  assert.equal(clock.ms(), 2_500);
  const id = await store.createUpload("up", {});
  await store.uploadPart("up", id, 1, bytes(700));
  assert.equal(clock.ms(), 3_200);
});

Deno.test("a body is sent after its wait, not before", async () => {
  const { store, memory, clock } = opened({ upload: rate(100) });
  const sent: number[] = [];
  const watched = {
    ...memory,
    put: (...put: Parameters<ObjectStore["put"]>) => (sent.push(clock.ms()), memory.put(...put)),
  };
  await limitStore(watched, { upload: rate(100) }, clock).put("k", bytes(100), {});
  assert.deepEqual(sent, [1_000]);
  await store.put("empty", bytes(0), {});
  assert.equal(clock.ms(), 1_000, "no bytes, no wait");
});

Deno.test("all that is in flight shares one limit, in the order of the calls", async () => {
  const { store, clock } = opened({ upload: rate(1_000) });
  const ends: [number, number][] = [];
  await Promise.all(
    Array.from(
      { length: 8 },
      (_, i) => store.put(`${i}`, bytes(500), {}).then(() => ends.push([i, clock.ms()])),
    ),
  );
  assert.equal(clock.ms(), 4_000);
  assert.deepEqual(ends.map(([i]) => i), [0, 1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("the two directions have limits of their own, and other requests none", async () => {
  const { store, clock } = opened({ download: rate(1_000) });
  await store.put("k", bytes(3_000), {});
  await store.copy({ key: "k", size: 3_000 }, "copy", {});
  await store.delete([{ key: "copy" }]);
  assert.equal(clock.ms(), 0);
  assert.equal((await readAll(store, "k")).length, 3_000);
  assert.equal(clock.ms(), 3_000);
});

Deno.test("a stream is held back chunk by chunk and comes out whole", async () => {
  const { store, memory, clock } = opened({ upload: rate(1_000) });
  const times: number[] = [];
  const body = ReadableStream.from((function* () {
    for (let i = 1; i <= 5; i++) {
      times.push(clock.ms());
      yield bytes(200 * i);
    }
  })());
  await store.putStream("k", body, {});
  assert.deepEqual(await readAll(memory, "k"), bytes(3_000));
  assert.equal(clock.ms(), 3_000);
  assert.ok(times.at(-1)! >= 1_200, `the source was read at ${times}`);
});

Deno.test("the limit follows the time, also in the middle of a body", async () => {
  const byTime = (now: number) => now < 2_000 ? 1_000 : now < 4_000 ? 100 : undefined;
  const { store, clock } = opened({ upload: byTime });
  await store.put("k", bytes(1_100), {});
  assert.equal(clock.ms(), 2_000, "1,000 bytes in the first second, 100 in the next");
  await store.put("k", bytes(1_000_000), {});
  assert.equal(clock.ms(), 3_000, "from 4,000 on there is no limit");
  await store.put("k", bytes(1_000_000), {});
  assert.equal(clock.ms(), 3_000);
});

Deno.test("a pause lasts until the limit is above 0", async () => {
  const { store, clock } = opened({ upload: (now) => now < 6_000 ? 0 : 1_000 });
  await store.put("k", bytes(500), {});
  assert.equal(clock.ms(), 5_500);
});

Deno.test("idle time earns a tenth of a second of bytes and no more", async () => {
  const { store, clock } = opened({ upload: rate(1_000) });
  clock.pass(60_000);
  await store.put("k", bytes(1_100), {});
  assert.equal(clock.ms(), 61_000);
});

Deno.test("timers that are late do not lower the rate", async () => {
  const { store, clock } = opened({ upload: rate(1_000) }, fakeClock(15));
  for (let i = 0; i < 20; i++) await store.put("k", bytes(1_000), {});
  assert.ok(clock.ms() >= 20_000 && clock.ms() <= 20_200, `${clock.ms()} ms for 20,000 bytes`);
});

Deno.test("an interrupted wait ends all that waits", async () => {
  const controller = new AbortController();
  controller.abort();
  const { store, memory } = opened(
    { upload: rate(10), download: rate(10) },
    fakeClock(),
    controller.signal,
  );
  const puts = await Promise.allSettled([
    store.put("a", bytes(100), {}),
    store.put("b", bytes(100), {}),
  ]);
  for (const put of puts) {
    assert.ok(put.status === "rejected" && isKind(put.reason, "interrupted"));
  }
  assert.equal(await memory.head("a"), undefined);
  await memory.put("k", bytes(100), {});
  const { stream } = await store.get("k");
  await assert.rejects(stream.getReader().read(), (error) => isKind(error, "interrupted"));
});

Deno.test("a download that is not wanted any more is cancelled below", async () => {
  let cancelled = false;
  const { memory, clock } = opened({});
  const endless: ObjectStore = {
    ...memory,
    get: async (key) => ({
      head: (await memory.head(key))!,
      stream: new ReadableStream({
        pull: (controller) => controller.enqueue(bytes(10)),
        cancel: () => void (cancelled = true),
      }),
    }),
  };
  await memory.put("k", bytes(1), {});
  const { stream } = await limitStore(endless, { download: rate(1_000) }, clock).get("k");
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  assert.ok(cancelled);
});
