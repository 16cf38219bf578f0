import assert from "node:assert/strict";
import type { BackupReport } from "../../src/app/backup.ts";
import { packIndexKey, packKey, packOfKey } from "../../src/core/pack/pack_layout.ts";
import { hex } from "../../src/core/hash.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { content } from "../stores/store_probes.ts";
import { inWorld, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";
import { packKeys, packOptions } from "./pack_world.ts";
import { indexKeys, packedTree, rebuildFromPacks } from "./rebuilt_packs.ts";
import { renamesKeys, shipNow } from "./rebuilt_world.ts";
import { forget, prunePacksOf, undo } from "./upkeep.ts";

const MiB = 2 ** 20;

type Backup = NonNullable<Parameters<World["backup"]>[0]> & { packSize?: number };

async function backUp(world: World, { packSize = 512 * MiB, scan, ...more }: Backup = {}) {
  const packs = await packOptions(world, undefined, { packSize, chunkThreshold: 3 * MiB });
  const report = await world.backup({ scan: { acceptDeletions: true, ...scan }, packs, ...more });
  await shipNow(world);
  return report;
}

function sentOf({ stored }: BackupReport): [objects: number, bytes: number] {
  return [stored.objects, stored.bytes];
}

const withoutSnapshots = (missing: readonly string[]) =>
  missing.filter((line) => !line.startsWith("the snapshot "));

/** The index comes back as it was, what is restored is what was there, and nothing is sent again. */
async function assertComesBack(world: World): Promise<void> {
  const before = packedTree(world.log.index);
  const report = await rebuildFromPacks(world);
  assert.deepEqual(packedTree(world.log.index), before);
  assert.deepEqual(withoutSnapshots(report.missing), []);
  world.verify();
  const to = `${world.folder}/back-${Math.random()}`;
  assert.equal((await world.restore(to, { wanted: { kind: "head" } })).exitCode, 0);
  assert.deepEqual(treeOf(to), treeOf(world.source));
  assert.deepEqual(sentOf(await backUp(world)), [0, 0]);
  assert.deepEqual(packedTree(world.log.index), before);
}

/** What the last renames object says, but of snapshots and scans. */
function lastRecords(world: World): string[] {
  const { body } = world.store.current(renamesKeys(world).at(-1)!)!;
  const lines = new TextDecoder().decode(platformHashing.decompress(body)).trim().split("\n");
  return lines.slice(1).map((line) => JSON.parse(line))
    .filter(({ is }) => is !== "snapshot" && is !== "scan")
    .map(({ is, path, from, to }) => [is, from, path ?? to].filter((one) => one !== undefined))
    .map((words) => words.join(" ")).sort();
}

Deno.test("an index comes back from pack indexes and renames objects", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 20; i++) world.write(`a/b${i % 3}/file ${i}`, `content ${i % 15}`);
    world.write("empty", "");
    Deno.symlinkSync("a/b0", `${world.source}/link`);
    Deno.mkdirSync(`${world.source}/nothing in it`);
    await backUp(world);
    await assertComesBack(world);
  }));

Deno.test("of what a pack index tells, a renames object says nothing", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 20; i++) world.write(`a/${i}`, `content ${i % 15}`);
    await backUp(world);
    assert.deepEqual(lastRecords(world), ["entry "], "the root is no member");
    world.write("a/new", "more");
    await backUp(world);
    assert.deepEqual(lastRecords(world), ["entry a"], "the folder's mtime");
    Deno.renameSync(`${world.source}/a`, `${world.source}/b`);
    await backUp(world);
    assert.deepEqual(lastRecords(world), ["entry ", "entry b", "moved a b"]);
    Deno.copyFileSync(`${world.source}/b/1`, `${world.source}/b/copy`);
    Deno.chmodSync(`${world.source}/b/2`, 0o600);
    Deno.removeSync(`${world.source}/b/3`);
    await backUp(world);
    assert.deepEqual(lastRecords(world), ["entry b", "entry b/2", "entry b/copy", "removed b/3"]);
    await assertComesBack(world);
  }));

