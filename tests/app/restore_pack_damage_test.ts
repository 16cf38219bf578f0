import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { AGE_CHUNK, AGE_TAG } from "../../src/core/pack/pack_layout.ts";
import { packFrames } from "../../src/core/index/pack_rows.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { newPair, type Pair } from "../crypto/age_fixture.ts";
import { content, failsWith } from "../stores/store_probes.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { type MadePack, type PackedSpec, packFiles, restorePacks } from "./packed_world.ts";

/** Packs that are not what was stored: found, named with the entries they hit, the rest restored. */
const MIB = 1024 * 1024;

/** Seven of these are a frame. */
function tenKilobytes(folder: string, count: number, seed: number): PackedSpec[] {
  return Array.from({ length: count }, (_, i) => ({
    path: `${folder}/${(i + 1).toString().padStart(2, "0")}`,
    content: content(10_000, seed + i),
  }));
}

interface Case {
  readonly world: World;
  readonly keys: Pair;
  readonly packs: readonly MadePack[];
  readonly first: readonly PackedSpec[];
  readonly second: readonly PackedSpec[];
  body(pack: number): Uint8Array;
}

async function inCase(
  run: (given: Case) => Promise<void>,
  options: { readonly clear?: true; readonly versions?: boolean } = {},
): Promise<void> {
  await inWorld(async (world) => {
    const keys = await newPair();
    const first = tenKilobytes("first", 70, 1);
    const second = tenKilobytes("second", 14, 1000);
    const sealing = options.clear ? {} : { sealer: keys.sealer };
    const packs = await packFiles(world, [first, second], sealing);
    const body = (pack: number) => world.store.current(packs[pack].key)!.body;
    await run({ world, keys, packs, first, second, body });
    world.verify();
  }, { versions: options.versions ?? true });
}

/** Restores all, and asserts that exactly these files are not there, for a reason that names the pack. */
async function loses(
  { world, keys, first, second }: Case,
  lost: readonly string[],
  reason: RegExp,
): Promise<void> {
  const to = `${world.folder}/restored`;
  const from = world.log.head().position;
  const report = await restorePacks(world, to, { opener: keys.opener });
  const failed = world.events("EntriesRestored", from).flatMap(({ data }) => data.failed);
  assert.deepEqual(failed.map(({ path }) => path).sort(), [...lost].sort());
  for (const { reason: said } of failed) assert.match(said, reason);
  assert.equal(report.failed, lost.length);
  assert.equal(report.exitCode, 5);
  const kept = [...first, ...second].filter(({ path }) => !lost.includes(path));
  const there = Object.keys(treeOf(to)).filter((path) => !path.endsWith("/"));
  assert.deepEqual(there.sort(), kept.map(({ path }) => path).sort());
  for (const { path, content } of kept) {
    assert.ok(Buffer.compare(Deno.readFileSync(`${to}/${path}`), content) === 0, path);
  }
}

/** The files in the frames that lie in these bytes of the zstd stream. */
function filesAt({ frames }: MadePack, from: number, to: number): string[] {
  const files: string[] = [];
  let at = 0;
  for (const [i, [stored]] of frames.entries()) {
    const isHit = at < to && at + stored > from && i < 10;
    const numbers = Array.from({ length: isHit ? 7 : 0 }, (_, n) => 7 * i + n + 1);
    files.push(...numbers.map((n) => `first/${n.toString().padStart(2, "0")}`));
    at += stored;
  }
  return files;
}

Deno.test("a changed bit costs the frames that its chunk is in, and no other", () =>
  inCase(async (given) => {
    const [pack] = given.packs;
    given.body(0)[pack.header + 3 * (AGE_CHUNK + AGE_TAG) + 777] ^= 1;
    const lost = filesAt(pack, 3 * AGE_CHUNK, 4 * AGE_CHUNK);
    assert.equal(lost.length, 14);
    const reason = new RegExp(`^the pack ${pack.key} is damaged: chunk 3 of the age file is not`);
    await loses(given, lost, reason);
  }));

