/** Sealed files: what opens them, what does not, and that no nonce seals twice. */
import assert from "node:assert/strict";
import { Decrypter, Encrypter } from "age-encryption";
import fc from "fast-check";
import { pickAead, portableAead } from "../../src/crypto/age_aead.ts";
import { ageOpener } from "../../src/crypto/age_opener.ts";
import { ageSealer } from "../../src/crypto/age_sealer.ts";
import { payloadKey } from "../../src/crypto/age_stream.ts";
import { AGE_CHUNK, AGE_HEADER_MOST, AGE_TAG } from "../../src/core/pack/pack_layout.ts";
import {
  bytesOf,
  filledFile,
  joined,
  newPair,
  refused,
  sealedChunk,
  SIZES,
} from "./age_fixture.ts";
import { seed } from "../seed.ts";

fc.configureGlobal({ seed });

const END = bytesOf(18, 7);

for (const postQuantum of [false, true]) {
  const kind = postQuantum ? "post-quantum" : "X25519";

  Deno.test(`what is sealed for a ${kind} key is opened by it, here and by the library`, async () => {
    const { sealer, opener, identity } = await newPair(postQuantum);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    for (const size of SIZES.filter((size) => size <= 131_072)) {
      const sealed = await sealer.seal(bytesOf(size));
      assert.deepEqual(await opener.open(sealed), bytesOf(size));
      assert.deepEqual(await decrypter.decrypt(sealed), bytesOf(size));
    }
  });

  Deno.test(`what the library seals for a ${kind} key is opened here`, async () => {
    const { recipient, opener } = await newPair(postQuantum);
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    for (const size of SIZES.filter((size) => size <= 131_072)) {
      assert.deepEqual(await opener.open(await encrypter.encrypt(bytesOf(size))), bytesOf(size));
    }
  });

  Deno.test(`another ${kind} key does not open it: kind key`, async () => {
    const { sealer } = await newPair(postQuantum);
    const other = await newPair(postQuantum);
    const sealed = await sealer.seal(bytesOf(10));
    await refused(other.opener.open(sealed), "key", /sealed for other keys/, other.identity);
    await refused(other.opener.begin(sealed), "key", /sealed for other keys/, other.identity);
    await assert.rejects(other.opener.open(sealed), { hint: /--identity/ });
  });

  Deno.test(`20 ${kind} recipients fit into AGE_HEADER_MOST, and the last one opens it`, async () => {
    const pairs = await Promise.all(Array.from({ length: 20 }, () => newPair(postQuantum)));
    const sealer = await ageSealer(pairs.map(({ recipient }) => recipient));
    const sealed = await sealer.seal(bytesOf(AGE_HEADER_MOST));
    const { header } = await pairs[19].opener.begin(sealed.subarray(0, AGE_HEADER_MOST));
    assert.equal(sealed.length, header + AGE_HEADER_MOST + AGE_TAG);
    assert.deepEqual(await pairs[19].opener.open(sealed), bytesOf(AGE_HEADER_MOST));
  });
}

Deno.test("an opener with several identities of both kinds opens what is for any of them", async () => {
  const [other, classic, hybrid] = [await newPair(), await newPair(), await newPair(true)];
  const opener = await ageOpener([other.identity, hybrid.identity, classic.identity]);
  for (const { sealer } of [classic, hybrid]) {
    assert.deepEqual(await opener.open(await sealer.seal(END)), END);
  }
});

Deno.test("the runtime's cipher and the portable one are that of RFC 8439, and open each other", async () => {
  // RFC 8439 has no vector without additional data: this is its ChaCha20 key stream (A.1, block 1).
  const keyStream = "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed" +
    "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f";
  const [picked, portable] = [await pickAead(), await portableAead()];
  const [key, nonce] = [new Uint8Array(32), new Uint8Array(12)];
  for (const [sealing, opening] of [[picked, portable], [portable, picked]]) {
    const out = new Uint8Array(64 + AGE_TAG);
    sealing.seal(key, nonce, new Uint8Array(64), out, 0);
    assert.equal(out.subarray(0, 64).toHex(), keyStream);
    for (const size of [0, 1, 63, 64, 65, AGE_CHUNK]) {
      const plain = bytesOf(size);
      const sealed = new Uint8Array(size + AGE_TAG + 8).fill(0xaa);
      sealing.seal(bytesOf(32), bytesOf(12), plain, sealed, 3);
      assert.deepEqual(sealed.subarray(0, 3), new Uint8Array(3).fill(0xaa));
      assert.deepEqual(sealed.subarray(size + AGE_TAG + 3), new Uint8Array(5).fill(0xaa));
      const body = sealed.slice(3, size + AGE_TAG + 3);
      assert.deepEqual(opening.open(bytesOf(32), bytesOf(12), body), plain);
      assert.equal(opening.open(bytesOf(32), bytesOf(12, 2), body), undefined);
      body[size] ^= 1;
      assert.equal(opening.open(bytesOf(32), bytesOf(12), body), undefined);
    }
  }
});

