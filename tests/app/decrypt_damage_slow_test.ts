import assert from "node:assert/strict";
import { hex } from "../../src/core/hash.ts";
import type { TarMember } from "../../src/core/pack/tar_member.ts";
import { END_FRAME } from "../../src/core/pack/pack_end.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { newPair, type Pair } from "../crypto/age_fixture.ts";
import { concat, fileMember, tarOf } from "../core/tar_fixture.ts";
import { content } from "../stores/store_probes.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { decrypt, type Decrypted, fetchPacks, listed } from "./decrypt_world.ts";
import { packFiles } from "./packed_world.ts";
import { packOptions } from "./pack_world.ts";

const MIB = 2 ** 20;
/** Two backups of so many files each, about 3 MiB in as many frames. */
const FILES = 100;
const FILE_BYTES = 30_000;

function pathOf(run: number, file: number): string {
  return `run${run}/f${String(file).padStart(3, "0")}`;
}

/** Two packs with their indexes; returns the packs' files below the folder, oldest first. */
async function twoPacks(world: World, pair: Pair | undefined) {
  const keys = pair === undefined ? undefined : { ...pair };
  const packs = await packOptions(world, keys);
  for (const run of [0, 1]) {
    Deno.mkdirSync(`${world.source}/run${run}`);
    for (let i = 0; i < FILES; i++) {
      const bytes = content(FILE_BYTES, 1 + run * FILES + i);
      Deno.writeFileSync(`${world.source}/${pathOf(run, i)}`, bytes);
    }
    assert.equal((await world.backup({ packs })).exitCode, 0);
  }
  const from = fetchPacks(world, { indexes: true });
  return { from, keys: world.events("PackStored").map(({ data }) => data.key) };
}

/** Files whose content is wrong, and those that are not there. */
function comparison(world: World, to: string): { wrong: string[]; missing: string[] } {
  const [wrong, missing]: string[][] = [[], []];
  for (const run of [0, 1]) {
    for (let i = 0; i < FILES; i++) {
      const path = pathOf(run, i);
      try {
        const bytes = Deno.readFileSync(`${to}/${path}`);
        const expected = Deno.readFileSync(`${world.source}/${path}`);
        if (!bytes.every((byte, at) => byte === expected[at]) || bytes.length !== expected.length) {
          wrong.push(path);
        }
      } catch {
        missing.push(path);
      }
    }
  }
  return { wrong, missing };
}

interface Damage {
  readonly from: string;
  readonly keys: readonly string[];
  readonly opener: Pair["opener"] | undefined;
}

/** Decrypts with a file changed, and brings the file back. */
async function withChanged(
  world: World,
  { from, opener }: Damage,
  file: string,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
): Promise<Decrypted & { to: string; wrong: string[]; missing: string[] }> {
  const path = `${from}/${file}`;
  const whole = Deno.readFileSync(path);
  Deno.writeFileSync(path, change(whole.slice()));
  const to = Deno.makeTempDirSync({ dir: world.folder });
  const report = await decrypt(world, from, to, { opener });
  Deno.writeFileSync(path, whole);
  const compared = comparison(world, to);
  Deno.removeSync(to, { recursive: true });
  return { ...report, ...compared, to };
}

function flipped(at: number) {
  return (bytes: Uint8Array<ArrayBuffer>) => {
    bytes[at < 0 ? bytes.length + at : at] ^= 0x10;
    return bytes;
  };
}

