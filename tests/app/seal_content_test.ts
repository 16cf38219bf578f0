import assert from "node:assert/strict";
import { contentOpener } from "../../src/app/open_content.ts";
import { sealedReading, sealWhole } from "../../src/app/seal_content.ts";
import { sizeAsStored } from "../../src/core/mirror/sealed_size.ts";
import { platformHashing as hashing } from "../../src/crypto/hashing.ts";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import { bytesOf, joined, newPair, refused, SIZES } from "../crypto/age_fixture.ts";
import { streamOf } from "../stores/store_probes.ts";

/** A file in memory that reads as a source's does. */
function fileOf(bytes: Uint8Array) {
  let at = 0;
  return {
    read(buffer: Uint8Array): Promise<number> {
      const part = bytes.subarray(at, at + buffer.length);
      buffer.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
  };
}

async function readAll(
  reading: ReturnType<typeof sealedReading>,
  bufferSize: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const buffer = new Uint8Array(bufferSize);
    const length = await reading.read(buffer);
    parts.push(buffer.subarray(0, length));
    if (length < bufferSize) return joined(...parts);
  }
}

const CHUNK = 65_552;

Deno.test("a file read in pieces of any size is one age file of it", async () => {
  const { sealer, opener } = await newPair();
  for (const size of [...SIZES, 2_500_000]) {
    const plain = bytesOf(size, size);
    for (const piece of [1_000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5_000_000]) {
      const age = await sealer.begin();
      const reading = sealedReading(fileOf(plain), { age, size, hashing });
      const sealed = await readAll(reading, piece);
      assert.equal(sealed.length, reading.size);
      assert.deepEqual(await opener.open(sealed), plain, `${size} in pieces of ${piece}`);
      assert.deepEqual(reading.digest(), hashing.sha256(plain));
    }
    const age = await sealer.begin();
    const whole = sealWhole(age, plain);
    assert.equal(whole.length, sizeAsStored(size, age.header.length));
    assert.deepEqual(await opener.open(whole), plain);
  }
});

Deno.test("a file that is shorter than it was gives no age file that could be taken for whole", async () => {
  const { sealer, opener } = await newPair();
  for (const there of [0, 1, 65_536, 200_000]) {
    const age = await sealer.begin();
    const reading = sealedReading(fileOf(bytesOf(there)), { age, size: 200_001, hashing });
    const sealed = await readAll(reading, 100_000);
    assert.ok(sealed.length < reading.size);
    await refused(opener.open(sealed), "damage", /chunk \d+ of the age file/);
  }
});

Deno.test("an object's body is opened however it arrives", async () => {
  const { sealer, opener } = await newPair();
  const store = {} as ObjectStore;
  for (const size of SIZES) {
    const age = await sealer.begin();
    const header = age.header.length;
    const sealed = sealWhole(age, bytesOf(size));
    for (const piece of [100, header, CHUNK, 70_000, 5_000_000]) {
      const pieces = Array.from(
        { length: Math.ceil(sealed.length / piece) },
        (_, i) => sealed.slice(i * piece, (i + 1) * piece),
      );
      const { open } = contentOpener({ store, identities: () => Promise.resolve(opener) });
      const found: Uint8Array[] = [];
      const head = {} as never;
      for await (const part of open({ stream: streamOf(pieces), head }, { key: "k", header })) {
        found.push(part);
      }
      assert.deepEqual(joined(...found), bytesOf(size), `${size} in pieces of ${piece}`);
    }
  }
});
