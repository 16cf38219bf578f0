import assert from "node:assert/strict";
import { decodeMetadata } from "../../src/core/mirror/object_metadata.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import type { StoreFeatures } from "../../src/ports/object_store.ts";
import { shell } from "../sources/tree_tools.ts";
import { failsWith } from "../stores/store_probes.ts";
import { inWorld, mirrorKeys, treeOf, type World } from "./app_world.ts";
import { failure } from "./memory_store.ts";

/** What objects look like, and what happens where the store will not have them so. */
const keysBelow = ({ store }: World, prefix: string) =>
  [...store.objects.keys()].filter((key) => key.startsWith(prefix));

const sidecarAt = ({ store }: World, key: string) =>
  JSON.parse(
    new TextDecoder().decode(platformHashing.decompress(store.current(key)!.body)),
  );

Deno.test("attributes that do not fit the header go into a sidecar, written first", () =>
  inWorld(async (world) => {
    world.write("big", "content");
    world.write("small", "content");
    const long = "v".repeat(3000);
    shell(world.source, `setfattr -n user.long -v ${long} big; setfattr -n user.s -v x small`);
    await world.backup();
    const sidecars = keysBelow(world, ".holdfast/sidecars/");
    assert.equal(sidecars.length, 1);
    const keys = world.store.requests.map(({ key }) => key);
    assert.ok(keys.indexOf(sidecars[0]) < keys.indexOf("big"));
    const header = decodeMetadata(world.store.current("big")!.head.metadata.holdfast)!;
    assert.equal(header.sidecar, sidecars[0]);
    assert.equal(header.attributes, undefined);
    assert.equal(sidecarAt(world, sidecars[0]).attributes[0][0], "user.long");
    const other = decodeMetadata(world.store.current("small")!.head.metadata.holdfast)!;
    assert.equal(other.attributes![0][0], "user.s");
    for (const { head } of [...world.store.objects.values()].flat()) {
      const bytes = Object.entries(head.metadata).reduce((n, [k, v]) => n + k.length + v.length, 0);
      assert.ok(bytes <= 2048, `${bytes} bytes of metadata`);
    }
    const to = `${world.folder}/restored`;
    assert.equal((await world.restore(to)).exitCode, 0);
    shell(to, `test "$(getfattr --only-values -n user.long big)" = ${long}`);
    world.verify();
  }));

Deno.test("content whose key would be too long has a key of its own, its path in the sidecar", () =>
  inWorld(async (world) => {
    const names = Array.from({ length: 5 }, (_, i) => `${i}`.repeat(220));
    const path = names.join("/");
    shell(
      world.source,
      `mkdir -p ${names.slice(0, 4).join("/")}; cd ${names[0]}; echo long > ${
        path.slice(names[0].length + 1)
      }`,
    );
    const report = await world.backup();
    assert.equal(report.exitCode, 0);
    const contents = keysBelow(world, ".holdfast/content/");
    assert.equal(contents.length, 1);
    const [sidecar] = keysBelow(world, ".holdfast/sidecars/");
    assert.equal(sidecarAt(world, sidecar).path, path);
    world.verify();
    world.store.requests.length = 0;
    shell(world.source, `touch ${path}`);
    await world.backup();
    assert.equal(world.store.count("put"), 0);
    const to = `${world.folder}/restored`;
    assert.equal((await world.restore(to)).exitCode, 0);
    assert.deepEqual(treeOf(to), treeOf(world.source));
    world.verify();
  }));

Deno.test("a key that the store cannot hold is an entry error, and the rest is stored", () =>
  inWorld(async (world) => {
    world.write("bad", "bad");
    world.write("good", "good");
    world.store.refuse = (key) => key === "bad" ? "it does not like it" : undefined;
    for (let run = 0; run < 2; run++) {
      const report = await world.backup();
      assert.equal(report.exitCode, 3);
      assert.equal(report.stored.refused, 1);
    }
    assert.deepEqual(mirrorKeys(world.store), ["good"]);
    const [{ data }] = world.events("ObjectsRefused");
    assert.match(data.entries[0].reason, /cannot hold the key of bad: it does not like it/);
    assert.equal(world.events("SnapshotCreated")[0].data.gaps, 1);
    world.verify();
    world.store.refuse = () => undefined;
    assert.equal((await world.backup()).exitCode, 0);
    assert.deepEqual(mirrorKeys(world.store), ["bad", "good"]);
  }));

