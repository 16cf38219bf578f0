/** The mirror layout of a job that encrypts. */
import assert from "node:assert/strict";
import { isKind } from "../../src/core/error.ts";
import { hex } from "../../src/core/hash.ts";
import { sizeAsStored } from "../../src/core/mirror/sealed_size.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { bytesOf, newPair } from "../crypto/age_fixture.ts";
import { hasCommand, run, shell } from "../sources/tree_tools.ts";
import { failsWith } from "../stores/store_probes.ts";
import { inWorld, mirrorKeys, treeOf } from "./app_world.ts";
import { encryptionFor, inSealedWorld, metadataOf, repositoryFor } from "./sealed_world.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const hashOf = (bytes: Uint8Array) => hex(platformHashing.sha256(bytes));
const CHUNK = 65_536;
/** Around the ends of age's chunks and of parts. */
const SIZES = [1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 300_000, (1 << 20) + 1, 2_500_000];

for (const partSize of [70_000, 1 << 20]) {
  Deno.test(`files of all sizes come back from one age file each, in parts of ${partSize}`, () =>
    inSealedWorld(async (world) => {
      const { store, log, source } = world;
      for (const size of SIZES) Deno.writeFileSync(`${source}/${size}`, bytesOf(size, size));
      assert.equal((await world.sealed({ partSize })).exitCode, 0);
      world.verify();
      for (const size of SIZES) {
        const plain = bytesOf(size, size);
        const { body, head } = store.current(`${size}`)!;
        assert.deepEqual(await world.keys.opener.open(body), plain);
        const { header, sha256, encryption, ...said } = metadataOf(world, `${size}`)!;
        assert.deepEqual([sha256, encryption, said.size], [undefined, "age", `${size}`]);
        assert.equal(body.length, sizeAsStored(size, header!));
        assert.equal(head.size, body.length);
      }
      const stored = world.events("ObjectsStored").flatMap(({ data }) =>
        data.folders.flatMap(({ objects }) => objects.filter(({ type }) => type === "file"))
      );
      assert.equal(stored.length, SIZES.length);
      for (const { name, size, sha256, storedSha256 } of stored) {
        const { body } = store.current(name as string)!;
        assert.equal(size, `${body.length}`);
        assert.equal(sha256, hashOf(Deno.readFileSync(`${source}/${name}`)));
        assert.equal(storedSha256, hashOf(body));
      }
      assert.equal(log.index.uploads().length, 0);
      assert.deepEqual(await world.back("out"), treeOf(source));
    }));
}

Deno.test("each object has a key of its own, and equal contents look different", () =>
  inSealedWorld(async (world) => {
    for (const name of ["a", "b"]) world.write(name, "the same");
    await world.sealed();
    const [a, b] = ["a", "b"].map((key) => hex(world.store.current(key)!.body));
    assert.notEqual(a, b);
    assert.deepEqual([await world.opened("a"), await world.opened("b")], ["the same", "the same"]);
  }));

Deno.test("empty files, folders and symlinks are empty objects, and no content is in clear", () =>
  inSealedWorld(async (world) => {
    shell(world.source, "mkdir d; : > empty; ln -s d link; echo the-secret > d/f");
    await world.sealed();
    for (const key of ["d/", "empty", "link"]) {
      assert.equal(world.store.current(key)!.body.length, 0);
      assert.equal(metadataOf(world, key)!.encryption, undefined);
    }
    for (const [{ body }] of world.store.objects.values()) {
      assert.ok(!text(body).includes("the-secret"));
    }
    assert.deepEqual(await world.back("out"), treeOf(world.source));
  }));

