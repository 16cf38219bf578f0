import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { AGE_CHUNK, AGE_TAG, storedOffset } from "../../src/core/pack/pack_layout.ts";
import { newPair } from "../crypto/age_fixture.ts";
import { content, failsWith } from "../stores/store_probes.ts";
import { shell } from "../sources/tree_tools.ts";
import { inWorld, treeOf } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import {
  type CountedRange,
  countedStore,
  type MadePack,
  type PackedSpec,
  packFiles,
  restorePacks,
} from "./packed_world.ts";

import { packOptions, testKeys } from "./pack_world.ts";

/** Files back from packs: whole, one by one, again, and without a key. */
const MIB = 1024 * 1024;
const nothing = { include: undefined, exclude: undefined };

function file(path: string, length: number, seed: number): PackedSpec {
  return { path, content: content(length, seed) };
}

function smallFiles(folder: string, count: number, from = 1): PackedSpec[] {
  return Array.from(
    { length: count },
    (_, i) => file(`${folder}/${(i + from).toString().padStart(3, "0")}`, 10_000, i + from),
  );
}

function assertRestored(to: string, files: readonly PackedSpec[]): void {
  for (const { path, content } of files) {
    const there = Deno.readFileSync(`${to}/${path}`);
    assert.ok(Buffer.compare(there, content) === 0, `${path} has its content`);
  }
}

/** Frames that hold these offsets would be read from here to there. */
function frameAt({ frames, header }: MadePack, index: number) {
  const sum = frames.slice(0, index).reduce((all, [stored]) => all + stored, 0);
  return { at: sum, header, stored: frames[index][0] };
}

function bytesRead(ranges: readonly CountedRange[]): number {
  return ranges.reduce((all, { length }) => all + length, 0);
}

for (const way of ["encrypted", "in the clear"] as const) {
  Deno.test(`packs ${way} come back as they were, in parts and frames, with large files`, () =>
    inWorld(async (world) => {
      const { sealer, opener } = await newPair();
      const keys = way === "encrypted" ? { sealer, opener } : {};
      const large = content(3 * MIB + 5, 99);
      const files: PackedSpec[][] = [
        [
          ...smallFiles("a", 30),
          { path: "empty", content: new Uint8Array(0) },
          {
            path: "a/large",
            content: large,
            chunks: [MIB, 1_500_000, large.length - MIB - 1_500_000],
          },
        ],
        [
          ...smallFiles("b/c", 20, 100),
          { path: "b/same", content: content(10_000, 3) },
          // Its middle chunk is in the first pack.
          {
            path: "b/similar",
            content: new Uint8Array([
              ...large.subarray(0, MIB),
              1,
              2,
              3,
              ...large.subarray(MIB, MIB + 1_500_000),
            ]),
            chunks: [MIB, 3, 1_500_000],
          },
        ],
      ];
      await packFiles(world, files, { ...keys, partFrames: 3 });
      const to = `${world.folder}/restored`;
      const report = await restorePacks(world, to, keys);
      assert.equal(report.exitCode, 0);
      assert.equal(report.entries, files.flat().length + 4);
      assertRestored(to, files.flat());
      const { mode, mtime } = Deno.statSync(`${to}/a/001`);
      assert.equal(mode! & 0o7777, 0o640);
      assert.equal(mtime!.getTime(), 1234567890123);
      const again = await restorePacks(world, to, { ...keys, overwrite: "if-changed" });
      assert.equal(again.present, files.flat().length);
      world.verify();
    }));
}

Deno.test("of a whole state each byte of a pack is read once, neighbours in one request", () =>
  inWorld(async (world) => {
    const { sealer, opener } = await newPair();
    const first = smallFiles("a", 300);
    const second = [...smallFiles("b", 2000, 1000)];
    const packs = await packFiles(world, [first, second], { sealer, frameBytes: MIB });
    const store = countedStore(world.store);
    const to = `${world.folder}/restored`;
    assert.equal((await restorePacks(world, to, { opener, store })).exitCode, 0);
    assertRestored(to, [...first, ...second]);
    const of = (pack: MadePack) => store.ranges.filter(({ key }) => key === pack.key);
    // A header and 3 MB; a header and 20 MB in reads of some MiB.
    assert.deepEqual(packs.map((pack) => of(pack).length), [2, 5]);
    for (const pack of packs) {
      const ranges = of(pack).sort((a, b) => a.offset - b.offset);
      for (const [i, { offset, length }] of ranges.slice(1).entries()) {
        const shared = ranges[i].offset + ranges[i].length - offset;
        assert.ok(shared <= AGE_CHUNK + AGE_TAG, "no more than a chunk of age is read twice");
        assert.ok(offset + length <= pack.size);
      }
    }
    const sizes = packs.reduce((all, { size }) => all + size, 0);
    assert.ok(bytesRead(store.ranges) <= sizes + 4 * (AGE_CHUNK + AGE_TAG));
  }));