Deno.test("an entry that was at rest only when it was read again is recorded once", () =>
  inWorld(async (world) => {
    world.clock.time = BigInt(Date.now()) * 1_000_000n;
    world.write("a", "of a");
    await backUp(world);
    world.clock.time += 3_600_000_000_000n;
    await backUp(world);
    assert.deepEqual(lastRecords(world), ["entry ", "entry a"]);
    const objects = renamesKeys(world).length;
    const tools = await packOptions(world);
    await world.backup({ packs: tools });
    assert.equal(renamesKeys(world).length, objects);
    await assertComesBack(world);
  }));

Deno.test("renames, links, exchanged files and changes of metadata come back", () =>
  inWorld(async (world) => {
    const at = (path: string) => `${world.source}/${path}`;
    for (const name of ["a", "b", "c", "d", "in/e", "in/sub/f"]) world.write(name, `of ${name}`);
    Deno.linkSync(at("in/e"), at("in/other name"));
    await backUp(world);
    Deno.renameSync(at("a"), at("moved"));
    Deno.renameSync(at("b"), at("aside"));
    Deno.renameSync(at("c"), at("b"));
    Deno.renameSync(at("aside"), at("c"));
    Deno.removeSync(at("d"));
    Deno.linkSync(at("in/sub/f"), at("f"));
    await backUp(world);
    Deno.renameSync(at("in"), at("out"));
    world.write("in/e", "a new folder on the old name");
    world.write("a", "another a");
    Deno.chmodSync(at("out/sub"), 0o700);
    Deno.utimeSync(at("moved"), 1_600_000_000, 1_600_000_001);
    await backUp(world);
    Deno.renameSync(at("out/sub"), at("in/sub"));
    await backUp(world);
    await assertComesBack(world);
    await assertComesBack(world);
  }));

Deno.test("large files come back, and chunks that only a former one had still serve", () =>
  inWorld(async (world) => {
    const large = content(9 * MiB, 1);
    Deno.writeFileSync(`${world.source}/large`, large);
    await backUp(world, { partSize: MiB, packSize: 4 * MiB });
    assert.ok(packKeys(world).length > 1, "its chunks are in several packs");
    Deno.writeTextFileSync(`${world.source}/large`, "small now");
    world.write("b", "of b");
    await backUp(world);
    await assertComesBack(world);
    Deno.writeFileSync(`${world.source}/large`, large);
    assert.deepEqual(sentOf(await backUp(world)), [0, 0]);
    const to = `${world.folder}/out`;
    assert.equal((await world.restore(to)).exitCode, 0);
    assert.deepEqual(Deno.readFileSync(`${to}/large`), large);
  }));

Deno.test("a source that got another name comes back", () =>
  inWorld(async (world) => {
    for (const name of ["a/x", "b"]) world.write(name, `of ${name}`);
    await backUp(world, { scan: { name: "docs" } });
    const data = { from: "docs", to: "texts", packs: true as const };
    world.log.append("dd".repeat(16), [{ type: "SourceRenamed", data }]);
    world.write("a/y", "stored under the new name");
    await backUp(world, { scan: { name: "texts" } });
    const before = packedTree(world.log.index);
    await rebuildFromPacks(world, { sources: [] });
    assert.deepEqual(packedTree(world.log.index), before);
    assert.deepEqual(sentOf(await backUp(world, { scan: { name: "texts" } })), [0, 0]);
  }));

Deno.test("what was packed after the last segment is adopted, and nothing is observed twice", () =>
  inWorld(async (world) => {
    for (const name of ["a", "b"]) world.write(name, `of ${name}`);
    await backUp(world, { packSize: 1 });
    const [scanned] = world.events("ScanCompleted");
    const before = packedTree(world.log.index);
    const { objects, missing } = await rebuildFromPacks(world, { position: scanned.position });
    assert.deepEqual([objects, withoutSnapshots(missing)], [2, []]);
    assert.deepEqual(packedTree(world.log.index), before);
    assert.deepEqual(world.events("EntriesObserved", scanned.position), []);
    world.verify();
    assert.deepEqual(sentOf(await backUp(world)), [0, 0]);
  }));