for (const encrypted of [true, false]) {
  const how = encrypted ? "encrypted" : "not encrypted";
  Deno.test(`wherever a byte of a pack is flipped that is ${how}, the rest comes back`, () =>
    inWorld(async (world) => {
      const pair = encrypted ? await newPair() : undefined;
      const packs = { ...await twoPacks(world, pair), opener: pair?.opener };
      const [, key] = packs.keys;
      const { size } = Deno.statSync(`${packs.from}/${key}`);
      for (let at = encrypted ? 500 : 0; at < size; at += 433_331) {
        const report = await withChanged(world, packs, key, flipped(at));
        assert.equal(report.exitCode, 5, `byte ${at}`);
        assert.deepEqual(report.wrong, [], `byte ${at}`);
        // A frame has 35 of these files; a chunk of age may lie in two frames.
        assert.ok(report.missing.length <= 72, `byte ${at}: ${report.missing.length} lost`);
        const named = report.failures.filter((failure) => failure.startsWith("run1/"));
        assert.equal(named.length, report.missing.length, `byte ${at}`);
        for (const path of report.missing) {
          const failure = named.find((line) => line.startsWith(`${path}: ${key} is damaged: `));
          assert.ok(failure !== undefined, `byte ${at}: ${path} in\n${report.failures.join("\n")}`);
        }
      }
    }));

  Deno.test(`wherever a pack is cut off that is ${how}, what is before comes back`, () =>
    inWorld(async (world) => {
      const pair = encrypted ? await newPair() : undefined;
      const packs = { ...await twoPacks(world, pair), opener: pair?.opener };
      const [key] = packs.keys;
      const { size } = Deno.statSync(`${packs.from}/${key}`);
      let last = FILES + 1;
      for (const left of [0, 300, 1_500_000, 2 * MIB, size - 35, size - 20, size - 1]) {
        const report = await withChanged(world, packs, key, (bytes) => bytes.slice(0, left));
        assert.equal(report.exitCode, 5, `${left} bytes`);
        assert.deepEqual(report.wrong, []);
        assert.ok(report.missing.length <= last, `${left} bytes: ${report.missing.length} lost`);
        last = report.missing.length;
        assert.ok(report.missing.every((path) => path.startsWith("run0/")));
        const named = report.failures.filter((failure) => failure.startsWith("run0/"));
        assert.equal(named.length, last, report.failures.join("\n"));
      }
      assert.equal(last, 0);
    }));

  Deno.test(`damage of a pack that is ${how} is found without its index, and named by the pack`, () =>
    inWorld(async (world) => {
      const pair = encrypted ? await newPair() : undefined;
      const files = Array.from({ length: FILES }, (_, i) => ({
        path: pathOf(0, i),
        content: content(FILE_BYTES, 1 + i),
      }));
      for (const { path, content } of files) world.write(path, hex(content));
      for (const { path, content } of files) Deno.writeFileSync(`${world.source}/${path}`, content);
      const second = files.map((file, i) => ({
        path: pathOf(1, i),
        content: file.content.slice(1),
      }));
      Deno.mkdirSync(`${world.source}/run1`);
      for (const { path, content } of second) {
        Deno.writeFileSync(`${world.source}/${path}`, content);
      }
      const options = { sealer: pair?.sealer, frameBytes: 200_000, partFrames: 4 };
      const made = await packFiles(world, [files, second], options);
      const from = fetchPacks(world, { indexes: false });
      const packs = { from, keys: made.map(({ key }) => key), opener: pair?.opener };
      const [{ key, size }] = made;
      for (let at = encrypted ? 500 : 5; at < size; at += 444_443) {
        const report = await withChanged(world, packs, key, flipped(at));
        assert.ok(report.missing.length <= 14, `byte ${at}: ${report.missing.length} lost`);
        if (encrypted) {
          assert.equal(report.exitCode, 5, `byte ${at}`);
          assert.deepEqual(report.wrong, [], `byte ${at}`);
          assert.ok(report.failures.some((failure) => failure.startsWith(`${key}: `)));
        } else {
          // Nothing tells that a byte of a content is another one.
          assert.ok(report.wrong.length <= 1, report.wrong.join(" "));
          assert.ok(report.wrong.length === 1 || report.exitCode === 5, `byte ${at}`);
        }
      }
      const cut = await withChanged(world, packs, key, (bytes) => bytes.slice(0, MIB));
      assert.deepEqual([cut.exitCode, cut.wrong], [5, []]);
      assert.ok(cut.missing.length < 80, `${cut.missing.length} lost`);
    }));
}

Deno.test("a byte flipped in a large file's chunk costs that file, and the others come back", () =>
  inWorld(async (world) => {
    const pair = await newPair();
    const large = content(5 * MIB, 1);
    await packFiles(world, [[
      { path: "a", content: content(1000, 2) },
      { path: "large", content: large, chunks: [MIB, 2 * MIB, 2 * MIB] },
      { path: "z", content: content(1000, 3) },
    ]], { sealer: pair.sealer, frameBytes: MIB });
    const from = fetchPacks(world, { indexes: false });
    const [{ data: { key } }] = world.events("PackStored");
    const bytes = Deno.readFileSync(`${from}/${key}`);
    Deno.writeFileSync(`${from}/${key}`, flipped(2_500_000)(bytes));
    const to = `${world.folder}/to`;
    const report = await decrypt(world, from, to, { opener: pair.opener });
    assert.equal(report.exitCode, 5);
    assert.deepEqual([...Deno.readDirSync(to)].map(({ name }) => name).sort(), ["a", "z"]);
    assert.ok(report.failures.some((failure) => /^large: a chunk of it is in none/.test(failure)));
  }));