Deno.test("one file is the header of its pack and a read of its frame", () =>
  inWorld(async (world) => {
    const { sealer, opener } = await newPair();
    const files = smallFiles("a", 100);
    const [pack] = await packFiles(world, [files], { sealer });
    const store = countedStore(world.store);
    const to = `${world.folder}/restored`;
    const selection = { ...nothing, paths: ["a/050"] };
    const report = await restorePacks(world, to, { opener, store, selection });
    assert.equal(report.exitCode, 0);
    assert.deepEqual(Object.keys(treeOf(to)), ["a/", "a/050"]);
    assertRestored(to, [files[49]]);
    assert.equal(store.ranges.length, 2);
    const [header, read] = store.ranges;
    assert.deepEqual(header, { key: pack.key, offset: 0, length: pack.header });
    // Seven files of 10,240 bytes with their headers are a frame: the fiftieth is in the eighth.
    const frame = frameAt(pack, 7);
    const geometry = { header: frame.header, encryption: "age" as const };
    assert.ok(read.offset <= storedOffset(geometry, frame.at));
    assert.ok(read.length <= frame.stored + 2 * (AGE_CHUNK + AGE_TAG));
  }));

Deno.test("what lies far apart in a pack is two reads, and what is between is not read", () =>
  inWorld(async (world) => {
    const files = smallFiles("a", 300);
    await packFiles(world, [files]);
    const store = countedStore(world.store);
    const to = `${world.folder}/restored`;
    const selection = { ...nothing, paths: ["a/001", "a/005", "a/300"] };
    assert.equal((await restorePacks(world, to, { store, selection })).exitCode, 0);
    assertRestored(to, [files[0], files[4], files[299]]);
    assert.equal(store.ranges.length, 2);
    assert.ok(bytesRead(store.ranges) < 2.1 * 75_000, `${bytesRead(store.ranges)} bytes`);
  }));

Deno.test("a content that many files have is fetched once and written to each", () =>
  inWorld(async (world) => {
    const same = content(50_000, 1);
    const files = Array.from({ length: 40 }, (_, i) => ({ path: `d${i % 4}/${i}`, content: same }));
    const other = file("other", 100_000, 2);
    await packFiles(world, [[files[0], other], files.slice(1)]);
    const store = countedStore(world.store);
    const to = `${world.folder}/restored`;
    assert.equal((await restorePacks(world, to, { store })).exitCode, 0);
    assertRestored(to, [...files, other]);
    assert.equal(store.ranges.length, 1);
  }));

Deno.test("names of one file become links again, and it is fetched once", () =>
  inWorld(async (world) => {
    const link = { id: "77", links: 3 };
    const same = content(10_000, 1);
    const names = ["one", "sub/two", "three"].map((path) => ({ path, content: same, link }));
    await packFiles(world, [[...names, { path: "alone", content: same }]]);
    const store = countedStore(world.store);
    const to = `${world.folder}/restored`;
    const report = await restorePacks(world, to, { store });
    assert.equal(report.exitCode, 0);
    const inode = (name: string) => Deno.statSync(`${to}/${name}`).ino;
    assert.equal(inode("one"), inode("sub/two"));
    assert.equal(inode("one"), inode("three"));
    assert.notEqual(inode("one"), inode("alone"));
    assert.equal(store.ranges.length, 1);
    world.verify();
  }));

Deno.test("links whose first name cannot be written are made from the next one", () =>
  inWorld(async (world) => {
    const link = { id: "77", links: 3 };
    const same = content(10_000, 1);
    await packFiles(world, [["a", "b", "c"].map((path) => ({ path, content: same, link }))]);
    const to = `${world.folder}/restored`;
    Deno.mkdirSync(`${to}/a/mine`, { recursive: true });
    const report = await restorePacks(world, to);
    assert.equal(report.exitCode, 3);
    assert.equal(report.failed, 1);
    assertRestored(to, ["b", "c"].map((path) => ({ path, content: same })));
    assert.equal(Deno.statSync(`${to}/b`).ino, Deno.statSync(`${to}/c`).ino);
  }));