Deno.test("a changed bit in the head of a frame that is not encrypted costs the frame", () =>
  inCase(async (given) => {
    const [pack] = given.packs;
    given.body(0)[pack.frames[0][0] + 1] ^= 1;
    const lost = filesAt(pack, pack.frames[0][0], pack.frames[0][0] + 1);
    assert.equal(lost.length, 7);
    await loses(given, lost, new RegExp(`^the pack ${pack.key} is damaged: `));
  }, { clear: true }));

Deno.test("a content that decodes well and is another one is damage by its hash", () =>
  inCase(async (given) => {
    const [pack] = given.packs;
    const [stored, plain] = pack.frames[0];
    const tar = platformHashing.unframe(given.body(0).subarray(0, stored), plain);
    tar[512 + 17] ^= 1;
    const frame = platformHashing.frame(tar);
    assert.equal(frame.length, stored, "nothing in it can be compressed");
    given.body(0).set(frame);
    const lost = ["first/01"];
    await loses(given, lost, new RegExp(`^the pack ${pack.key} .*another SHA-256$`));
  }, { clear: true }));

for (const clear of [false, true]) {
  Deno.test(`a ${clear ? "clear" : "sealed"} pack that was cut off gives what is before the cut`, () =>
    inCase(async (given) => {
      const [pack] = given.packs;
      const { body, head } = given.world.store.current(pack.key)!;
      const chunk = clear ? AGE_CHUNK : AGE_CHUNK + AGE_TAG;
      const cut = body.subarray(0, pack.header + 4 * chunk);
      given.world.store.objects.set(pack.key, [{ body: cut, head }]);
      const lost = filesAt(pack, 4 * AGE_CHUNK, Infinity);
      assert.ok(lost.length >= 35 && lost.length < 70);
      const reason = new RegExp(
        `^the pack ${pack.key} is damaged: it is shorter than the \\d+ bytes`,
      );
      await loses(given, lost, reason);
    }, clear ? { clear } : {}));
}

Deno.test("a pack that ends before its header costs all that is in it", () =>
  inCase(async (given) => {
    const [pack] = given.packs;
    const { body, head } = given.world.store.current(pack.key)!;
    given.world.store.objects.set(pack.key, [{ body: body.subarray(0, 60), head }]);
    await loses(given, filesAt(pack, 0, Infinity), new RegExp(`^the pack ${pack.key} is damaged`));
  }));

Deno.test("a store that says that the range is beyond the end has a pack that was cut off", () =>
  inCase(async (given) => {
    const { world, packs: [pack] } = given;
    world.store.before = (operation, key) => {
      if (operation === "get" && key === pack.key) throw failure("refused", "InvalidRange", key);
    };
    await loses(given, filesAt(pack, 0, Infinity), /damaged: it is shorter than the \d+ bytes/);
  }));

Deno.test("a changed header costs all that is in its pack", () =>
  inCase(async (given) => {
    const [pack] = given.packs;
    given.body(0)[40] ^= 1;
    await loses(given, filesAt(pack, 0, Infinity), new RegExp(`^the pack ${pack.key} is damaged`));
  }));

Deno.test("packs that were swapped are found by what is in them", () =>
  inCase(async (given) => {
    const { world, packs: [one, two] } = given;
    const [first, second] = [one, two].map(({ key }) => world.store.current(key)!);
    world.store.objects.set(one.key, [{ body: second.body, head: first.head }]);
    world.store.objects.set(two.key, [{ body: first.body, head: second.head }]);
    const all = [...given.first, ...given.second].map(({ path }) => path);
    await loses(given, all, /^the pack packs\/\S+ is damaged: /);
  }));

Deno.test("where no versions are kept, another object under a pack's key is damage", () =>
  inCase(async (given) => {
    const { world, packs: [one, two] } = given;
    await world.store.put(one.key, world.store.current(two.key)!.body, {});
    const reason = new RegExp(`^the pack ${one.key} is damaged: another object is in its place`);
    await loses(given, filesAt(one, 0, Infinity), reason);
  }, { versions: false }));