Deno.test("a pack that was open at the end of the log is taken from its index", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 4; i++) Deno.writeFileSync(`${world.source}/${i}`, content(MiB, i));
    await backUp(world, { partSize: MiB });
    const [first, second] = world.events("PartPrepared");
    assert.deepEqual([first.data.part, second.data.part], [1, 2]);
    const before = packedTree(world.log.index);
    await rebuildFromPacks(world, { position: first.position });
    assert.deepEqual(packedTree(world.log.index), before);
    assert.equal(world.events("PackAborted").length, 1);
    assert.deepEqual(world.log.index.packs.open(), []);
    world.verify();
    assert.deepEqual(sentOf(await backUp(world)), [0, 0]);
  }));

Deno.test("a pack in flight at the end of the log stays open, and the next backup closes it", () =>
  inWorld(async (world) => {
    for (let i = 0; i < 4; i++) Deno.writeFileSync(`${world.source}/${i}`, content(MiB, i));
    world.store.before = (operation) => {
      if (operation === "completeUpload") throw new Error("killed");
    };
    await assert.rejects(backUp(world, { partSize: MiB }), /killed/);
    world.store.before = () => {};
    const { position } = world.events("PartPrepared").at(-1)!;
    const { objects, missing } = await rebuildFromPacks(world, { position });
    assert.deepEqual([objects, missing], [0, []]);
    assert.equal(world.log.index.packs.open().length, 1);
    world.verify();
    await backUp(world, { partSize: MiB });
    assert.equal(world.store.count("createUpload"), 1, "what was there is not sent again");
    await assertComesBack(world);
  }));

Deno.test("an entry that a closed pack did not get, and the source no longer gives, comes back", () =>
  inWorld(async (world) => {
    const at = (i: number) => `${world.source}/${i}`;
    for (let i = 0; i < 4; i++) Deno.writeFileSync(at(i), content(MiB, i));
    world.store.before = (operation) => {
      if (operation === "uploadPart") throw new Error("killed");
    };
    await assert.rejects(backUp(world, { partSize: MiB }), /killed/);
    world.store.before = () => {};
    // The run that gives the pack up does not find the source.
    await backUp(world, { scan: { path: `${world.folder}/elsewhere` } });
    assert.equal(world.events("PackAborted").length, 1);
    const before = packedTree(world.log.index);
    assert.ok([...before.values()].some((state) => state.endsWith("not stored")));
    await rebuildFromPacks(world);
    assert.deepEqual(packedTree(world.log.index), before);
  }));

Deno.test("a content that a closed pack has for an entry that was undone since still serves", () =>
  inWorld(async (world) => {
    const one = `${world.source}/1`;
    Deno.writeFileSync(one, content(MiB, 0));
    await backUp(world);
    for (let i = 1; i < 4; i++) Deno.writeFileSync(`${world.source}/${i}`, content(MiB, i));
    world.store.before = (operation) => {
      if (operation === "completeUpload") throw new Error("killed");
    };
    await assert.rejects(backUp(world, { partSize: MiB }), /killed/);
    world.store.before = () => {};
    await undo(world);
    await backUp(world, { scan: { path: `${world.folder}/elsewhere` } });
    const hashes = () =>
      new Set([...world.log.index.packs.contents()].map((row) => hex(row.sha256)));
    const before = hashes();
    assert.equal(before.size, 4);
    await rebuildFromPacks(world);
    assert.deepEqual(hashes(), before);
    assert.equal((await backUp(world)).stored.bytes, 0);
  }));

Deno.test("without one of the packs, what only it had is named and stored again", () =>
  inWorld(async (world) => {
    world.write("a", "of both");
    world.write("b", "only of the first");
    await backUp(world);
    const [first] = packKeys(world);
    world.write("c", "of c");
    await backUp(world);
    world.store.objects.delete(first);
    const { missing } = await rebuildFromPacks(world);
    assert.deepEqual(withoutSnapshots(missing).map((line) => line.split(":")[0]), [
      `the pack ${first} is not in the repository`,
      "no pack has the content of a",
      "no pack has the content of b",
    ]);
    world.verify();
    assert.equal((await backUp(world)).stored.objects, 1);
    const to = `${world.folder}/out`;
    assert.equal((await world.restore(to)).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
  }));

Deno.test("a pack of another length than its index says counts as missing", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    await backUp(world);
    const [key] = packKeys(world);
    await world.store.put(key, new Uint8Array(3), {});
    const { missing } = await rebuildFromPacks(world);
    assert.match(missing.join("\n"), new RegExp(`${key} has 3 bytes, and not \\d+`));
    assert.match(missing.join("\n"), /no pack has the content of a/);
  }));