Deno.test("two files of the same bytes have nothing in common but the header's first line", async () => {
  const { sealer } = await newPair();
  const [one, two] = [await sealer.seal(bytesOf(64)), await sealer.seal(bytesOf(64))];
  assert.notDeepEqual(one.slice(-96, -80), two.slice(-96, -80));
  assert.notDeepEqual(one.slice(-80), two.slice(-80));
  const parts = [await sealer.begin(), await sealer.begin()];
  assert.notDeepEqual(sealedChunk(parts[0], END, 0, true), sealedChunk(parts[1], END, 0, true));
});

Deno.test("the key of a file is not reachable from what seals and opens", async () => {
  const { sealer, opener } = await newPair();
  const file = await sealer.begin();
  const opened = await opener.begin(joined(file.header, sealedChunk(file, END, 0, true)));
  const reached = (object: object) => Reflect.ownKeys(object).sort();
  assert.deepEqual(reached(file), ["chunk", "header"]);
  assert.deepEqual(reached(opened), ["chunk", "header"]);
  assert.deepEqual(reached(sealer), ["begin", "seal"]);
  assert.deepEqual(reached(opener), ["begin", "open"]);
  for (const chunk of [file.chunk, opened.chunk]) {
    assert.deepEqual(reached(chunk).filter((name) => name !== "prototype"), ["length", "name"]);
  }
});

Deno.test("no counter seals two plaintexts: whatever the calls, each nonce has one", async () => {
  const { sealer } = await newPair();
  const bodies = [
    bytesOf(AGE_CHUNK, 1),
    bytesOf(AGE_CHUNK, 2),
    bytesOf(18, 1),
    bytesOf(18, 2),
    bytesOf(0),
  ];
  const call = fc.record({
    body: fc.nat({ max: bodies.length - 1 }),
    step: fc.constantFrom(0, 0, 0, -1, 1),
    last: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
      const file = await sealer.begin();
      const seen = new Map<string, number>();
      const bytes = new Set<string>();
      let next = 0;
      for (const { body, step, last } of calls) {
        const place = { counter: next + step, last };
        const out = new Uint8Array(AGE_CHUNK + AGE_TAG);
        const before = seen.get(JSON.stringify(place));
        try {
          file.chunk(bodies[body], place, out, 0);
        } catch {
          assert.ok(out.every((byte) => byte === 0), "a refused call writes nothing");
          continue;
        }
        assert.ok(before === undefined || before === body, "one nonce, two plaintexts");
        seen.set(JSON.stringify(place), body);
        if (last) bytes.add(String(body));
        else next++;
      }
      assert.ok(bytes.size <= 1, "last chunks differ");
    }),
    { numRuns: 200 },
  );
});

Deno.test("chunks out of turn, of a wrong length or without room are mistakes of the program", async () => {
  const { sealer } = await newPair();
  const file = await sealer.begin();
  const [full, out] = [bytesOf(AGE_CHUNK), new Uint8Array(AGE_CHUNK + AGE_TAG)];
  const seal = (plain: Uint8Array, counter: number, last: boolean, at = 0) => () =>
    file.chunk(plain, { counter, last }, out, at);
  assert.throws(seal(full, 1, false), /next one is 0/);
  assert.throws(seal(END, 0, false), /it has 18 bytes/);
  assert.throws(seal(bytesOf(AGE_CHUNK + 1), 0, true), /it has 65537 bytes/);
  assert.throws(seal(full, 0, false, 1), /no room for chunk 0/);
  seal(full, 0, false)();
  assert.throws(seal(full, 0, false), /next one is 1/);
  assert.throws(seal(END, 0, true), /next one is 1/);
  assert.throws(seal(bytesOf(0), 1, true), /it has 0 bytes/);
  seal(END, 1, true)();
  seal(END, 1, true)();
  assert.throws(seal(bytesOf(18, 8), 1, true), /sealed with other bytes before/);
  seal(full, 1, false)();
  assert.throws(seal(bytesOf(17, 7), 2, true), /sealed with other bytes before/);
  seal(END, 2, true)();
});

