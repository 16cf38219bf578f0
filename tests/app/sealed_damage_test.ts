/** Encrypted objects of the mirror that are not what was stored: restore and check. */
import assert from "node:assert/strict";
import { AGE_CHUNK, AGE_TAG } from "../../src/core/pack/pack_layout.ts";
import { bytesOf, newPair } from "../crypto/age_fixture.ts";
import { failsWith } from "../stores/store_probes.ts";
import { treeOf } from "./app_world.ts";
import { flipped, inSealedWorld, metadataOf, type SealedWorld, spoil } from "./sealed_world.ts";
import { check, complaints } from "./upkeep.ts";

const SIZE = 3 * AGE_CHUNK + 100;

/** A file of several chunks, and a small one. */
async function stored(world: SealedWorld): Promise<number> {
  Deno.writeFileSync(`${world.source}/large`, bytesOf(SIZE));
  world.write("small", "of small");
  await world.sealed({ partSize: 100_000 });
  return metadataOf(world, "large")!.header!;
}

const CASES: Record<string, (header: number) => (body: Uint8Array) => Uint8Array> = {
  "flipped in its first chunk": (header) => flipped(header + 5),
  "flipped in its last byte": () => flipped(-1),
  "flipped in its nonce": (header) => flipped(header - 1),
  "flipped where its key is wrapped": () => flipped(80),
  "flipped in its first line": () => flipped(3),
  "cut within a chunk": () => (body) => body.subarray(0, -50),
  "cut at the end of a chunk": (header) => (body) =>
    body.subarray(0, header + 2 * (AGE_CHUNK + AGE_TAG)),
  "cut at the end of its header": (header) => (body) => body.subarray(0, header),
  "cut within its header": () => (body) => body.subarray(0, 60),
  "longer than it was": () => (body) => Uint8Array.from([...body, 0]),
  "without a chunk in its middle": (header) => (body) => {
    const at = header + AGE_CHUNK + AGE_TAG;
    return Uint8Array.from([...body.subarray(0, at), ...body.subarray(at + AGE_CHUNK + AGE_TAG)]);
  },
  "the plaintext itself": () => () => bytesOf(SIZE),
};

for (const [what, change] of Object.entries(CASES)) {
  Deno.test(`an object ${what} is damage, named, and the rest comes back`, () =>
    inSealedWorld(async (world) => {
      const header = await stored(world);
      spoil(world, "large", change(header));
      const to = `${world.folder}/out`;
      const report = await world.restore(to, { opener: world.keys.opener });
      assert.deepEqual([report.exitCode, report.failed], [5, 1]);
      assert.deepEqual(treeOf(to), { small: "of small" });
      assert.match(complaints(world).join("\n"), /^large: the stored content is damaged: [^\n]+$/);
      world.signals.length = 0;
      const found = await check(world, { readData: 100 }, world.keys);
      assert.deepEqual([found.exitCode, found.damaged, found.read.objects], [5, 1, 1]);
      assert.match(complaints(world).join("\n"), /^large: damaged: [^\n]+$/);
      assert.equal(
        (await world.sealed({ partSize: 100_000 })).stored.objects,
        1,
        "from the source",
      );
      assert.deepEqual(await world.back("again"), treeOf(world.source));
    }));
}

Deno.test("two objects in each other's place are damage, though both are whole", () =>
  inSealedWorld(async (world) => {
    for (const name of ["a", "b"]) world.write(name, `of ${name}`);
    await world.sealed();
    const [a, b] = ["a", "b"].map((key) => world.store.current(key)!.body);
    spoil(world, "a", () => b);
    spoil(world, "b", () => a);
    const report = await world.restore(`${world.folder}/out`, { opener: world.keys.opener });
    assert.deepEqual([report.exitCode, report.failed], [5, 2]);
    const told = complaints(world).sort().join("\n");
    assert.match(told, /^a: .*SHA-256 differs\nb: .*SHA-256 differs$/);
  }));

Deno.test("one damaged header alone is no question of keys, where another object opens", () =>
  inSealedWorld(async (world) => {
    await stored(world);
    spoil(world, "large", flipped(80));
    const selection = { paths: ["large"], include: undefined, exclude: undefined };
    const { opener } = world.keys;
    const report = await world.restore(`${world.folder}/out`, { opener, selection });
    assert.equal(report.exitCode, 5);
    const { opener: wrong } = await newPair();
    await failsWith(world.restore(`${world.folder}/no`, { opener: wrong, selection }), "key");
  }));

Deno.test("a check without an identity compares sizes as stored, and reads only with one", () =>
  inSealedWorld(async (world) => {
    await stored(world);
    const whole = await check(world);
    assert.deepEqual([whole.exitCode, complaints(world)], [0, []]);
    const { position } = world.log.head();
    const { opener: other, ...keys } = await newPair();
    for (const wrong of [undefined, { ...keys, opener: other }]) {
      const error = await failsWith(check(world, { readData: 100 }, wrong), "key");
      assert.match(`${error.message} ${error.hint}`, /--identity/);
    }
    assert.equal(world.log.head().position, position, "no run has begun");
    const { read } = await check(world, { readData: 100 }, world.keys);
    assert.deepEqual(read, { objects: 2, bytes: SIZE + 8, archived: 0 });
    const versions = world.store.objects.get("small")!;
    const [{ body, head }] = versions;
    versions.splice(0, 1, { body, head: { ...head, size: head.size - 1 } });
    const found = await check(world);
    assert.equal(found.damaged, 1);
    assert.match(complaints(world).join("\n"), /small holds \d+ bytes, not \d+/);
  }, { versions: false }));