Deno.test("holes are holes again, in small files and in chunks", () =>
  inWorld(async (world) => {
    const sparse = new Uint8Array(4 * MIB);
    sparse.set(content(4096, 1), 2 * MIB);
    const chunked = { path: "chunked", content: sparse, chunks: [MIB, MIB, MIB, MIB] };
    const small = { path: "small", content: sparse.slice(0, 3 * MIB) };
    await packFiles(world, [[{ ...chunked, sparse: true }, { ...small, sparse: true }]]);
    const store = countedStore(world.store);
    const to = `${world.folder}/restored`;
    assert.equal((await restorePacks(world, to, { store })).exitCode, 0);
    assertRestored(to, [chunked, small]);
    for (const name of ["chunked", "small"]) {
      assert.equal(Deno.statSync(`${to}/${name}`).blocks, 8, "4 KiB of 512-byte blocks");
    }
    // The chunk of zeros is fetched for the first two together, and again behind the other one.
    assert.equal(store.ranges.length, 3);
  }));

Deno.test("the chunks of a large file that lie together are one read", () =>
  inWorld(async (world) => {
    const { sealer, opener } = await newPair();
    const large = content(20 * MIB, 5);
    const chunks = Array.from({ length: 10 }, () => 2 * MIB);
    const file = { path: "large", content: large, chunks };
    const [pack] = await packFiles(world, [[file, { path: "last", content: large.slice(0, 9) }]], {
      sealer,
      frameBytes: MIB,
    });
    const store = countedStore(world.store);
    const to = `${world.folder}/restored`;
    const selection = { ...nothing, paths: ["large"] };
    assert.equal((await restorePacks(world, to, { opener, store, selection })).exitCode, 0);
    assertRestored(to, [file]);
    // The header, and reads of at most 8 MiB of chunks.
    assert.equal(store.ranges.length, 1 + 3);
    assert.ok(bytesRead(store.ranges) < pack.size + 4 * (AGE_CHUNK + AGE_TAG));
  }));

Deno.test("a restore that was cut off fetches only what is missing", () =>
  inWorld(async (world) => {
    const packs = Array.from({ length: 12 }, (_, i) => smallFiles(`p${i}`, 6, 10 * i));
    await packFiles(world, packs);
    let gets = 0;
    world.store.before = (operation, key) => {
      if (operation !== "get" || !key.startsWith("packs/")) return;
      if (++gets > 9) throw failure("unreachable", "Timeout", key);
    };
    const to = `${world.folder}/restored`;
    await failsWith(restorePacks(world, to), "unreachable");
    const written = Object.values(treeOf(to)).filter((content) => content !== "/").length;
    assert.ok(written >= 6 && written < 72, `${written} files before it was cut off`);
    world.store.before = () => {};
    const store = countedStore(world.store);
    const report = await restorePacks(world, to, { store });
    assert.equal(report.exitCode, 0);
    assert.equal(report.present, written);
    assert.equal(store.ranges.length, 12 - written / 6);
    assertRestored(to, packs.flat());
    world.verify();
  }));

Deno.test("a signal ends a restore between two frames, and what was written is kept", () =>
  inWorld(async (world) => {
    const packs = Array.from({ length: 12 }, (_, i) => smallFiles(`p${i}`, 6, 10 * i));
    await packFiles(world, packs);
    const controller = new AbortController();
    let gets = 0;
    world.store.before = (_, key) => {
      if (key.startsWith("packs/") && ++gets === 10) controller.abort(new Error("stop"));
    };
    const to = `${world.folder}/restored`;
    const restoring = restorePacks(world, to, { signal: controller.signal });
    await assert.rejects(restoring, /stop/);
    const names = Object.keys(treeOf(to)).filter((name) => !name.endsWith("/"));
    assert.ok(names.length < 72);
    assert.ok(names.every((name) => /^p\d+\/\d+$/.test(name)), "nothing unfinished is left");
  }));

Deno.test("without an identity, or with a wrong one, nothing at all is written", () =>
  inWorld(async (world) => {
    const { sealer } = await newPair();
    const { opener } = await newPair();
    await packFiles(world, [smallFiles("a", 3), smallFiles("b", 3, 10)], { sealer });
    const position = world.log.head().position;
    const to = `${world.folder}/restored`;
    const missing = await failsWith(restorePacks(world, to), "key");
    assert.match(missing.hint!, /--identity or HOLDFAST_IDENTITY_FILE/);
    const wrong = await failsWith(restorePacks(world, to, { opener }), "key");
    assert.match(
      wrong.message,
      /^the pack packs\/00\/0+\w+\.tar\.zst\.age is sealed for other keys/,
    );
    assert.throws(() => Deno.statSync(to), Deno.errors.NotFound);
    assert.equal(world.log.head().position, position);
  }));