Deno.test("the bytes of the tail are remembered as they were, not as they become", async () => {
  const { sealer } = await newPair();
  const file = await sealer.begin();
  const tail = END.slice();
  sealedChunk(file, tail, 0, true);
  tail[0] ^= 1;
  assert.throws(() => sealedChunk(file, tail, 0, true), /sealed with other bytes before/);
});

Deno.test("each chunk is opened alone, in any order, from the first bytes and its own range", async () => {
  const { sealer, opener } = await newPair();
  const plain = bytesOf(5 * AGE_CHUNK);
  const { header, chunks, tails } = await filledFile(sealer, plain, END);
  const sealed = joined(header, ...chunks, tails[5]);
  const file = await opener.begin(sealed.subarray(0, AGE_HEADER_MOST));
  assert.equal(file.header, header.length);
  for (const counter of [4, 0, 3, 3, 1, 2]) {
    const at = file.header + counter * (AGE_CHUNK + AGE_TAG);
    const chunk = file.chunk(sealed.subarray(at, at + AGE_CHUNK + AGE_TAG), {
      counter,
      last: false,
    });
    assert.deepEqual(chunk, plain.slice(counter * AGE_CHUNK, (counter + 1) * AGE_CHUNK));
  }
  assert.deepEqual(file.chunk(tails[5], { counter: 5, last: true }), END);
  for (const tail of tails.keys()) {
    assert.deepEqual(file.chunk(tails[tail], { counter: tail, last: true }), END);
  }
  const wrong = [[chunks[1], 0, false], [chunks[0], 0, true], [tails[5], 5, false], [
    tails[5],
    4,
    true,
  ]];
  for (const [sealed, counter, last] of wrong as [Uint8Array, number, boolean][]) {
    assert.throws(() => file.chunk(sealed, { counter, last }), { kind: "damage" });
  }
});

Deno.test("the header alone is enough to begin; a byte less is damage", async () => {
  const { sealer, opener } = await newPair();
  const { header } = await sealer.begin();
  assert.equal((await opener.begin(header)).header, header.length);
  for (let length = 0; length < header.length; length++) {
    await refused(opener.begin(header.subarray(0, length)), "damage", /cut off within its header/);
  }
});