Deno.test("a pack that somebody else sealed is damage, for the identity opens others", () =>
  inCase(async (given) => {
    const { world, packs: [pack], keys } = given;
    const other = await newPair();
    await inWorld(async (stranger) => {
      const [made] = await packFiles(stranger, [given.first], { sealer: other.sealer });
      const { body } = stranger.store.current(made.key)!;
      const { head } = world.store.current(pack.key)!;
      world.store.objects.set(pack.key, [{ body, head }]);
    });
    const reason = new RegExp(`^the pack ${pack.key} is damaged: it is sealed for other keys`);
    await loses(given, filesAt(pack, 0, Infinity), reason);
    const selection = { paths: ["first"], include: undefined, exclude: undefined };
    const to = `${world.folder}/alone`;
    const alone = await restorePacks(world, to, { opener: keys.opener, selection });
    assert.equal(alone.exitCode, 5, "also where no other pack is needed");
    await failsWith(
      restorePacks(world, `${to}-wrong`, { opener: (await newPair()).opener }),
      "key",
    );
  }));

Deno.test("a pack that the store has no more is listed, and the rest is restored", () =>
  inCase(async (given) => {
    const { world, packs: [pack], keys, second } = given;
    world.store.objects.delete(pack.key);
    const to = `${world.folder}/restored`;
    const report = await restorePacks(world, to, { opener: keys.opener });
    assert.equal(report.exitCode, 3);
    assert.equal(report.failed, 70);
    const [{ reason }] = world.events("EntriesRestored")[0].data.failed;
    assert.equal(reason, `gone: ${pack.key} is no longer in the store`);
    for (const { path } of second) Deno.statSync(`${to}/${path}`);
  }));

Deno.test("where the index has the frames of a pack wrong, what fits is restored", () =>
  inCase(async (given) => {
    const { world, packs: [pack] } = given;
    const { packs, tables } = world.log.index;
    const { id } = tables.packByName(pack.pack)!;
    const [part] = packs.parts(id);
    const frames = packFrames(pack.frames.slice(0, 6));
    world.log.append("f".repeat(32), [], { within: () => tables.putPart({ ...part, frames }) });
    const lost = filesAt(pack, 0, Infinity).slice(42);
    await loses(given, lost, new RegExp(`^the pack ${pack.key} .*not within one frame$`));
    world.log.append("f".repeat(32), [], { within: () => tables.putPart(part) });
  }));

Deno.test("a bad chunk costs the large file, whose name nothing has then", () =>
  inWorld(async (world) => {
    const { sealer, opener } = await newPair();
    const large = { path: "large", content: content(4 * MIB, 1), chunks: [MIB, MIB, MIB, MIB] };
    const others = tenKilobytes("other", 7, 50);
    const [pack] = await packFiles(world, [[...others, large]], { sealer });
    const at = Math.floor(2.5 * MIB / AGE_CHUNK);
    world.store.current(pack.key)!.body[pack.header + at * (AGE_CHUNK + AGE_TAG)] ^= 1;
    const to = `${world.folder}/restored`;
    const report = await restorePacks(world, to, { opener });
    assert.equal(report.exitCode, 5);
    const [{ data }] = world.events("EntriesRestored");
    assert.deepEqual(data.failed.map(({ path }) => path), ["large"]);
    assert.match(
      data.failed[0].reason,
      new RegExp(`^the pack ${pack.key} is damaged: chunk ${at} `),
    );
    const names = [...Deno.readDirSync(to)].map(({ name }) => name);
    assert.deepEqual(names, ["other"], "and nothing unfinished is left");
  }));

Deno.test("a large file whose list names the wrong chunks, or none, is damage", () =>
  inWorld(async (world) => {
    const large = { path: "large", content: content(2 * MIB, 1), chunks: [MIB, MIB] };
    await packFiles(world, [[large]]);
    const { packs, tables } = world.log.index;
    const sha256 = platformHashing.sha256(large.content);
    const [one, two] = packs.chunks(sha256);
    const to = `${world.folder}/restored`;
    for (const chunks of [[two, one], [one], []]) {
      const bytes = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
      world.log.append("f".repeat(32), [], { within: () => tables.putChunks(sha256, 0, bytes) });
      const from = world.log.head().position;
      assert.equal((await restorePacks(world, to)).exitCode, 5);
      const [{ data }] = world.events("EntriesRestored", from);
      assert.match(
        data.failed[0].reason,
        /the chunks that it is listed to have are not its content/,
      );
    }
    assert.deepEqual(treeOf(to), {});
  }));
