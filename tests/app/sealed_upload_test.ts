/** Multipart uploads of encrypted objects that are cut off. */
import assert from "node:assert/strict";
import { hex } from "../../src/core/hash.ts";
import { platformHashing } from "../../src/crypto/hashing.ts";
import { bytesOf } from "../crypto/age_fixture.ts";
import { failsWith } from "../stores/store_probes.ts";
import { treeOf } from "./app_world.ts";
import { failure, type Operation } from "./memory_store.ts";
import { inSealedWorld, repositoryFor, type SealedWorld } from "./sealed_world.ts";

const PART = 60_000;
const SIZE = 5 * PART - 100;
const options = { partSize: PART, workers: 1 };

/** The answers to all requests of a kind, from the n-th on, are lost. */
async function lost(
  world: SealedWorld,
  at: Operation,
  nth: number,
  run: () => Promise<unknown> = () => world.sealed(options),
): Promise<Map<string, string[]>> {
  const sent = partsSent(world);
  const { after } = world.store;
  let count = 0;
  world.store.after = (operation, key) => {
    if (operation === at && ++count >= nth) throw failure("unreachable", "Timeout", key);
  };
  await failsWith(run(), "unreachable");
  world.store.after = after;
  world.reopen();
  return sent;
}

/** Hashes of all parts that are sent, by "upload part". */
function partsSent({ store }: SealedWorld): Map<string, string[]> {
  const sent = new Map<string, string[]>();
  const { uploadPart } = store;
  store.uploadPart = (key, upload, part, body) => {
    const name = `${upload} ${part}`;
    sent.set(name, [...sent.get(name) ?? [], hex(platformHashing.sha256(body))]);
    return uploadPart(key, upload, part, body);
  };
  return sent;
}

function assertClosed({ store, log }: SealedWorld): void {
  assert.equal(store.uploads.size, 0);
  assert.deepEqual(log.index.uploads(), []);
}

for (const nth of [1, 3, 5]) {
  Deno.test(`an upload that is cut off at part ${nth} is aborted and begun again with a new key`, () =>
    inSealedWorld(async (world) => {
      Deno.writeFileSync(`${world.source}/large`, bytesOf(SIZE));
      const sent = await lost(world, "uploadPart", nth);
      assert.equal(world.store.uploads.size, 1);
      const [open] = world.store.uploads.keys();
      const before = world.store.requests.length;
      assert.equal((await world.sealed(options)).exitCode, 0);
      const [{ data }] = world.events("UploadAborted");
      assert.match(data.reason, /encrypted, and begins again with a new key/);
      assert.equal(world.events("UploadResumed").length, 0);
      assert.equal(world.events("UploadStarted").length, 2);
      assertClosed(world);
      const asked = world.store.requests.slice(before).map(({ operation }) => operation);
      assert.ok(asked.indexOf("abortUpload") < asked.indexOf("createUpload"));
      assert.ok(!asked.includes("listParts"));
      const first = [...sent].filter(([name]) => name.startsWith(`${open} `));
      const again = new Set(
        [...sent].flatMap(([name, hashes]) => name.startsWith(`${open} `) ? [] : hashes),
      );
      assert.ok(first.length > 0);
      assert.ok(first.every(([, hashes]) => hashes.every((each) => !again.has(each))));
      world.verify();
      assert.deepEqual(await world.back("out"), treeOf(world.source));
    }));
}

Deno.test("an upload that was completed, its answer lost, is sent once more", () =>
  inSealedWorld(async (world) => {
    Deno.writeFileSync(`${world.source}/large`, bytesOf(SIZE));
    await lost(world, "completeUpload", 1);
    assert.equal((await world.sealed(options)).exitCode, 0);
    assertClosed(world);
    world.verify();
    assert.deepEqual(await world.back("out"), treeOf(world.source));
  }));

Deno.test("an upload begun in clear does not go on once the job encrypts", () =>
  inSealedWorld(async (world) => {
    Deno.writeFileSync(`${world.source}/large`, bytesOf(SIZE));
    await lost(world, "uploadPart", 3, () => world.backup(options));
    assert.equal((await world.sealed(options)).exitCode, 0);
    assert.match(world.events("UploadAborted")[0].data.reason, /the job encrypts now/);
    assertClosed(world);
    assert.deepEqual(
      await world.keys.opener.open(world.store.current("large")!.body),
      bytesOf(SIZE),
    );
  }));

Deno.test("an upload begun encrypted does not go on once the job does not encrypt", () =>
  inSealedWorld(async (world) => {
    Deno.writeFileSync(`${world.source}/large`, bytesOf(SIZE));
    await lost(world, "uploadPart", 3);
    repositoryFor(world);
    assert.equal((await world.backup(options)).exitCode, 0);
    assertClosed(world);
    assert.deepEqual(world.store.current("large")!.body, bytesOf(SIZE));
    assert.deepEqual(await world.back("out"), treeOf(world.source));
  }));

Deno.test("a file that changes while it is sent is sealed anew, each time with another key", () =>
  inSealedWorld(async (world) => {
    const file = `${world.source}/large`;
    Deno.writeFileSync(file, bytesOf(SIZE));
    const sent = partsSent(world);
    let changes = 0;
    world.store.before = (operation) => {
      if (operation !== "uploadPart" || changes === 2) return;
      changes++;
      Deno.writeFileSync(file, bytesOf(SIZE + changes, changes));
    };
    assert.equal((await world.sealed(options)).exitCode, 0);
    assert.ok(changes === 2);
    const hashes = [...sent.values()].flat();
    assert.equal(new Set(hashes).size, hashes.length, "no part is the same as another");
    assertClosed(world);
    assert.deepEqual(await world.back("out"), treeOf(world.source));
  }));

Deno.test("a file that is cut while it is sent leaves no upload open", () =>
  inSealedWorld(async (world) => {
    const file = `${world.source}/large`;
    Deno.writeFileSync(file, bytesOf(SIZE));
    let done = false;
    world.store.before = (operation) => {
      if (operation !== "uploadPart" || done) return;
      done = true;
      Deno.truncateSync(file, 3 * PART);
    };
    assert.equal((await world.sealed(options)).exitCode, 0);
    assertClosed(world);
    assert.deepEqual(await world.back("out"), treeOf(world.source));
  }));