Deno.test("files put together from random runs of chunks and a random end open to their bytes", async () => {
  const { sealer, opener } = await newPair();
  const shape = fc.record({
    full: fc.nat({ max: 4 }),
    rest: fc.oneof(fc.nat({ max: AGE_CHUNK }), fc.constantFrom(0, 1, AGE_CHUNK - 1, AGE_CHUNK)),
    tailFirst: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ full, rest, tailFirst }) => {
      const size = full * AGE_CHUNK + (full > 0 ? Math.max(1, rest) : rest);
      const plain = bytesOf(size, full + rest);
      const file = await sealer.begin();
      const end = plain.subarray(full * AGE_CHUNK);
      if (tailFirst && end.length > 0) sealedChunk(file, end, 0, true);
      const chunks = Array.from(
        { length: full },
        (_, i) => sealedChunk(file, plain.subarray(i * AGE_CHUNK, (i + 1) * AGE_CHUNK), i, false),
      );
      const sealed = joined(file.header, ...chunks, sealedChunk(file, end, full, true));
      assert.deepEqual(await opener.open(sealed), plain);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a file cut off anywhere is damage, never less than it was", async () => {
  const { sealer, opener } = await newPair();
  const sealed = await sealer.seal(bytesOf(2 * AGE_CHUNK + 100));
  const header = sealed.length - 2 * AGE_CHUNK - 100 - 3 * AGE_TAG;
  const ends = [0, 10, header - 17, header - 1, header, header + 1, header + AGE_TAG];
  for (const chunk of [1, 2]) {
    const end = header + chunk * (AGE_CHUNK + AGE_TAG);
    ends.push(end - 1, end, end + 1, end + AGE_TAG - 1, end + AGE_TAG, end + AGE_TAG + 1);
  }
  for (const end of [...ends, sealed.length - AGE_TAG, sealed.length - 1]) {
    await refused(opener.open(sealed.subarray(0, end)), "damage", /cut off/);
  }
});

Deno.test("anything behind the end is damage", async () => {
  const { sealer, opener } = await newPair();
  for (const size of [0, 100, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1]) {
    const sealed = await sealer.seal(bytesOf(size));
    for (const more of [1, AGE_TAG, AGE_CHUNK + AGE_TAG]) {
      const longer = joined(sealed, new Uint8Array(more));
      await refused(opener.open(longer), "damage", /not what was sealed/);
    }
  }
});

Deno.test("an empty last chunk behind others is damage, though its tag is right", async () => {
  const { recipient, opener } = await newPair();
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  let key = new Uint8Array();
  encrypter.addRecipient({ wrapFileKey: (fileKey) => (key = fileKey.slice(), []) });
  const whole = await encrypter.encrypt(bytesOf(0));
  const [head, nonce] = [whole.slice(0, -32), whole.slice(-32, -16)];
  const streamKey = payloadKey(key, nonce);
  const aead = await pickAead();
  const [chunk, empty] = [new Uint8Array(AGE_CHUNK + AGE_TAG), new Uint8Array(AGE_TAG)];
  aead.seal(streamKey, new Uint8Array(12), bytesOf(AGE_CHUNK), chunk, 0);
  const lastOfOne = Uint8Array.from({ length: 12 }, (_, i) => i >= 10 ? 1 : 0);
  aead.seal(streamKey, lastOfOne, bytesOf(0), empty, 0);
  await refused(opener.open(joined(head, nonce, chunk, empty)), "damage", /chunk 1/);
});

Deno.test("a flipped bit in any region is found", async () => {
  const { sealer, opener } = await newPair();
  const sealed = await sealer.seal(bytesOf(AGE_CHUNK + 100));
  const payload = sealed.length - AGE_CHUNK - 100 - 2 * AGE_TAG;
  const flipped = async (at: number, kinds: string[]) => {
    const copy = sealed.slice();
    copy[at] ^= 1 << (at % 7);
    await assert.rejects(opener.open(copy), (error: { kind?: string; message: string }) => {
      assert.ok(kinds.includes(error.kind!), `byte ${at}: ${error.kind} ${error.message}`);
      return true;
    });
  };
  // A header whose stanza is damaged cannot be told from one for another key.
  for (let at = 0; at < payload - 16; at++) await flipped(at, ["damage", "key"]);
  for (let at = payload - 16; at < payload; at++) await flipped(at, ["damage"]);
  const firstTag = payload + AGE_CHUNK;
  const places = [
    0,
    1,
    1000,
    AGE_CHUNK - 1,
    AGE_CHUNK,
    AGE_CHUNK + AGE_TAG - 1,
    AGE_CHUNK + AGE_TAG,
    AGE_CHUNK + AGE_TAG + 99,
  ];
  for (const at of places) await flipped(payload + at, ["damage"]);
  for (const at of [firstTag, sealed.length - AGE_TAG, sealed.length - 1]) {
    await flipped(at, ["damage"]);
  }
});

Deno.test("a header whose check is wrong is damage, also to the right key", async () => {
  const { sealer, opener } = await newPair();
  const sealed = await sealer.seal(END);
  const text = new TextDecoder("latin1").decode(sealed);
  const extra = text.replace("--- ", "-> grease x\n\n--- ");
  const bytes = Uint8Array.from(extra, (letter) => letter.charCodeAt(0));
  await refused(opener.open(bytes), "damage", /header of the age file is damaged/);
});

Deno.test("chunks that changed places, or come from another file, are damage", async () => {
  const { sealer, opener } = await newPair();
  const plain = bytesOf(3 * AGE_CHUNK);
  const one = await filledFile(sealer, plain, END);
  const two = await filledFile(sealer, plain, END);
  const [a, b, c] = one.chunks;
  for (const chunks of [[b, a, c], [a, a, c], [a, c], [a, two.chunks[1], c]]) {
    const sealed = joined(one.header, ...chunks, one.tails[chunks.length]);
    await refused(opener.open(sealed), "damage", /not what was sealed/);
  }
  const stranger = joined(one.header, a, two.tails[1]);
  await refused(opener.open(stranger), "damage", /chunk 1 .* not what was sealed/);
});

Deno.test("what is no age file is damage and said to be none", async () => {
  const { opener } = await newPair();
  for (const bytes of [bytesOf(100), new TextEncoder().encode("age-encryption.org/v2\n-> X\n")]) {
    await refused(opener.open(bytes), "damage", /no age file/);
  }
  const endless = new Uint8Array(AGE_HEADER_MOST + 1).fill(0x41);
  endless.set(new TextEncoder().encode("age-encryption.org/v1\n"));
  await refused(opener.open(endless), "damage", /no end in 65536 bytes/);
});

Deno.test("a file sealed with a passphrase is not opened by keys: kind key", async () => {
  const encrypter = new Encrypter();
  encrypter.setPassphrase("x");
  encrypter.setScryptWorkFactor(2);
  const { opener } = await newPair();
  await refused(opener.open(await encrypter.encrypt("x")), "key", /other keys/);
});