Deno.test("an object that the store refuses is an entry error", () =>
  inWorld(async (world) => {
    shell(world.source, "echo 1 > a; mkdir b; echo 2 > c");
    world.store.before = (operation, key) => {
      if (operation === "put" && key !== "c") throw failure("refused", "InvalidRequest", key);
    };
    const report = await world.backup();
    assert.equal(report.exitCode, 3);
    assert.equal(report.stored.refused, 2);
    assert.deepEqual(mirrorKeys(world.store), ["c"]);
    world.verify();
  }));

Deno.test("a refusal that every object would meet stops the run", () =>
  inWorld(async (world) => {
    world.write("one", "one");
    world.store.before = (operation, key) => {
      if (operation === "put") throw failure("refused", "InvalidStorageClass", key);
    };
    await failsWith(world.backup(), "refused");
    assert.equal(world.events("ObjectsRefused").length, 0);
    world.verify();
  }));

Deno.test("a class that the store changes silently stops the run, naming the key to set", () =>
  inWorld(async (world) => {
    world.write("one", "one");
    world.write("two", "two");
    world.store.classOf = () => "STANDARD";
    const error = await failsWith(
      world.backup({ storageClass: "STANDARD_IA", workers: 1 }),
      "refused",
    );
    assert.match(error.message, /stored .* as STANDARD, not as STANDARD_IA/);
    assert.match(error.hint!, /set storage_class/);
    world.verify();
  }));

Deno.test("only the first object of a class is looked at, and markers stay in Standard", () =>
  inWorld(async (world) => {
    shell(world.source, "mkdir a; echo 1 > a/one; echo 2 > a/two; : > a/empty");
    await world.backup({ storageClass: "STANDARD_IA" });
    // By LIST: credentials that may only store cannot HEAD.
    assert.deepEqual([world.store.count("head"), world.store.count("list")], [0, 1]);
    const classOf = (key: string) => world.store.current(key)!.head.storageClass;
    assert.deepEqual(["a/", "a/empty", "a/one", "a/two"].map(classOf), [
      ...["STANDARD", "STANDARD", "STANDARD_IA", "STANDARD_IA"],
    ]);
    world.verify();
  }));

Deno.test("small objects stay out of an archive class", () =>
  inWorld(async (world) => {
    world.write("small", "x".repeat(99));
    world.write("large", "x".repeat(100));
    await world.backup({ storageClass: "DEEP_ARCHIVE", minArchiveSize: 100 });
    assert.equal(world.store.current("small")!.head.storageClass, "STANDARD");
    assert.equal(world.store.current("large")!.head.storageClass, "DEEP_ARCHIVE");
    world.verify();
  }));

Deno.test("what the store lacks is said in each run, as far as backups are weaker for it", () =>
  inWorld(async (world) => {
    world.write("one", "one");
    const names = Object.keys(world.store.features) as (keyof StoreFeatures)[];
    const lacking = (name: keyof StoreFeatures) => ({
      works: false as const,
      reason: `no ${name}`,
    });
    const features = Object.fromEntries(names.map((name) => [name, lacking(name)]));
    Object.assign(world.store.features, features);
    const report = await world.backup();
    assert.equal(report.exitCode, 0);
    assert.deepEqual(report.notices, ["no conditionalPut", "no checksums", "no metadata"]);
    assert.deepEqual((await world.backup()).notices, report.notices);
    world.verify();
  }));

Deno.test("without multipart uploads a large file is an entry error with its reason", () =>
  inWorld(async (world) => {
    world.write("large", "x".repeat(300));
    world.write("small", "x");
    Object.assign(world.store.features, { multipart: { works: false, reason: "it has no parts" } });
    const report = await world.backup({ partSize: 100 });
    assert.equal(report.exitCode, 3);
    assert.match(
      world.events("ObjectsRefused")[0].data.entries[0].reason,
      /larger than part_size, and it has no parts/,
    );
    assert.deepEqual(mirrorKeys(world.store), ["small"]);
    world.verify();
    assert.equal((await world.backup({ partSize: 1000 })).exitCode, 0);
  }));

Deno.test("a large file goes up in parts, and comes back whole", () =>
  inWorld(async (world) => {
    const text = "0123456789".repeat(250_000);
    world.write("large", text);
    await world.backup({ partSize: 1 << 20 });
    assert.equal(world.store.count("uploadPart"), 3);
    const to = `${world.folder}/restored`;
    assert.equal((await world.restore(to)).exitCode, 0);
    assert.ok(Deno.readTextFileSync(`${to}/large`) === text);
    world.verify();
  }));

Deno.test("parts are as large as the store's greatest number of parts demands", () =>
  inWorld(async (world) => {
    world.write("large", "0123456789".repeat(400_000));
    await world.backup({ partSize: 1 << 20 });
    assert.equal(world.store.count("uploadPart"), 2);
    world.verify();
  }, { limits: { maxParts: 2 } }));