Deno.test("no identity is asked for where nothing that is encrypted is needed", () =>
  inWorld(async (world) => {
    const { sealer } = await newPair();
    const open = smallFiles("open", 3);
    await packFiles(world, [open]);
    await packFiles(world, [smallFiles("locked", 3, 10)], { sealer, source: "second" });
    const to = `${world.folder}/restored`;
    const selection = { ...nothing, paths: ["open"] };
    assert.equal((await restorePacks(world, to, { selection })).exitCode, 0);
    assertRestored(to, open);
    await failsWith(restorePacks(world, `${to}-all`), "key");
  }));

Deno.test("content of a pack that is not complete, or that no pack has, is listed", () =>
  inWorld(async (world) => {
    const files = smallFiles("a", 3);
    const others = smallFiles("b", 3, 10);
    const before = world.log.head().position;
    await packFiles(world, [files, others]);
    const [{ data }] = world.events("PackStored");
    const observed = world.events("EntriesObserved")[0].position;
    const to = `${world.folder}/restored`;
    const early = await restorePacks(world, `${to}-early`, { position: observed });
    assert.equal(early.exitCode, 3);
    assert.equal(early.failed, 6);
    assert.ok(before < observed);
    const { packs, tables } = world.log.index;
    const row = tables.packByName(data.pack)!;
    world.log.append("f".repeat(32), [], { within: () => tables.putPack({ ...row, stored: 0 }) });
    assert.equal((await restorePacks(world, to)).exitCode, 3);
    world.log.append("f".repeat(32), [], { within: () => tables.removePack(row.id) });
    assert.equal(packs.pack(row.id), undefined);
    const gone = await restorePacks(world, to);
    assert.equal(gone.exitCode, 3);
    assert.equal(gone.present, 3);
    assertRestored(to, others);
    const reasons = world.events("EntriesRestored").flatMap(({ data }) => data.failed)
      .map(({ path, reason }) => `${path}: ${reason}`);
    assert.deepEqual([reasons[0], reasons[6], reasons[9]], [
      "a/001: its content was not stored yet at that position",
      "a/001: the pack that its content is in was not completed",
      "a/001: gone: no pack has its content any more",
    ]);
  }));

Deno.test("what a backup put into packs comes back as it was, then and after changes", () =>
  inWorld(async (world) => {
    const keys = await testKeys();
    const { opener } = keys;
    const { source } = world;
    const packs = await packOptions(world, keys, { packSize: MIB, chunkThreshold: 4 * MIB });
    for (let i = 0; i < 60; i++) world.write(`many/${i % 7}/${i}`, `${i} `.repeat(5000 + i));
    Deno.writeFileSync(`${source}/large`, content(9 * MIB, 7));
    shell(
      source,
      "ln -s many/1 link; mkfifo pipe; ln large other; touch empty; mkdir -p a/b; " +
        "touch -d '2001-02-03 04:05:06.789' many/1/1 a/b; chmod 600 many/2/2",
    );
    await world.backup({ packs });
    const position = world.log.head().position;
    const before = listing(source);
    const to = `${world.folder}/restored`;
    const report = await restorePacks(world, `${to}-1`, { opener });
    assert.equal(report.exitCode, 0);
    assert.equal(listing(`${to}-1`), before);
    shell(source, "rm -r many/3; mv many/4 moved; echo new > many/1/1; rm other");
    const large = Deno.readFileSync(`${source}/large`);
    Deno.writeFileSync(`${source}/large`, new Uint8Array([1, 2, 3, ...large]));
    await world.backup({ packs });
    assert.equal((await restorePacks(world, `${to}-2`, { opener })).exitCode, 0);
    assert.equal(listing(`${to}-2`), listing(source));
    assert.equal((await restorePacks(world, `${to}-3`, { opener, position })).exitCode, 0);
    assert.equal(listing(`${to}-3`), before);
    world.verify();
  }));

/** Every entry with its metadata and the hash of its content. */
function listing(folder: string): string {
  return shell(
    folder,
    "find . -printf '%P %y %m %U:%G %T@ %n %l\\n' | sort; find . -type f | sort | xargs -d '\\n' sha256sum",
  );
}