Deno.test("where the newest version is damaged, the one before it is taken, and that is said", () =>
  inWorld(async (world) => {
    const packs = await packOptions(world, undefined);
    world.write("a", "first");
    await world.backup({ packs });
    world.write("a", "second");
    await world.backup({ packs });
    const [, { data: { key } }] = world.events("PackStored");
    const from = fetchPacks(world, { indexes: true });
    Deno.writeFileSync(`${from}/${key}`, flipped(40)(Deno.readFileSync(`${from}/${key}`)));
    const to = `${world.folder}/to`;
    const report = await decrypt(world, from, to);
    assert.equal(report.exitCode, 5);
    assert.deepEqual(treeOf(to), { a: "first" });
    assert.ok(
      report.failures.some((failure) =>
        failure.startsWith(`a: ${key} is damaged: `) &&
        failure.endsWith("; the version before it is taken")
      ),
      report.failures.join("\n"),
    );
  }));

Deno.test("a damaged copy of a pack loses nothing where a whole one is there", () =>
  inWorld(async (world) => {
    const pair = await newPair();
    const { from, keys: [key] } = await twoPacks(world, pair);
    const copy = `${from}/again/${key.split("/").at(-1)}`;
    Deno.mkdirSync(`${from}/again`);
    Deno.writeFileSync(copy, flipped(1_000_000)(Deno.readFileSync(`${from}/${key}`)));
    const to = `${world.folder}/to`;
    const report = await decrypt(world, from, to, { opener: pair.opener });
    assert.deepEqual([report.exitCode, report.failed, report.damaged], [5, 0, 1]);
    assert.deepEqual(comparison(world, to), { wrong: [], missing: [] });
  }));

Deno.test("packs under each other's names are found out by their indexes, and come back", () =>
  inWorld(async (world) => {
    const pair = await newPair();
    const { from, keys: [a, b] } = await twoPacks(world, pair);
    Deno.renameSync(`${from}/${a}`, `${from}/x`);
    Deno.renameSync(`${from}/${b}`, `${from}/${a}`);
    Deno.renameSync(`${from}/x`, `${from}/${b}`);
    const to = `${world.folder}/to`;
    const report = await decrypt(world, from, to, { opener: pair.opener });
    assert.deepEqual([report.exitCode, report.damaged], [5, 2]);
    assert.equal(
      report.failures.filter((line) => line.includes("it is not the index of")).length,
      2,
    );
    assert.deepEqual(comparison(world, to), { wrong: [], missing: [] });
  }));

Deno.test("a pack that is sealed for others, one that is none and one that is empty are named", () =>
  inWorld(async (world) => {
    const [pair, other] = [await newPair(), await newPair()];
    const { from } = await twoPacks(world, pair);
    const names = ["e", "f", "9"].map((digit) => `${digit.repeat(32)}.tar.zst.age`);
    Deno.writeFileSync(`${from}/${names[0]}`, await other.sealer.seal(content(100_000, 1)));
    Deno.writeFileSync(`${from}/${names[1]}`, content(100_000, 1));
    Deno.writeFileSync(`${from}/${names[2]}`, new Uint8Array(0));
    const to = `${world.folder}/to`;
    const report = await decrypt(world, from, to, { opener: pair.opener });
    assert.deepEqual([report.exitCode, report.damaged], [5, 3]);
    assert.deepEqual(
      report.failures.sort(),
      [
        `${names[2]}: the age file is cut off within its header`,
        `${names[0]}: it is sealed for other keys than the given, which open others`,
        `${names[1]}: it is no age file: it does not begin like one`,
      ].sort(),
    );
    assert.deepEqual(comparison(world, to), { wrong: [], missing: [] });
  }));

Deno.test("bytes behind a pack's end are told, and cost nothing", () =>
  inWorld(async (world) => {
    const packs = { ...await twoPacks(world, undefined), opener: undefined };
    const more = (bytes: Uint8Array) => concat([bytes, content(70_000, 1)]);
    const report = await withChanged(world, packs, packs.keys[0], more);
    assert.deepEqual([report.exitCode, report.wrong, report.missing], [5, [], []]);
    assert.deepEqual(report.failures, [`${packs.keys[0]}: there are 70000 bytes behind its end`]);
  }));

for (const encrypted of [true, false]) {
  const how = encrypted ? "encrypted" : "not encrypted";
  Deno.test(`a damaged index that is ${how} is told, and what it does not deny comes back`, () =>
    inWorld(async (world) => {
      const pair = encrypted ? await newPair() : undefined;
      const packs = { ...await twoPacks(world, pair), opener: pair?.opener };
      const [index] = [...world.store.objects.keys()]
        .filter((key) => key.startsWith(".holdfast/index/"));
      const { size } = Deno.statSync(`${packs.from}/${index}`);
      for (const at of [10, Math.floor(size / 2), size - 3]) {
        const report = await withChanged(world, packs, index, flipped(at));
        assert.deepEqual([report.exitCode, report.wrong], [5, []], `byte ${at}`);
        const isTold = report.failures.some((line) => line.startsWith(`${index}: `));
        // Where the byte is in a hash, it is that content which seems to be another one.
        const denied = report.failures.filter((line) => line.includes(" another SHA-256 "));
        assert.equal(report.missing.length, denied.length, `byte ${at}`);
        assert.ok(isTold || (!encrypted && denied.length === 1), `byte ${at}`);
      }
    }));
}

