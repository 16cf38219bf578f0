import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fetchExtents } from "../../src/app/fetch_extents.ts";
import { packReader } from "../../src/app/pack_reader.ts";
import { readContent } from "../../src/app/read_content.ts";
import { HoldfastError } from "../../src/core/error.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { Opener } from "../../src/ports/cipher.ts";
import type { ObjectStore } from "../../src/ports/object_store.ts";
import { joined, newPair } from "../crypto/age_fixture.ts";
import { content, failsWith } from "../stores/store_probes.ts";
import { inWorld, type World } from "./app_world.ts";
import { countedStore, packFiles } from "./packed_world.ts";

/** One content by its hash, as others than a restore want it. */
const MIB = 1024 * 1024;

function readerOf(world: World, opener?: Opener, store: ObjectStore = world.store) {
  return packReader({
    ...{ store, packs: world.log.index.packs, hashing: platformHashing },
    identities: () => Promise.resolve(opener),
    breathe: () => undefined,
  });
}

async function wholeOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return joined(...all);
}

Deno.test("a content is read by its hash, whether it is a member or chunks of several packs", () =>
  inWorld(async (world) => {
    const { sealer, opener } = await newPair();
    const small = content(1000, 1);
    const old = content(3 * MIB, 2);
    const large = joined(old.subarray(0, MIB), content(99, 3), old.subarray(MIB));
    await packFiles(world, [
      [{ path: "small", content: small }, { path: "old", content: old, chunks: [MIB, 2 * MIB] }],
      [{ path: "large", content: large, chunks: [MIB, 99, 2 * MIB] }],
    ], { sealer });
    const reader = readerOf(world, opener);
    for (const bytes of [small, old, large]) {
      const read = await wholeOf(readContent(reader, platformHashing.sha256(bytes)));
      assert.equal(Buffer.compare(read, bytes), 0);
    }
  }));

Deno.test("a reader who stops early leaves nothing behind, and reads no further", () =>
  inWorld(async (world) => {
    const large = content(64 * MIB, 2);
    const chunks = Array.from({ length: 64 }, () => MIB);
    await packFiles(world, [[{ path: "large", content: large, chunks }]]);
    const store = countedStore(world.store);
    const reader = readerOf(world, undefined, store);
    for await (const bytes of readContent(reader, platformHashing.sha256(large))) {
      assert.equal(bytes.length, MIB);
      break;
    }
    assert.equal(store.ranges.length, 3, "what is handed out, and two reads ahead");
  }));

Deno.test("what is nowhere, and what nobody can open, is refused", () =>
  inWorld(async (world) => {
    const { sealer } = await newPair();
    const small = content(1000, 1);
    await packFiles(world, [[{ path: "small", content: small }]], { sealer });
    const nowhere = readContent(readerOf(world), new Uint8Array(32));
    assert.match((await failsWith(wholeOf(nowhere), "entry")).message, /^gone: no pack has/);
    await failsWith(wholeOf(readContent(readerOf(world), platformHashing.sha256(small))), "key");
    const { opener } = await newPair();
    const wrong = readContent(readerOf(world, opener), platformHashing.sha256(small));
    await failsWith(wholeOf(wrong), "key");
  }));

Deno.test("a thousand contents in a frame, and one that thousands want, are read once", () =>
  inWorld(async (world) => {
    const files = Array.from({ length: 5000 }, (_, i) => ({
      path: `${i}`,
      content: content(20, i + 1),
    }));
    const [pack] = await packFiles(world, [files], { frameBytes: MIB });
    const store = countedStore(world.store);
    const reader = readerOf(world, undefined, store);
    const { id } = world.log.index.tables.packByName(pack.pack)!;
    const all = world.log.index.packs.contentsIn(id);
    let given = 0;
    const wanted = [...all, ...Array.from({ length: 3000 }, () => all.at(-1)!)];
    await fetchExtents(reader, wanted, (extent, bytes) => {
      assert.ok(!(bytes instanceof HoldfastError));
      assert.deepEqual(platformHashing.sha256(bytes), extent.sha256);
      given++;
    });
    assert.equal(given, 8000);
    const bytes = store.ranges.reduce((sum, { length }) => sum + length, 0);
    // A member is 1 KiB, so a frame has 1,024: only the one that 3,001 want is read a second time.
    const last = pack.frames.at(-1)![0];
    assert.ok(bytes <= pack.size + 2 * last, `${bytes} of ${pack.size} bytes`);
  }));