Deno.test("a pack without an index is named and left alone", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    await backUp(world);
    world.write("b", "of b");
    await backUp(world);
    const [key] = packKeys(world);
    world.store.objects.delete(packIndexKey(packOfKey(key)!.pack, false));
    const { missing } = await rebuildFromPacks(world);
    assert.match(missing.join("\n"), new RegExp(`the pack ${key} has no index: .*decrypt`));
    assert.equal(packKeys(world).length, 2);
    assert.equal(world.store.count("delete"), 0);
  }));

Deno.test("a pack that neither the log nor an index knows is named where segments are there", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    await backUp(world);
    const unknown = packKey("ab".repeat(16), false);
    await world.store.put(unknown, new Uint8Array(9), {});
    // What the log knows needs no index.
    for (const key of indexKeys(world)) world.store.objects.delete(key);
    const { position } = world.log.head();
    const { missing } = await rebuildFromPacks(world, { position });
    assert.deepEqual(missing.map((line) => line.split(":")[0]), [
      `the pack ${unknown} has no index`,
    ]);
  }));

Deno.test("the index of a pack that a prune has deleted is not missed, where it could not be deleted", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    const { snapshot } = await backUp(world);
    world.write("a", "another a");
    await backUp(world);
    forget(world, snapshot!);
    world.store.before = (operation, key) => {
      if (operation === "delete" && key.startsWith(".holdfast/")) throw failure("denied", "", key);
    };
    await prunePacksOf(world, { packs: await packOptions(world) });
    world.store.before = () => {};
    assert.deepEqual([packKeys(world).length, indexKeys(world).length], [1, 2]);
    const { position } = world.log.head();
    const { missing } = await rebuildFromPacks(world, { position });
    assert.deepEqual(missing, []);
  }));

Deno.test("damaged and exchanged indexes are named, and the rest comes back", () =>
  inWorld(async (world) => {
    for (const name of ["a", "b", "c", "d", "e"]) world.write(name, `of ${name}`);
    await backUp(world, { packSize: 1 });
    const [cutOff, changed, one, other, whole] = indexKeys(world);
    const bodyOf = (key: string) => world.store.current(key)!.body;
    const put = (key: string, body: Uint8Array) => world.store.put(key, body, {});
    await put(cutOff, bodyOf(cutOff).slice(0, -3));
    const text = new TextDecoder().decode(platformHashing.decompress(bodyOf(changed)));
    const renamed = text.replace('"name"', '"game"');
    await put(changed, platformHashing.frame(new TextEncoder().encode(renamed)));
    const [first, second] = [bodyOf(one), bodyOf(other)];
    await put(one, second);
    await put(other, first);
    const { missing, objects } = await rebuildFromPacks(world);
    for (const key of [cutOff, changed, one, other]) {
      assert.match(missing.join("\n"), new RegExp(`the pack index ${key} is not used: `));
    }
    assert.deepEqual([objects, packedTree(world.log.index).size], [1, 1]);
    assert.ok(!missing.join("\n").includes(whole));
    world.verify();
    assert.equal((await backUp(world)).stored.objects, 1, "what was in four packs");
    const to = `${world.folder}/out`;
    assert.equal((await world.restore(to)).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
  }));

Deno.test("in a store that it was copied to, the repository has other versions", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    await backUp(world);
    for (const versions of world.store.objects.values()) {
      const { body, head } = versions.at(-1)!;
      const copied = { ...head, etag: `${head.etag.slice(0, 30)}-2`, versionId: "copy" };
      versions.splice(0, versions.length, { body, head: copied });
    }
    await assertComesBack(world);
  }));