Deno.test("the age command opens an object as it lies there", () => {
  const test = "the age command opens an object as it lies there";
  if (!hasCommand(test, "age")) return;
  return inSealedWorld(async (world) => {
    for (const [name, size] of [["small", 70_000], ["large", 300_000]] as const) {
      Deno.writeFileSync(`${world.source}/${name}`, bytesOf(size));
    }
    await world.sealed({ partSize: 100_000 });
    Deno.writeTextFileSync(`${world.folder}/identity`, world.keys.identity);
    for (const name of ["small", "large"]) {
      const sealed = `${world.folder}/${name}.age`;
      Deno.writeFileSync(sealed, world.store.current(name)!.body);
      run("age", ["-d", "-i", `${world.folder}/identity`, "-o", `${world.folder}/${name}`, sealed]);
      assert.deepEqual(
        Deno.readFileSync(`${world.folder}/${name}`),
        Deno.readFileSync(`${world.source}/${name}`),
      );
    }
  });
});

Deno.test("what is read again and equal is not sent again", () =>
  inSealedWorld(async (world) => {
    world.write("a", "of a");
    Deno.writeFileSync(`${world.source}/large`, bytesOf(300_000));
    await world.sealed({ partSize: 100_000 });
    const before = world.store.requests.length;
    const later = new Date(Date.now() + 5000);
    for (const name of ["a", "large"]) Deno.utimeSync(`${world.source}/${name}`, later, later);
    const report = await world.sealed({ partSize: 100_000 });
    assert.deepEqual([report.stored.equal, report.stored.objects], [2, 0]);
    const sent = world.store.requests.slice(before).map(({ operation }) => operation);
    assert.deepEqual(sent.filter((operation) => operation !== "get"), []);
    assert.deepEqual(await world.back("out"), treeOf(world.source));
  }));

for (const versions of [false, true]) {
  const way = versions ? "alias" : "copy";
  Deno.test(`renames, exchanges and new files under old names keep what is encrypted (${way})`, () =>
    inSealedWorld(async (world) => {
      shell(world.source, "mkdir m; for i in a b c m/x; do echo content-$i > $i; done");
      Deno.writeFileSync(`${world.source}/large`, bytesOf(300_000));
      await world.sealed({ partSize: 100_000 });
      const first = treeOf(world.source);
      const { position } = world.log.head();
      const bodies = new Map(["a", "large"].map((key) => [key, world.store.current(key)!.body]));
      shell(world.source, "mv a t; mv b a; mv t b; mv m n; mv large n/; echo new > large; mv c d");
      const { stored } = await world.sealed({ partSize: 100_000 });
      assert.equal(stored.objects - (versions ? 0 : 1), 1, "the new file, and a folder's marker");
      world.verify();
      assert.deepEqual(await world.back("out"), treeOf(world.source));
      if (versions) {
        const wanted = { kind: "position" as const, position };
        assert.deepEqual(await world.back("then", { wanted }), first);
        return;
      }
      for (const [key, old] of [["b", "a"], ["n/large", "large"]]) {
        assert.deepEqual(world.store.current(key)!.body, bodies.get(old));
        const { encryption, header, sha256 } = metadataOf(world, key)!;
        assert.deepEqual([encryption, sha256], ["age", undefined]);
        assert.equal(
          sizeAsStored(key === "b" ? 10 : 300_000, header!),
          world.store.current(key)!.body.length,
        );
      }
      assert.deepEqual(mirrorKeys(world.store), ["a", "b", "d", "large", "n/", "n/large", "n/x"]);
    }, { versions }));
}

Deno.test("hard links are stored once and come back linked", () =>
  inSealedWorld(async (world) => {
    shell(world.source, "echo shared > a; ln a b");
    await world.sealed();
    assert.deepEqual(mirrorKeys(world.store), ["a"]);
    assert.deepEqual(await world.back("out"), { a: "shared\n", b: "shared\n" });
    assert.equal(Deno.lstatSync(`${world.folder}/out/b`).nlink, 2);
  }));