/** A pack, not encrypted, made of these TARs without their ends, each a frame. */
function packOf(...tars: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const frames = tars.map((tar) => platformHashing.frame(tar.subarray(0, tar.length - 1024)));
  return concat([...frames, END_FRAME]);
}

const NAME = `${"a".repeat(32)}.tar.zst`;

Deno.test("members whose paths lead out of the target are damage, and nothing is written there", () =>
  inWorld(async (world) => {
    const from = `${world.folder}/in`;
    Deno.mkdirSync(from);
    const bytes = new TextEncoder().encode("x");
    const paths = ["../out", "/out", "a/../../out", "a//b", "a/./b", "good"];
    const tars = paths.map((path) =>
      tarOf([{ member: fileMember(path, { size: 1 }), content: bytes }])
    );
    Deno.writeFileSync(`${from}/${NAME}`, packOf(...tars));
    const to = `${world.folder}/to`;
    const report = await decrypt(world, from, to);
    assert.deepEqual([report.exitCode, report.failed, report.entries], [5, 5, 1]);
    assert.deepEqual(treeOf(to), { good: "x" });
    assert.deepEqual([...Deno.readDirSync(world.folder)].map(({ name }) => name).sort(), [
      ...["in", "source", "to"],
    ]);
    const dry = await listed(world, from);
    assert.deepEqual([dry.exitCode, dry.paths], [5, ["0 good"]]);
  }));

Deno.test("a symlink in the packs leads nothing out of the target", () =>
  inWorld(async (world) => {
    const from = `${world.folder}/in`;
    Deno.mkdirSync(from);
    Deno.mkdirSync(`${world.folder}/outside`);
    const target = new TextEncoder().encode("../outside");
    const link: Partial<TarMember> = { type: "symlink", target };
    const bytes = new TextEncoder().encode("x");
    const none = new Uint8Array(0);
    Deno.writeFileSync(
      `${from}/${NAME}`,
      packOf(
        tarOf([{ member: fileMember("way", link), content: none }]),
        tarOf([{ member: fileMember("way/out", { size: 1 }), content: bytes }]),
      ),
    );
    const report = await decrypt(world, from, `${world.folder}/to`);
    assert.equal(report.entries, 1);
    assert.deepEqual([...Deno.readDirSync(`${world.folder}/outside`)], []);
  }));

Deno.test("a pack within a pack is a file, also where what is before it is damaged", () =>
  inWorld(async (world) => {
    const from = `${world.folder}/in`;
    Deno.mkdirSync(from);
    const tar = (path: string, bytes: Uint8Array) =>
      tarOf([{ member: fileMember(path, { size: bytes.length }), content: bytes }]);
    const inner = packOf(
      ...Array.from({ length: 40 }, (_, i) => tar(`inner${i}`, content(2000, 1 + i))),
    );
    const outer = packOf(
      tar("first", content(300_000, 50)),
      tar("packed", concat([content(100_000, 51), inner, content(300_000, 52)])),
      tar("last", content(300_000, 53)),
    );
    Deno.writeFileSync(`${from}/${NAME}`, outer);
    const begin = outer.length - 300_000 - 300_000 - inner.length - 100_000;
    // Each header of a block in the frame that holds it, and what is around.
    for (let at = begin - 2000; at < begin + 110_000; at += 1999) {
      const damaged = outer.slice();
      damaged.fill(0xff, at, at + 2400);
      Deno.writeFileSync(`${from}/${NAME}`, damaged);
      const to = Deno.makeTempDirSync({ dir: world.folder });
      await decrypt(world, from, to);
      const names = [...Deno.readDirSync(to)].map(({ name }) => name).sort();
      assert.deepEqual(names.filter((name) => name.startsWith("inner")), [], `byte ${at}`);
      assert.ok(names.includes("last"), `byte ${at}`);
      Deno.removeSync(to, { recursive: true });
    }
  }));

Deno.test("members that a newer program may have put there are left alone, and named", () =>
  inWorld(async (world) => {
    const from = `${world.folder}/in`;
    Deno.mkdirSync(from);
    const member = fileMember(".holdfast/future", { size: 1 });
    const bytes = new TextEncoder().encode("x");
    Deno.writeFileSync(`${from}/${NAME}`, packOf(tarOf([{ member, content: bytes }])));
    const report = await decrypt(world, from, `${world.folder}/to`);
    assert.equal(report.exitCode, 3);
    assert.match(report.failures[0], /^\.holdfast\/future: .* is not known, in a+\.tar\.zst$/);
  }));