Deno.test("without an identity, or with a wrong one, nothing is restored or touched", () =>
  inSealedWorld(async (world) => {
    for (const name of ["a", "b", "c"]) world.write(name, `of ${name}`);
    await world.sealed();
    const { opener: wrong } = await newPair();
    const head = world.log.head();
    for (const opener of [undefined, wrong]) {
      const error = await failsWith(world.restore(`${world.folder}/out`, { opener }), "key");
      assert.match(`${error.message} ${error.hint}`, /--identity/);
      assert.ok(!isThere(`${world.folder}/out`));
    }
    assert.deepEqual(world.log.head(), head);
  }));

Deno.test("a repository holds what was stored before the job encrypted, and after", () =>
  inSealedWorld(async (world) => {
    for (const name of ["old", "changed"]) world.write(name, `first ${name}`);
    await world.backup();
    for (const name of ["new", "changed"]) world.write(name, `then ${name}`);
    await world.sealed();
    assert.equal(text(world.store.current("old")!.body), "first old");
    assert.deepEqual(await world.opened("new"), "then new");
    repositoryFor(world);
    world.write("newest", "in clear again");
    await world.backup();
    assert.equal(text(world.store.current("newest")!.body), "in clear again");
    world.verify();
    assert.deepEqual(await world.back("out"), treeOf(world.source));
    const to = `${world.folder}/plain`;
    const selection = { paths: ["old", "newest"], include: undefined, exclude: undefined };
    assert.equal((await world.restore(to, { selection })).exitCode, 0);
    assert.deepEqual(treeOf(to), { old: "first old", newest: "in clear again" });
    await failsWith(world.restore(`${world.folder}/none`), "key");
  }));

Deno.test("each object opens with the identity of those that it was encrypted for", () =>
  inSealedWorld(async (world) => {
    const others = await newPair();
    world.write("a", "for the first");
    await world.sealed();
    world.write("b", "for the others");
    await world.sealed({ encryption: encryptionFor(others) });
    assert.equal(text(await others.opener.open(world.store.current("b")!.body)), "for the others");
    const report = await world.restore(`${world.folder}/out`, { opener: others.opener });
    assert.equal(report.exitCode, 5);
    assert.deepEqual(treeOf(`${world.folder}/out`), { b: "for the others" });
    const told = world.signals.flatMap((signal) =>
      signal.kind === "entry-error" ? [`${signal.path}: ${signal.reason}`] : []
    );
    assert.equal(told.length, 1);
    assert.match(told[0], /^a: .*name the identities of former recipients, too/);
  }));

Deno.test("a run whose config names other recipients than the repository writes nothing", () =>
  inSealedWorld(async (world) => {
    world.write("a", "of a");
    await world.sealed();
    const before = world.store.requests.length;
    const { position } = world.log.head();
    const error = await failsWith(world.backup(), "key");
    assert.match(error.message, /not those that s3:\/\/memory\/prefix is encrypted for/);
    repositoryFor(world);
    const { store, log } = world;
    assert.equal(log.head().position, position);
    const sent = store.requests.slice(before).map(({ operation }) => operation);
    assert.deepEqual(sent, ["get"]);
  }));

Deno.test("a job that encrypts nothing sends what it always did", () =>
  inWorld(async (world) => {
    world.write("a", "of a");
    Deno.writeFileSync(`${world.source}/large`, bytesOf(300_000));
    await world.backup({ partSize: 100_000 });
    assert.equal(text(world.store.current("a")!.body), "of a");
    const { encryption, header, sha256 } = metadataOf(world, "a")!;
    assert.deepEqual([encryption, header], [undefined, undefined]);
    assert.equal(sha256, hashOf(new TextEncoder().encode("of a")));
    const log = world.events("ObjectsStored").map(({ data }) => JSON.stringify(data)).join("");
    assert.doesNotMatch(log, /header|storedSha256/);
    assert.equal(world.events("UploadStarted")[0].data.partSize, 100_000);
  }));

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (isKind(error, "entry") || error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
